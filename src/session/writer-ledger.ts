// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal, forEachSignal } from '../otlp/signal'
import { followMeterProvider } from '../telemetry/follow-meter-provider'
import {
  bytesStored,
  itemsCaptured,
  itemsDropped,
  itemsSampledOut,
  itemsStored,
  segmentsStored,
} from '../telemetry/instruments'
import type { CountedBatch } from './counted-batch'
import type { WriterProgress } from './membership'
import { EMPTY_TOTALS, RunningTotals, type SignalTotals, addTotals } from './totals'

const MAX_SERVICE_NAMES = 1000

type BySignal<Totals> = Record<Signal, Totals>

/** Why a session does not have what it was given, as it is told to whoever watches. */
export type DropReason =
  | 'queue_full'
  | 'redaction_failed'
  | 'compression_failed'
  /** It waited on disk, and is gone from there or damaged. */
  | 'spool_lost'
  /** It was completed before, or belongs to somebody else. */
  | 'session_refused'
  | 'session_ended'
  /** The store had not taken it when the writer had to end. */
  | 'not_stored'

const captured = itemsCaptured.seriesBy('otel_tape.signal', SIGNALS)
const sampledOut = itemsSampledOut.seriesBy('otel_tape.signal', SIGNALS)
const inStore = {
  items: itemsStored.seriesBy('otel_tape.signal', SIGNALS),
  segments: segmentsStored.seriesBy('otel_tape.signal', SIGNALS),
  bytes: bytesStored.seriesBy('otel_tape.signal', SIGNALS),
}

/** What one writer has taken in, what of it is stored, and what had to be dropped. */
export class WriterLedger {
  readonly #waiting = forEachSignal(() => new RunningTotals())
  readonly #stored = forEachSignal(() => EMPTY_TOTALS)
  /** Of what waits, that which lies on disk. */
  readonly #spooled = forEachSignal(() => EMPTY_TOTALS)
  readonly #serviceNames = new Set<string>()

  accept(batch: CountedBatch): void {
    followMeterProvider()
    captured[batch.signal].add(batch.summary.itemCount)
    this.#waiting[batch.signal].add(batch)
    for (const name of batch.summary.serviceNames) {
      if (this.#serviceNames.size < MAX_SERVICE_NAMES) this.#serviceNames.add(name)
    }
  }

  store(signal: Signal, totals: SignalTotals): void {
    inStore.items[signal].add(totals.items)
    inStore.segments[signal].add(totals.segments)
    inStore.bytes[signal].add(totals.storedBytes)
    this.#stored[signal] = addTotals(this.#stored[signal], totals)
    this.#settle(signal, totals)
  }

  /** Counts what waits on disk from now on. */
  spool(signal: Signal, { items, batches, uncompressedBytes }: SignalTotals): void {
    const moved = { ...EMPTY_TOTALS, items, batches, uncompressedBytes }
    this.#spooled[signal] = addTotals(this.#spooled[signal], moved)
  }

  /** Counts what came back from there, or is not there any more. */
  unspool(signal: Signal, totals: SignalTotals): void {
    this.#spooled[signal] = without(this.#spooled[signal], totals)
  }

  /** Counts what was refused, or was accepted and could not be stored. */
  drop(signal: Signal, items: number, batches: number, reason: DropReason = 'queue_full'): void {
    itemsDropped.series({ 'otel_tape.signal': signal, 'error.type': reason }).add(items)
    const dropped = { ...EMPTY_TOTALS, droppedItems: items, droppedBatches: batches }
    this.#stored[signal] = addTotals(this.#stored[signal], dropped)
  }

  /** Counts what sampling left out. */
  sampleOut(signal: Signal, items: number): void {
    sampledOut[signal].add(items)
    const left = { ...EMPTY_TOTALS, sampledOutItems: items }
    this.#stored[signal] = addTotals(this.#stored[signal], left)
  }

  /** Counts as dropped what was accepted and will never be stored. */
  abandon(signal: Signal, totals: SignalTotals, reason: DropReason = 'not_stored'): void {
    this.drop(signal, totals.items, totals.batches, reason)
    this.#settle(signal, totals)
  }

  /** Counts as dropped whatever still waits in memory. */
  abandonAll(reason: DropReason = 'not_stored'): void {
    for (const signal of SIGNALS) this.abandon(signal, this.#inMemory(signal), reason)
  }

  /** What is neither in the store nor on disk, in items. */
  waitingItems(): BySignal<number> {
    const of = (signal: Signal): number => this.#inMemory(signal).items
    return { traces: of('traces'), metrics: of('metrics'), logs: of('logs') }
  }

  /** What is in the store, for those who read the session. */
  stored(): WriterProgress {
    return this.#progress((signal) => this.#stored[signal])
  }

  /** What is in the store and what is on its way there. */
  accepted(): WriterProgress {
    return this.#progress((signal) => addTotals(this.#stored[signal], this.#inMemory(signal)))
  }

  #progress(totalsOf: (signal: Signal) => SignalTotals): WriterProgress {
    const of = (signal: Signal): SignalTotals => {
      const { items } = this.#spooled[signal]
      return items > 0 ? { ...totalsOf(signal), spooledItems: items } : totalsOf(signal)
    }
    return {
      signals: { traces: of('traces'), metrics: of('metrics'), logs: of('logs') },
      serviceNames: [...this.#serviceNames].sort(),
    }
  }

  #inMemory(signal: Signal): SignalTotals {
    const inMemory = without(this.#waiting[signal].current(), this.#spooled[signal])
    // Else it would have the times of what is on disk.
    return inMemory.batches > 0 ? inMemory : EMPTY_TOTALS
  }

  #settle(signal: Signal, totals: SignalTotals): void {
    const waiting = this.#waiting[signal]
    // Afresh once nothing waits, so that what comes later has a range of its own.
    if (waiting.batches <= totals.batches) this.#waiting[signal] = new RunningTotals()
    else waiting.remove(totals)
  }
}

function without(totals: SignalTotals, part: SignalTotals): SignalTotals {
  return {
    ...totals,
    items: totals.items - part.items,
    batches: totals.batches - part.batches,
    uncompressedBytes: totals.uncompressedBytes - part.uncompressedBytes,
  }
}
