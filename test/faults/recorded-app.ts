// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Capture } from '../../src/capture/start-capture'
import type { ExportResult } from '../../src/otlp/sdk-types'
import type { Round } from './telemetry'

/** What an app's exporters do with one batch. */
interface Exporter<Batch> {
  export(batch: Batch, done: (result: ExportResult) => void): void
}

/** The exporters that an app exports through, and what it was told of each export. */
export interface App {
  /** One batch of each signal, one after another. */
  export(round: Round): Promise<void>
  readonly results: readonly ExportResult[]
}

/** An app whose exporters' every third export fails, as those of any app do at times. */
export function createApp(capture?: Capture): App {
  const results: ExportResult[] = []
  const inner = new ScriptedExporter()
  const exporters = {
    spans: capture?.spanExporter(inner) ?? inner,
    metrics: capture?.metricExporter(inner) ?? inner,
    logs: capture?.logRecordExporter(inner) ?? inner,
  }
  const through = <Batch>(exporter: Exporter<Batch>, batch: Batch): Promise<void> =>
    new Promise((resolve) => {
      exporter.export(batch, (result) => {
        results.push(result)
        resolve()
      })
    })
  return {
    results,
    export: async ({ spans, metrics, logs }) => {
      await through(exporters.spans, spans)
      await through(exporters.metrics, metrics)
      await through(exporters.logs, logs)
    },
  }
}

/** Answers after a turn of the event loop, every third time with a failure. */
class ScriptedExporter implements Exporter<unknown> {
  #exports = 0

  export(_batch: unknown, done: (result: ExportResult) => void): void {
    const number = this.#exports++
    const result =
      number % 3 === 2
        ? { code: 1 as const, error: new Error(`export ${number}`) }
        : { code: 0 as const }
    setImmediate(done, result)
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}
