// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { encodeCountedSpans } from '../otlp/encode-spans'
import type { ExportResult, ReadableSpan, SpanExporter } from '../otlp/sdk-types'
import type { BatchRecorder } from './batch-recorder'
import { checkWrapping } from './check-wrapping'
import { exportThrough } from './export-through'

/**
 * A span exporter that records what it is given and hands it on. Its result is
 * the inner exporter's; without one, every export succeeds.
 *
 * Its `forceFlush` and `shutdown` are the inner exporter's alone: no store is
 * waited for, and the capture, which other exporters share, is ended by `stop`.
 *
 * @example
 * const exporter = new CapturingSpanExporter(capture, new OTLPTraceExporter())
 */
export class CapturingSpanExporter implements SpanExporter {
  constructor(
    readonly capture: BatchRecorder,
    readonly inner?: SpanExporter,
  ) {
    checkWrapping('CapturingSpanExporter', capture, inner)
  }

  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void {
    this.capture.record('traces', () => encodeCountedSpans(spans))
    exportThrough(this.inner, spans, resultCallback)
  }

  async forceFlush(): Promise<void> {
    await this.inner?.forceFlush?.()
  }

  async shutdown(): Promise<void> {
    await this.inner?.shutdown()
  }
}
