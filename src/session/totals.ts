// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import { withoutUndefined } from '../options/check-options'
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
  /** Spans or log records of traces that sampling left out. They were neither stored nor lost. */
  sampledOutItems?: number
  /** Taken in, and on the disk of the machine that did, until the store takes them. */
  spooledItems?: number
  firstArrivalUnixNano?: string
  lastArrivalUnixNano?: string
  firstItemTimeUnixNano?: string
  lastItemTimeUnixNano?: string
}

const unixNano = v.pipe(v.string(), v.regex(/^\d{1,20}$/))

/** What comes from outside must add up to a number that can be stored again. */
const count = v.pipe(v.number(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER))

export const signalTotalsSchema = v.object({
  items: count,
  batches: count,
  segments: count,
  uncompressedBytes: count,
  storedBytes: count,
  droppedItems: count,
  droppedBatches: count,
  sampledOutItems: v.optional(count),
  spooledItems: v.optional(count),
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

/**
 * Totals that batches are added to one after another. An app may export every
 * span by itself, so adding must cost next to nothing: no text, no new objects.
 */
export class RunningTotals {
  #items = 0
  #batches = 0
  #uncompressedBytes = 0
  #firstArrival: bigint | undefined
  #lastArrival: bigint | undefined
  #firstItemTime: bigint | undefined
  #lastItemTime: bigint | undefined

  get batches(): number {
    return this.#batches
  }

  add({ body, capturedAtUnixNano, summary }: CountedBatch): void {
    this.#items += summary.itemCount
    this.#batches++
    this.#uncompressedBytes += body.length
    this.#firstArrival = lesser(this.#firstArrival, capturedAtUnixNano)
    this.#lastArrival = greater(this.#lastArrival, capturedAtUnixNano)
    this.#firstItemTime = lesser(this.#firstItemTime, summary.firstItemTimeUnixNano)
    this.#lastItemTime = greater(this.#lastItemTime, summary.lastItemTimeUnixNano)
  }

  /** Takes batches out again. The ranges stay, as what is left may reach as far. */
  remove({ items, batches, uncompressedBytes }: SignalTotals): void {
    this.#items -= items
    this.#batches -= batches
    this.#uncompressedBytes -= uncompressedBytes
  }

  current(): SignalTotals {
    return {
      ...EMPTY_TOTALS,
      items: this.#items,
      batches: this.#batches,
      uncompressedBytes: this.#uncompressedBytes,
      firstArrivalUnixNano: this.#firstArrival?.toString(),
      lastArrivalUnixNano: this.#lastArrival?.toString(),
      firstItemTimeUnixNano: this.#firstItemTime?.toString(),
      lastItemTimeUnixNano: this.#lastItemTime?.toString(),
    }
  }
}

function lesser(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return b < a ? b : a
}

function greater(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return b > a ? b : a
}

export function addTotals(a: SignalTotals, b: SignalTotals): SignalTotals {
  return {
    items: sum(a.items, b.items),
    batches: sum(a.batches, b.batches),
    segments: sum(a.segments, b.segments),
    uncompressedBytes: sum(a.uncompressedBytes, b.uncompressedBytes),
    storedBytes: sum(a.storedBytes, b.storedBytes),
    droppedItems: sum(a.droppedItems, b.droppedItems),
    droppedBatches: sum(a.droppedBatches, b.droppedBatches),
    ...withoutUndefined({
      // Absent where nothing is sampled: a session says no more than it has to.
      sampledOutItems: (a.sampledOutItems ?? 0) + (b.sampledOutItems ?? 0) || undefined,
      spooledItems: (a.spooledItems ?? 0) + (b.spooledItems ?? 0) || undefined,
      firstArrivalUnixNano: earlier(a.firstArrivalUnixNano, b.firstArrivalUnixNano),
      lastArrivalUnixNano: later(a.lastArrivalUnixNano, b.lastArrivalUnixNano),
      firstItemTimeUnixNano: earlier(a.firstItemTimeUnixNano, b.firstItemTimeUnixNano),
      lastItemTimeUnixNano: later(a.lastItemTimeUnixNano, b.lastItemTimeUnixNano),
    }),
  }
}

function sum(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER)
}

function earlier(a?: string, b?: string): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return BigInt(a) <= BigInt(b) ? a : b
}

function later(a?: string, b?: string): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return BigInt(a) >= BigInt(b) ? a : b
}
