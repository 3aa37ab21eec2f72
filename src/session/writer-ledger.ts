// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../otlp/signal'
import type { CountedBatch } from './counted-batch'
import type { WriterProgress } from './membership'
import { EMPTY_TOTALS, RunningTotals, type SignalTotals, addTotals } from './totals'

const MAX_SERVICE_NAMES = 1000

type BySignal<Totals> = Record<Signal, Totals>

/** What one writer has taken in, what of it is stored, and what had to be dropped. */
export class WriterLedger {
  readonly #waiting: BySignal<RunningTotals> = {
    traces: new RunningTotals(),
    metrics: new RunningTotals(),
    logs: new RunningTotals(),
  }
  readonly #stored: BySignal<SignalTotals> = {
    traces: EMPTY_TOTALS,
    metrics: EMPTY_TOTALS,
    logs: EMPTY_TOTALS,
  }
  readonly #serviceNames = new Set<string>()

  accept(batch: CountedBatch): void {
    this.#waiting[batch.signal].add(batch)
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
    for (const signal of SIGNALS) this.abandon(signal, this.#waiting[signal].current())
  }

  /** What is in the store, for those who read the session. */
  stored(): WriterProgress {
    return { signals: { ...this.#stored }, serviceNames: [...this.#serviceNames].sort() }
  }

  /** What is in the store and what is on its way there. */
  accepted(): WriterProgress {
    const of = (signal: Signal): SignalTotals =>
      addTotals(this.#stored[signal], this.#waiting[signal].current())
    return {
      signals: { traces: of('traces'), metrics: of('metrics'), logs: of('logs') },
      serviceNames: [...this.#serviceNames].sort(),
    }
  }

  #settle(signal: Signal, totals: SignalTotals): void {
    const waiting = this.#waiting[signal]
    // Afresh once nothing waits, so that what comes later has a range of its own.
    if (waiting.batches <= totals.batches) this.#waiting[signal] = new RunningTotals()
    else waiting.remove(totals)
  }
}
