// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import type { CountedBatch } from './counted-batch'

/** What was recorded of one signal. Times are nanoseconds since the Unix epoch, as decimal strings. */
export interface SignalTotals {
  /** Spans, metric data points or log records. */
  items: number
  batches: number
  segments: number
  uncompressedBytes: number
  storedBytes: number
  /** Lost to a store that was down, slow or full; never stored. */
  droppedItems: number
  droppedBatches: number
  firstArrivalUnixNano?: string
  lastArrivalUnixNano?: string
  firstItemTimeUnixNano?: string
  lastItemTimeUnixNano?: string
}

const unixNano = v.pipe(v.string(), v.regex(/^\d{1,20}$/))

export const signalTotalsSchema = v.object({
  items: v.number(),
  batches: v.number(),
  segments: v.number(),
  uncompressedBytes: v.number(),
  storedBytes: v.number(),
  droppedItems: v.number(),
  droppedBatches: v.number(),
  firstArrivalUnixNano: v.optional(unixNano),
  lastArrivalUnixNano: v.optional(unixNano),
  firstItemTimeUnixNano: v.optional(unixNano),
  lastItemTimeUnixNano: v.optional(unixNano),
})

export const EMPTY_TOTALS: SignalTotals = Object.freeze({
  items: 0,
  batches: 0,
  segments: 0,
  uncompressedBytes: 0,
  storedBytes: 0,
  droppedItems: 0,
  droppedBatches: 0,
})

export function totalsOfBatch({ body, capturedAtUnixNano, summary }: CountedBatch): SignalTotals {
  return {
    ...EMPTY_TOTALS,
    items: summary.itemCount,
    batches: 1,
    uncompressedBytes: body.length,
    firstArrivalUnixNano: String(capturedAtUnixNano),
    lastArrivalUnixNano: String(capturedAtUnixNano),
    firstItemTimeUnixNano: summary.firstItemTimeUnixNano?.toString(),
    lastItemTimeUnixNano: summary.lastItemTimeUnixNano?.toString(),
  }
}

export function addTotals(a: SignalTotals, b: SignalTotals): SignalTotals {
  return {
    items: a.items + b.items,
    batches: a.batches + b.batches,
    segments: a.segments + b.segments,
    uncompressedBytes: a.uncompressedBytes + b.uncompressedBytes,
    storedBytes: a.storedBytes + b.storedBytes,
    droppedItems: a.droppedItems + b.droppedItems,
    droppedBatches: a.droppedBatches + b.droppedBatches,
    firstArrivalUnixNano: earlier(a.firstArrivalUnixNano, b.firstArrivalUnixNano),
    lastArrivalUnixNano: later(a.lastArrivalUnixNano, b.lastArrivalUnixNano),
    firstItemTimeUnixNano: earlier(a.firstItemTimeUnixNano, b.firstItemTimeUnixNano),
    lastItemTimeUnixNano: later(a.lastItemTimeUnixNano, b.lastItemTimeUnixNano),
  }
}

function earlier(a?: string, b?: string): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return BigInt(a) <= BigInt(b) ? a : b
}

function later(a?: string, b?: string): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return BigInt(a) >= BigInt(b) ? a : b
}
