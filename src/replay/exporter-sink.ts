// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Writable } from 'node:stream'
import * as v from 'valibot'
import { type SinkOptions, createBatchSink, sinkEntries } from './batch-sink'
import { checkOptions, millis } from './check-options'
import { type ReplayExporters, createExporterTarget } from './exporter-target'

export interface ExporterSinkOptions extends SinkOptions {
  /** When to give up on one export, in milliseconds. Default 30,000, as SDK processors do. */
  timeoutMillis?: number
}

const entries = { ...sinkEntries, timeoutMillis: v.optional(millis) }

/**
 * An object-mode `Writable` that makes SDK objects of each batch again and hands
 * them to an exporter. The exporters are flushed behind the last batch, not shut
 * down. What SDK objects can't carry counts as refused.
 *
 * @throws ReplayError of reason `InvalidConfig` when an option is unknown or wrong
 *
 * @example
 * const sink = exporterSink({ traces: new ConsoleSpanExporter() })
 * await pipeline(replayDataStream({ sessionId: 'debug-payment', signal: 'traces' }), sink)
 */
export function exporterSink(
  exporters: ReplayExporters,
  options: ExporterSinkOptions = {},
): Writable {
  const { timeoutMillis, ...sink } = checkOptions(entries, options, 'exporterSink')
  return createBatchSink(createExporterTarget(exporters, timeoutMillis), sink)
}
