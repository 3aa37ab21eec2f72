// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { encodeCountedLogRecords } from '../otlp/encode-log-records'
import type { ExportResult, LogRecordExporter, ReadableLogRecord } from '../otlp/sdk-types'
import type { BatchRecorder } from './batch-recorder'
import { checkWrapping } from './check-wrapping'
import { exportThrough } from './export-through'

/**
 * A log record exporter that records what it is given and hands it on, under
 * the same rules as `CapturingSpanExporter`.
 *
 * @example
 * const exporter = new CapturingLogRecordExporter(capture, new OTLPLogExporter())
 */
export class CapturingLogRecordExporter implements LogRecordExporter {
  constructor(
    readonly capture: BatchRecorder,
    readonly inner?: LogRecordExporter,
  ) {
    checkWrapping('CapturingLogRecordExporter', capture, inner)
  }

  export(logs: ReadableLogRecord[], resultCallback: (result: ExportResult) => void): void {
    this.capture.record('logs', () => encodeCountedLogRecords(logs))
    exportThrough(this.inner, logs, resultCallback)
  }

  async forceFlush(): Promise<void> {
    await this.inner?.forceFlush()
  }

  async shutdown(): Promise<void> {
    await this.inner?.shutdown()
  }
}
