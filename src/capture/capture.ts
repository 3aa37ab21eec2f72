// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { LogRecordExporter, PushMetricExporter, SpanExporter } from '../otlp/sdk-types'
import type { Signal } from '../otlp/signal'
import type { SessionMetadata } from '../session/metadata'
import type { BatchRecorder } from './batch-recorder'
import type { OtlpExporterOptions } from './otlp-exporter-options'
import type { OtlpExporters } from './otlp-exporters'

/** Where a batch of raw OTLP went. */
export interface CapturedDataReference {
  /** The segment that it goes into; empty if sampling left out all of it. */
  key: string
  signalType: Signal
  /** When it was accepted, ISO 8601, UTC. */
  timestamp: string
  /** Uncompressed, as it is kept. */
  sizeBytes: number
  /** Spans, metric data points or log records, without those that sampling left out. */
  recordCount: number
  compressed: boolean
}

/** A capture that runs. */
export interface Capture extends BatchRecorder {
  readonly sessionId: string
  /**
   * Settles when the session exists in the store. Rejects with `CaptureError`:
   * `SessionCompleted` and `SessionAlreadyActive` when nothing will be recorded,
   * `StorageFailure` when the store did not answer yet; it is then asked again.
   * Nobody has to wait for it, and nobody has to catch it.
   */
  readonly ready: Promise<void>
  /** A span exporter that records and hands on to `inner`. */
  spanExporter(inner?: SpanExporter): SpanExporter
  /** A metric exporter that records and hands on to `inner`. */
  metricExporter(inner?: PushMetricExporter): PushMetricExporter
  /** A log record exporter that records and hands on to `inner`. */
  logRecordExporter(inner?: LogRecordExporter): LogRecordExporter
  /**
   * OTLP exporters for the three signals, to use instead of the SDK's OTLP/HTTP protobuf exporters:
   * what they are given is serialised once, recorded, and sent. They take the SDK exporters'
   * options and variables. Whatever becomes of the capture, they go on sending.
   *
   * @example
   * const { traces, metrics, logs } = capture.otlpExporters({ url: 'http://localhost:4318' })
   * const sdk = new NodeSDK({
   *   traceExporter: traces,
   *   metricReaders: [new PeriodicExportingMetricReader({ exporter: metrics })],
   *   logRecordProcessors: [new BatchLogRecordProcessor({ exporter: logs })],
   * })
   *
   * @throws CaptureError of reason `InvalidConfig` for a wrong option
   */
  otlpExporters(options?: OtlpExporterOptions): OtlpExporters
  /**
   * Records raw OTLP protobuf, an `Export…ServiceRequest`, byte for byte but for
   * what `redact` and `sampling` take out.
   * Resolves once it is accepted; rejects with `CaptureError`: `InvalidConfig`
   * for bytes that are none or that can't be redacted, `SessionCompleted` after
   * the end, `StorageFailure` when the queue is full.
   */
  captureOTLPData(bytes: Uint8Array, signal: Signal): Promise<CapturedDataReference>
  /** Stores what was recorded so far. Rejects with `StorageFailure` when that takes too long. */
  flush(): Promise<void>
  /**
   * Stores the rest and leaves the session; the last writer to leave completes
   * it. Never rejects: if the store can't be reached, the metadata says `failed`
   * and what was dropped.
   */
  stop(): Promise<SessionMetadata>
  /** What this process has recorded, without asking the store. */
  status(): SessionMetadata
}
