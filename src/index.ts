// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What users import. Everything else is inside the house.

export type { OtlpBatch } from './otlp/otlp-batch'
export { MalformedOtlpError } from './otlp/malformed-otlp-error'
export { SIGNALS, type Signal } from './otlp/signal'

export type {
  ListOptions,
  ObjectInfo,
  ObjectStore,
  OperationOptions,
  PutOptions,
  ReadOptions,
  StoredObject,
} from './storage/object-store'
export { openStore } from './storage/open-store'
export { MinioStore } from './storage/minio-store'
export type { MinioStoreOptions } from './storage/minio-store-options'
export { FileStore } from './storage/file-store'
export { MemoryStore } from './storage/memory-store'
export { StorageError, type StorageErrorCode } from './storage/storage-error'

export type { Damage } from './session/damage'
export type { SessionMetadata, SessionStatus } from './session/metadata'
export type { SessionLayout } from './session/session-location'
export type { SignalTotals } from './session/totals'

export { startCapture, type Capture, type CapturedDataReference } from './capture/start-capture'
export type { BatchRecorder } from './capture/batch-recorder'
export type { CaptureConfig } from './capture/capture-config'
export type { OtlpExporterOptions } from './capture/otlp-exporter-options'
export type { OtlpExporters } from './capture/otlp-exporters'
export { OtlpExportError, type OtlpExportErrorReason } from './capture/otlp-export-error'
export { CaptureError, type CaptureErrorReason } from './capture/capture-error'
export { getCaptureStatus, listCaptureSessions } from './capture/capture-status'
export { CapturingSpanExporter } from './capture/capturing-span-exporter'
export { CapturingMetricExporter } from './capture/capturing-metric-exporter'
export { CapturingLogRecordExporter } from './capture/capturing-log-record-exporter'

export { startReplay } from './replay/start-replay'
export type { Replay, ReplayEvents, ScheduledBatch } from './replay/replay'
export type { ReplayConfig } from './replay/replay-config'
export type { ReplayExporters } from './replay/exporter-target'
export { ReplayError, type ReplayErrorReason } from './replay/replay-error'
export type { ReplayState, ReplayStatus } from './replay/replay-status'
export { listAvailableReplays } from './replay/list-available-replays'
export { replayDataStream, type ReplayDataStreamConfig } from './replay/replay-data-stream'
export type { ReplayBatch } from './replay/replay-batch'

export { filterBatches, type FilterOptions } from './replay/filter-batches'
export { type BatchStep, type StageOptions, transformBatches } from './replay/transform-batches'
export type { ModifyBatch } from './replay/modify-batches'
export { rewriteBatchIds, type RewriteIdsOptions } from './replay/rewrite-batch-ids'
export { pace, type PaceOptions } from './replay/pace'
export { shiftRelative, type ShiftRelativeOptions } from './replay/shift-relative'
export { shiftCurrent, type ShiftCurrentOptions } from './replay/shift-current'
export { otlpHttpSink, type OtlpHttpSinkOptions } from './replay/otlp-http-sink'
export { otlpGrpcSink, type OtlpGrpcSinkOptions } from './replay/otlp-grpc-sink'
export type { OtlpGrpcOptions, OtlpHttpOptions, RetryBudget } from './transport/sender-options'
export { exporterSink, type ExporterSinkOptions } from './replay/exporter-sink'
export type { RejectedBatch, SinkOptions } from './replay/batch-sink'

export { createOtlpReceiver } from './receive/create-otlp-receiver'
export type { OtlpReceiverOptions } from './receive/receiver-options'
export type {
  ForwardingStatus,
  OtlpReceiver,
  ReceivedCounts,
  ReceiverEvents,
  ReceiverStatus,
  RecoveredSession,
  StorageStatus,
} from './receive/receiver'
export { ReceiverError, type ReceiverErrorReason } from './receive/receiver-error'
