// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SPAN_FLAGS, type SessionModel } from '../session-model'
import {
  PatternTally,
  calledOperation,
  callerOf,
  coveredMillis,
  inWords,
  medianOf,
  nameOfCall,
} from './pattern-tally'
import type { NPlusOneCalls, RetriedCalls } from './performance-pattern'

/** As many of the same call of one operation are more than chance. */
const MIN_REPEATS = 5
/** Of the time of the operation that makes them; less is not worth a word. */
const MIN_LOST_SHARE = 0.05

class RepeatTally extends PatternTally {
  readonly counts: number[] = []
  retries = 0
  succeeded = 0

  constructor(
    model: SessionModel,
    /** A span that makes the calls, and one of the calls. */
    readonly caller: number,
    readonly call: number,
  ) {
    super(model)
  }
}

/** Finds calls that one span makes more than once: because the first failed, or one by one. */
export class RepeatedCalls {
  /** 1 for the spans that are part of an N+1. */
  readonly isNPlusOne: Uint8Array
  readonly #model: SessionModel
  readonly #nPlusOne = new Map<string, RepeatTally>()
  readonly #retried = new Map<string, RepeatTally>()

  constructor(model: SessionModel) {
    this.#model = model
    this.isNPlusOne = new Uint8Array(model.spans.count)
  }

  /** @param calls that `caller` makes, by their start */
  add(caller: number, calls: Uint32Array): void {
    if (calls.length < 2) return
    for (const rows of this.#byWhatIsCalled(calls)) {
      if (rows.length < 2) continue
      const chain = this.#chainOfRetries(rows)
      if (chain.length > 1) this.#addRetries(caller, chain)
      else if (rows.length >= MIN_REPEATS) this.#addNPlusOne(caller, rows)
    }
  }

  get findings(): (NPlusOneCalls | RetriedCalls)[] {
    const nPlusOne = [...this.#nPlusOne.values()].map((tally) => this.#describeNPlusOne(tally))
    return [
      ...nPlusOne,
      ...[...this.#retried.values()].map((tally) => this.#describeRetries(tally)),
    ]
  }

  #byWhatIsCalled(calls: Uint32Array): Iterable<number[]> {
    const { operation, statement } = this.#model.spans
    const groups = new Map<number, number[]>()
    for (const row of calls) {
      const key = operation[row] * 2 ** 20 + statement[row]
      const group = groups.get(key)
      if (group) group.push(row)
      else groups.set(key, [row])
    }
    return groups.values()
  }

  /**
   * The attempts at one call: each but the last failed before the next began. A loop, of which
   * several succeed, is no such chain, unless its spans say of themselves that they repeat one.
   */
  #chainOfRetries(rows: readonly number[]): readonly number[] {
    const { flags, startMillis, durationMillis } = this.#model.spans
    if (rows.some((row) => (flags[row] & SPAN_FLAGS.resent) !== 0)) return rows
    const isChain = rows.slice(0, -1).every((row, index) => {
      const hasEnded = startMillis[row] + durationMillis[row] <= startMillis[rows[index + 1]]
      return hasEnded && (flags[row] & SPAN_FLAGS.error) !== 0
    })
    return isChain ? rows : []
  }

  #addRetries(caller: number, attempts: readonly number[]): void {
    const { startMillis, durationMillis, trace, flags } = this.#model.spans
    const [first, last] = [attempts[0], attempts[attempts.length - 1]]
    const tally = this.#tallyIn(this.#retried, caller, first)
    const hasSucceeded = (flags[last] & SPAN_FLAGS.error) === 0
    // Of one that failed in the end, all of it was in vain.
    const until = startMillis[last] + (hasSucceeded ? 0 : durationMillis[last])
    tally.add(trace[caller], until - startMillis[first])
    tally.counts.push(attempts.length)
    tally.retries += attempts.length - 1
    tally.succeeded += Number(hasSucceeded)
  }

  #addNPlusOne(caller: number, rows: readonly number[]): void {
    const { unionMillis, longestMillis } = coveredMillis(this.#model, rows)
    const lostMillis = unionMillis - longestMillis
    // Calls that run side by side take hardly longer than one.
    if (lostMillis < MIN_LOST_SHARE * this.#model.spans.durationMillis[caller]) return
    if (lostMillis <= 0) return
    for (const row of rows) this.isNPlusOne[row] = 1
    const tally = this.#tallyIn(this.#nPlusOne, caller, rows[0])
    tally.add(this.#model.spans.trace[caller], lostMillis)
    tally.counts.push(rows.length)
  }

  #tallyIn(tallies: Map<string, RepeatTally>, caller: number, call: number): RepeatTally {
    const { operation, statement } = this.#model.spans
    const key = `${operation[caller]} ${operation[call]} ${statement[call]}`
    let tally = tallies.get(key)
    if (!tally) tallies.set(key, (tally = new RepeatTally(this.#model, caller, call)))
    return tally
  }

  #describeNPlusOne(tally: RepeatTally): NPlusOneCalls {
    const of = callerOf(this.#model, tally.caller)
    const call = calledOperation(this.#model, tally.call)
    const medianCalls = medianOf(tally.counts)
    const maxCalls = maxOf(tally.counts)
    const summary =
      `'${of.operation}' of ${of.service} calls ${nameOfCall(call)} one by one, ${medianCalls} ` +
      `times (median; up to ${maxCalls}): ${inWords(tally.lostMillis)} in all that one call might save`
    return { kind: 'n-plus-one', summary, ...of, call, medianCalls, maxCalls, ...tally.figures }
  }

  #describeRetries(tally: RepeatTally): RetriedCalls {
    const of = callerOf(this.#model, tally.caller)
    const call = calledOperation(this.#model, tally.call)
    const { retries, succeeded } = tally
    const maxAttempts = maxOf(tally.counts)
    const summary =
      `'${of.operation}' of ${of.service} repeats ${nameOfCall(call)} when it fails: ${retries} ` +
      `${retries === 1 ? 'retry' : 'retries'}, ${succeeded} of ${tally.occurrences} calls succeed in the end; ` +
      `${inWords(tally.lostMillis)} in all`
    const figures = { retries, maxAttempts, succeeded, ...tally.figures }
    return { kind: 'retries', summary, ...of, call, ...figures }
  }
}

/** Without spreading them: there may be a million. */
function maxOf(counts: readonly number[]): number {
  return counts.reduce((max, count) => Math.max(max, count), 0)
}
