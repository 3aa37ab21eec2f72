// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What plays sessions back.

export { startReplay } from '../replay/start-replay'
export type { Replay, ReplayEvents, ScheduledBatch } from '../replay/replay'
export type { ReplayConfig } from '../replay/replay-config'
export type { ReplayExporters } from '../replay/exporter-target'
export { ReplayError, type ReplayErrorReason } from '../replay/replay-error'
export type { ReplayState, ReplayStatus, ReplayWait } from '../replay/replay-status'
export { listAvailableReplays } from '../replay/list-available-replays'
export { replayDataStream, type ReplayDataStreamConfig } from '../replay/replay-data-stream'
export type { ReplayBatch } from '../replay/replay-batch'

export { filterBatches, type FilterOptions } from '../replay/filter-batches'
export { type BatchStep, type StageOptions, transformBatches } from '../replay/transform-batches'
export type { ModifyBatch } from '../replay/modify-batches'
export { rewriteBatchIds, type RewriteIdsOptions } from '../replay/rewrite-batch-ids'
export { pace, type PaceOptions } from '../replay/pace'
export { shiftRelative, type ShiftRelativeOptions } from '../replay/shift-relative'
export { shiftCurrent, type ShiftCurrentOptions } from '../replay/shift-current'
export { otlpHttpSink, type OtlpHttpSinkOptions } from '../replay/otlp-http-sink'
export { otlpGrpcSink, type OtlpGrpcSinkOptions } from '../replay/otlp-grpc-sink'
export type { OtlpGrpcOptions, OtlpHttpOptions, RetryBudget } from '../transport/sender-options'
export { exporterSink, type ExporterSinkOptions } from '../replay/exporter-sink'
export type { RejectedBatch, SinkOptions } from '../replay/batch-sink'
