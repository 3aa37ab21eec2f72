// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { SessionModel } from '../session-model'
import {
  PatternTally,
  calledOperation,
  callerOf,
  coveredMillis,
  inWords,
  nameOfCall,
} from './pattern-tally'
import type { SequentialCalls } from './performance-pattern'

/** Of the time of the operation that makes the calls; less is not worth changing a program for. */
const MIN_SAVED_SHARE = 0.1
const MIN_SAVED_MILLIS = 1
/** What a program does between two calls that it just makes one after the other. */
const MAX_GAP_MILLIS = 1
const MAX_GAP_SHARE = 0.1
/** Different calls in one run that are told apart. */
const MAX_CALLS = 12

/** Of the calls and of the time of an operation: a run that comes about by chance is no pattern. */
const MIN_OCCURRENCE_SHARE = 0.1
const MIN_LOST_SHARE = 0.05

class SequenceTally extends PatternTally {
  /** One span of each call, by its operation, in the order of the longest run. */
  calls: ReadonlyMap<number, number> = new Map()
  hasOrderVaried = false
  readonly #pairs = new Set<number>()

  constructor(
    model: SessionModel,
    readonly caller: number,
  ) {
    super(model)
  }

  /** @param order the operations of a run, and one span of each */
  see(order: ReadonlyMap<number, number>): void {
    if (order.size > this.calls.size) this.calls = order
    if (this.hasOrderVaried) return
    const operations = [...order.keys()]
    for (const [index, first] of operations.entries()) {
      for (const second of operations.slice(index + 1)) {
        this.#pairs.add(pairOf(first, second))
        if (this.#pairs.has(pairOf(second, first))) this.hasOrderVaried = true
      }
    }
  }
}

function pairOf(first: number, second: number): number {
  return first * 2 ** 24 + second
}

/** Finds runs of calls of one span, to different places, of which each waits for the one before. */
export class SequentialRuns {
  readonly #model: SessionModel
  readonly #isExplained: Uint8Array
  /** By the operation that makes the calls. */
  readonly #tallies = new Map<number, SequenceTally>()

  /** @param isExplained 1 for spans that are part of another finding */
  constructor(model: SessionModel, isExplained: Uint8Array) {
    this.#model = model
    this.#isExplained = isExplained
  }

  /** @param calls that `caller` makes, by their start */
  add(caller: number, calls: Uint32Array): void {
    if (calls.length < 2) return
    let run: number[] = []
    let endMillis = -Infinity
    for (const row of calls) {
      if (this.#isExplained[row] === 1) continue
      if (run.length > 0 && !this.#follows(run[run.length - 1], row, endMillis)) {
        this.#addRun(caller, run)
        run = []
      }
      run.push(row)
      const { startMillis, durationMillis } = this.#model.spans
      endMillis = Math.max(endMillis, startMillis[row] + durationMillis[row])
    }
    this.#addRun(caller, run)
  }

  get findings(): SequentialCalls[] {
    const { operation, durationMillis } = this.#model.spans
    const totals = this.#model.operations.map(() => ({ calls: 0, millis: 0 }))
    for (const [row, number] of operation.entries()) {
      totals[number].calls++
      totals[number].millis += durationMillis[row]
    }
    return [...this.#tallies].flatMap(([number, tally]) => {
      const { calls, millis } = totals[number]
      const isPattern =
        tally.occurrences >= MIN_OCCURRENCE_SHARE * calls &&
        tally.lostMillis >= MIN_LOST_SHARE * millis
      return isPattern ? [this.#describe(tally)] : []
    })
  }

  #follows(before: number, row: number, endMillis: number): boolean {
    const { startMillis, durationMillis } = this.#model.spans
    const gap = startMillis[row] - endMillis
    const longer = Math.max(durationMillis[before], durationMillis[row])
    return gap >= 0 && gap <= Math.max(MAX_GAP_MILLIS, longer * MAX_GAP_SHARE)
  }

  #addRun(caller: number, run: readonly number[]): void {
    if (run.length < 2) return
    const { operation, durationMillis, trace } = this.#model.spans
    const { sumMillis, longestMillis } = coveredMillis(this.#model, run)
    const savedMillis = sumMillis - longestMillis
    const least = Math.max(MIN_SAVED_MILLIS, MIN_SAVED_SHARE * durationMillis[caller])
    if (savedMillis < least) return
    const order = new Map<number, number>()
    for (const row of run) {
      if (order.size === MAX_CALLS) break
      if (!order.has(operation[row])) order.set(operation[row], row)
    }
    if (!this.#goesToSeveralPlaces([...order.keys()])) return
    const number = operation[caller]
    const tally = this.#tallies.get(number) ?? new SequenceTally(this.#model, caller)
    this.#tallies.set(number, tally)
    tally.see(order)
    tally.add(trace[caller], savedMillis)
  }

  /** Statements of one transaction have to follow one another. */
  #goesToSeveralPlaces(operations: readonly number[]): boolean {
    if (operations.length < 2) return false
    const places = new Set(
      operations.map((number) => {
        const { peer, name } = this.#model.operations[number]
        return peer?.kind === 'database' ? `${peer.kind} ${peer.name}` : `${number} ${name}`
      }),
    )
    return places.size > 1
  }

  #describe(tally: SequenceTally): SequentialCalls {
    const of = callerOf(this.#model, tally.caller)
    const calls = [...tally.calls.values()].map((row) => calledOperation(this.#model, row))
    const confidence = tally.hasOrderVaried ? 'likely' : 'possible'
    const doubt =
      confidence === 'likely' ? 'their order varies' : 'if none needs what another one gives'
    const summary =
      `'${of.operation}' of ${of.service} waits for ${calls.map(nameOfCall).join(', then ')}: ` +
      `side by side they would save ${inWords(tally.lostMillis / tally.occurrences)} each time, ` +
      doubt
    return { kind: 'sequential-calls', summary, ...of, calls, confidence, ...tally.figures }
  }
}
