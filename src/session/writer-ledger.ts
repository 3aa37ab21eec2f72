// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../otlp/signal'
import type { CountedBatch } from './counted-batch'
import type { WriterProgress } from './membership'
import { EMPTY_TOTALS, type SignalTotals, addTotals, totalsOfBatch } from './totals'

const MAX_SERVICE_NAMES = 1000

type TotalsBySignal = Record<Signal, SignalTotals>

const NOTHING: TotalsBySignal = Object.freeze({
  traces: EMPTY_TOTALS,
  metrics: EMPTY_TOTALS,
  logs: EMPTY_TOTALS,
})

/** What one writer has taken in, what of it is stored, and what had to be dropped. */
export class WriterLedger {
  readonly #waiting: TotalsBySignal = { ...NOTHING }
  readonly #stored: TotalsBySignal = { ...NOTHING }
  readonly #serviceNames = new Set<string>()

  accept(batch: CountedBatch): void {
    this.#waiting[batch.signal] = addTotals(this.#waiting[batch.signal], totalsOfBatch(batch))
    for (const name of batch.summary.serviceNames) {
      if (this.#serviceNames.size < MAX_SERVICE_NAMES) this.#serviceNames.add(name)
    }
  }

  store(signal: Signal, totals: SignalTotals): void {
    this.#stored[signal] = addTotals(this.#stored[signal], totals)
    this.#settle(signal, totals)
  }

  /** Counts what was refused, or was accepted and could not be stored. */
  drop(signal: Signal, items: number, batches: number): void {
    const dropped = { ...EMPTY_TOTALS, droppedItems: items, droppedBatches: batches }
    this.#stored[signal] = addTotals(this.#stored[signal], dropped)
  }

  /** Counts as dropped what was accepted and will never be stored. */
  abandon(signal: Signal, totals: SignalTotals): void {
    this.drop(signal, totals.items, totals.batches)
    this.#settle(signal, totals)
  }

  /** Counts as dropped whatever still waits. */
  abandonAll(): void {
    for (const signal of Object.keys(this.#waiting) as Signal[]) {
      this.abandon(signal, this.#waiting[signal])
    }
  }

  /** What is in the store, for those who read the session. */
  stored(): WriterProgress {
    return { signals: { ...this.#stored }, serviceNames: [...this.#serviceNames].sort() }
  }

  /** What is in the store and what is on its way there. */
  accepted(): WriterProgress {
    const of = (signal: Signal): SignalTotals =>
      addTotals(this.#stored[signal], this.#waiting[signal])
    return {
      signals: { traces: of('traces'), metrics: of('metrics'), logs: of('logs') },
      serviceNames: [...this.#serviceNames].sort(),
    }
  }

  #settle(signal: Signal, { items, batches, uncompressedBytes }: SignalTotals): void {
    const waiting = this.#waiting[signal]
    const left = waiting.batches - batches
    this.#waiting[signal] =
      left <= 0
        ? EMPTY_TOTALS
        : {
            ...waiting,
            batches: left,
            items: waiting.items - items,
            uncompressedBytes: waiting.uncompressedBytes - uncompressedBytes,
          }
  }
}
