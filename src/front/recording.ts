// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What a program needs that records itself: captures, stores, what they throw.

export type { OtlpBatch } from '../otlp/otlp-batch'
export { MalformedOtlpError } from '../otlp/malformed-otlp-error'
export type { RedactOptions } from '../otlp/redact-options'
export type { SamplingOptions } from '../otlp/sample-traces'
export { SIGNALS, type Signal } from '../otlp/signal'

export type {
  ListOptions,
  ObjectInfo,
  ObjectStore,
  OperationOptions,
  PutOptions,
  ReadOptions,
  StoredObject,
} from '../storage/object-store'
export { openStore } from '../storage/open-store'
export { MinioStore } from '../storage/minio-store'
export type { MinioStoreOptions } from '../storage/minio-store-options'
export { FileStore } from '../storage/file-store'
export { MemoryStore } from '../storage/memory-store'
export { StorageError, type StorageErrorCode } from '../storage/storage-error'

export type { Damage } from '../session/damage'
export type { SessionMetadata, SessionStatus } from '../session/metadata'
export type { SessionLayout } from '../session/session-location'
export type { SignalTotals } from '../session/totals'

export { startCapture, type Capture, type CapturedDataReference } from '../capture/start-capture'
export type { BatchRecorder } from '../capture/batch-recorder'
export type { CaptureConfig } from '../capture/capture-config'
export type { OtlpExporterOptions } from '../capture/otlp-exporter-options'
export type { OtlpExporters } from '../capture/otlp-exporters'
export { OtlpExportError, type OtlpExportErrorReason } from '../capture/otlp-export-error'
export { CaptureError, type CaptureErrorReason } from '../capture/capture-error'
export { getCaptureStatus, listCaptureSessions } from '../capture/capture-status'
export { CapturingSpanExporter } from '../capture/capturing-span-exporter'
export { CapturingMetricExporter } from '../capture/capturing-metric-exporter'
export { CapturingLogRecordExporter } from '../capture/capturing-log-record-exporter'
