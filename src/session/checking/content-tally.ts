// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal, forEachSignal } from '../../otlp/signal'
import type { ObjectInfo } from '../../storage/object-store'
import type { CountedBatch } from '../counted-batch'
import { EMPTY_TOTALS, RunningTotals, type SignalTotals, addTotals } from '../totals'

const MAX_SERVICE_NAMES = 1000

type BySignal<Value> = Record<Signal, Value>

/** Counts what the objects of a session hold. What it remembers does not grow with them. */
export class ContentTally {
  readonly #read = forEachSignal(() => new RunningTotals())
  readonly #stored = forEachSignal(() => EMPTY_TOTALS)
  readonly #unreadable: BySignal<number> = forEachSignal(() => 0)
  readonly #serviceNames = new Set<string>()

  add(batch: CountedBatch): void {
    this.#read[batch.signal].add(batch)
    for (const name of batch.summary.serviceNames) {
      if (this.#serviceNames.size < MAX_SERVICE_NAMES) this.#serviceNames.add(name)
    }
  }

  /** Items that are stored, as a header still tells, and can't be read. */
  addUnreadable(signal: Signal, itemCount: number): void {
    this.#unreadable[signal] += itemCount
  }

  addSegment(signal: Signal, { sizeBytes }: ObjectInfo): void {
    const segment = { ...EMPTY_TOTALS, segments: 1, storedBytes: sizeBytes }
    this.#stored[signal] = addTotals(this.#stored[signal], segment)
  }

  unreadableItems(signal: Signal): number {
    return this.#unreadable[signal]
  }

  /** `service.name`s, sorted; the first thousand that were met. */
  get serviceNames(): string[] {
    return [...this.#serviceNames].sort()
  }

  /** All that is stored, what can't be read included as far as it is known. */
  totals(): BySignal<SignalTotals> {
    const of = (signal: Signal): SignalTotals => {
      const unreadable = { ...EMPTY_TOTALS, items: this.#unreadable[signal] }
      const all = addTotals(this.#read[signal].current(), this.#stored[signal])
      return addTotals(all, unreadable)
    }
    return forEachSignal(of)
  }

  get isEmpty(): boolean {
    return SIGNALS.every((signal) => this.#stored[signal].segments === 0)
  }
}
