// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Operation, SPAN_FLAGS, type SessionModel } from '../session-model'
import { ownShares, type OwnShares } from './self-times'

/**
 * What one operation did, a value a trace: calls within a trace depend on each other, traces
 * hardly do, and the tests that follow take their values to be independent.
 */
export interface OperationFacts {
  readonly key: string
  readonly service: string
  readonly operation: Operation
  /** Of a database call, its statement without values; empty of any other. */
  readonly statement: string
  /** Positions in `TraceFacts.order`, ascending. */
  readonly positions: number[]
  /** The mean over the operation's spans in the trace. */
  readonly selfMillis: number[]
  /** 1 if one of them failed by itself. */
  readonly ownErrors: number[]
}

/** How an operation calls another, a value for each trace of the caller in which it did. */
export interface CallFacts {
  readonly caller: OperationFacts
  readonly callee: OperationFacts
  /** Indexes into the caller's facts, ascending. */
  readonly indexes: number[]
  /** How many times one span of the caller called, the most in the trace. */
  readonly times: number[]
  /** How many of those calls failed and were followed by another, the most in the trace. */
  readonly retries: number[]
}

/** A session by operation, call and trace. */
export interface TraceFacts {
  readonly model: SessionModel
  /** The traces that have spans, by their start. */
  readonly order: Uint32Array
  /** When each begins, in the same order. */
  readonly startMillis: Float64Array
  /** By what names an operation in other sessions too. */
  readonly operations: ReadonlyMap<string, OperationFacts>
  readonly calls: ReadonlyMap<string, CallFacts>
}

export function gatherTraceFacts(model: SessionModel): TraceFacts {
  const gathering = new Gathering(model)
  const { order, startMillis } = tracesByStart(model)
  order.forEach((trace, position) => gathering.addTrace(trace, position))
  const operations = new Map(gathering.operations.map((facts) => [facts.key, facts]))
  return { model, order, startMillis, operations, calls: gathering.calls }
}

function tracesByStart({ traces, spans }: SessionModel): Pick<TraceFacts, 'order' | 'startMillis'> {
  const startOf = (trace: number): number =>
    spans.startMillis[traces.spanRows[traces.offsets[trace]]]
  const withSpans: number[] = []
  for (let trace = 0; trace < traces.count; trace++) {
    if (traces.offsets[trace + 1] > traces.offsets[trace]) withSpans.push(trace)
  }
  withSpans.sort((left, right) => startOf(left) - startOf(right))
  return { order: Uint32Array.from(withSpans), startMillis: Float64Array.from(withSpans, startOf) }
}

interface Calls {
  times: number
  retries: number
  lastFailed: boolean
}

class Gathering {
  readonly operations: OperationFacts[] = []
  readonly calls = new Map<string, CallFacts>()
  readonly #model: SessionModel
  readonly #own: OwnShares
  /** The numbers of an operation's facts, by statement. */
  readonly #numbers: Map<number, number>[]
  /** How many spans an operation has had in the trace that is at hand. */
  readonly #spansInTrace: number[] = []

  constructor(model: SessionModel) {
    this.#model = model
    this.#own = ownShares(model)
    this.#numbers = model.operations.map(() => new Map<number, number>())
  }

  addTrace(trace: number, position: number): void {
    const { spans, traces } = this.#model
    const rows = traces.spanRows.subarray(traces.offsets[trace], traces.offsets[trace + 1])
    const callsByCaller = new Map<number, Map<number, Calls>>()
    for (const row of rows) {
      const number = this.#numberOf(row)
      this.#addSpan(number, row, position)
      const above = spans.parent[row]
      if (above < 0) continue
      const calls = callsByCaller.get(above) ?? new Map<number, Calls>()
      callsByCaller.set(above, calls)
      addCall(calls, number, spans.flags[row])
    }
    for (const [row, calls] of callsByCaller) this.#addCalls(this.#numberOf(row), calls)
    for (const row of rows) this.#spansInTrace[this.#numberOf(row)] = 0
  }

  #numberOf(row: number): number {
    const { spans, operations, services, statements } = this.#model
    const of = spans.operation[row]
    let number = this.#numbers[of].get(spans.statement[row])
    if (number === undefined) {
      const operation = operations[of]
      const { name, kind, peer } = operation
      const service = services[operation.service]
      const statement = statements[spans.statement[row]] ?? ''
      const key = [service, kind, name, peer?.kind ?? '', peer?.name ?? '', statement].join('\t')
      const facts = { key, service, operation, statement }
      number = this.operations.push({ ...facts, positions: [], selfMillis: [], ownErrors: [] }) - 1
      this.#numbers[of].set(spans.statement[row], number)
      this.#spansInTrace.push(0)
    }
    return number
  }

  #addSpan(number: number, row: number, position: number): void {
    const { positions, selfMillis, ownErrors } = this.operations[number]
    const self = this.#own.selfMillis[row]
    const failed = this.#own.failedItself[row]
    const before = this.#spansInTrace[number]++
    if (before === 0) {
      positions.push(position)
      selfMillis.push(self)
      ownErrors.push(failed)
      return
    }
    const last = positions.length - 1
    selfMillis[last] += (self - selfMillis[last]) / (before + 1)
    ownErrors[last] |= failed
  }

  #addCalls(number: number, calls: ReadonlyMap<number, Calls>): void {
    const caller = this.operations[number]
    const index = caller.positions.length - 1
    for (const [called, { times, retries }] of calls) {
      const callee = this.operations[called]
      const key = `${caller.key}\n${callee.key}`
      let facts = this.calls.get(key)
      if (!facts) {
        facts = { caller, callee, indexes: [], times: [], retries: [] }
        this.calls.set(key, facts)
      }
      const last = facts.indexes.length - 1
      if (facts.indexes[last] !== index) {
        facts.indexes.push(index)
        facts.times.push(times)
        facts.retries.push(retries)
        continue
      }
      facts.times[last] = Math.max(facts.times[last], times)
      facts.retries[last] = Math.max(facts.retries[last], retries)
    }
  }
}

function addCall(calls: Map<number, Calls>, callee: number, flags: number): void {
  const failed = (flags & SPAN_FLAGS.error) !== 0
  const known = calls.get(callee)
  if (!known) {
    calls.set(callee, { times: 1, retries: 0, lastFailed: failed })
    return
  }
  known.times++
  if (known.lastFailed || (flags & SPAN_FLAGS.resent) !== 0) known.retries++
  known.lastFailed = failed
}

/** The values for every trace of the caller, 0 where it did not call. */
export function ofEveryCaller(
  { caller, indexes }: CallFacts,
  values: readonly number[],
): Float64Array {
  const all = new Float64Array(caller.positions.length)
  indexes.forEach((index, position) => (all[index] = values[position]))
  return all
}
