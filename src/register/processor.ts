// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ExportResult } from '../otlp/sdk-types'
import { positiveNumberFrom } from '../options/environment'

/** A class of span or log record processors, of any version of the SDK. */
export interface ProcessorClass<Processor> {
  new (exporterAndOptions: object, options?: object): Processor
}

interface Exporter<Item> {
  export(items: Item[], resultCallback: (result: ExportResult) => void): void
  shutdown(): Promise<void>
  forceFlush?(): Promise<void>
}

/**
 * Makes a processor that exports to `exporter`. Until `sdk-logs` 0.219 and with
 * `sdk-trace-base` that takes `(exporter, options)`, since then `({ exporter,
 * ...options })`: what is given here is both.
 */
export function createProcessor<Item, Processor>(
  Processor: ProcessorClass<Processor>,
  exporter: Exporter<Item>,
  options: object = {},
): Processor {
  const itself: Exporter<Item> = {
    export: (items, resultCallback) => exporter.export(items, resultCallback),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  }
  return new Processor({ ...options, ...itself, exporter }, options)
}

/** What `OTEL_BSP_…` (spans) or `OTEL_BLRP_…` (log records) say; the rest is the SDK's to choose. */
export function batchOptions(prefix: 'OTEL_BSP' | 'OTEL_BLRP'): object {
  return {
    maxQueueSize: positiveNumberFrom(`${prefix}_MAX_QUEUE_SIZE`),
    maxExportBatchSize: positiveNumberFrom(`${prefix}_MAX_EXPORT_BATCH_SIZE`),
    scheduledDelayMillis: positiveNumberFrom(`${prefix}_SCHEDULE_DELAY`),
    exportTimeoutMillis: positiveNumberFrom(`${prefix}_EXPORT_TIMEOUT`),
  }
}
