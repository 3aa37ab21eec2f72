// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Evidence } from '../evidence'
import type { SessionModel } from '../session-model'
import type { CalledOperation, PatternFigures } from './performance-pattern'

/** Counts the occurrences of one finding, which come in the order of their traces. */
export class PatternTally {
  occurrences = 0
  traces = 0
  lostMillis = 0
  readonly #evidence: Evidence
  #lastTrace = -1

  constructor(model: SessionModel) {
    this.#evidence = new Evidence(model.traces)
  }

  add(trace: number, lostMillis: number): void {
    this.occurrences++
    this.lostMillis += lostMillis
    if (trace !== this.#lastTrace) this.traces++
    this.#lastTrace = trace
    this.#evidence.add(trace, lostMillis)
  }

  get figures(): Omit<PatternFigures, 'summary' | 'service'> {
    const { occurrences, traces, lostMillis } = this
    return { lostMillis, occurrences, traces, traceIds: this.#evidence.traceIds }
  }
}

/** What a span calls, in words. */
export function calledOperation(model: SessionModel, row: number): CalledOperation {
  const { name, kind, peer } = model.operations[model.spans.operation[row]]
  const statement = model.statements[model.spans.statement[row]]
  return {
    operation: name,
    kind,
    ...(peer && { peer: `${peer.kind} ${peer.name}` }),
    ...(statement !== '' && { statement }),
  }
}

/** The service and the name of the operation that a span is of. */
export function callerOf(
  model: SessionModel,
  row: number,
): { readonly service: string; readonly operation: string } {
  const { service, name } = model.operations[model.spans.operation[row]]
  return { service: model.services[service], operation: name }
}

/** The time that these spans cover, and the longest of them. They come by their start. */
export function coveredMillis(
  { spans }: SessionModel,
  rows: Iterable<number>,
): { readonly unionMillis: number; readonly longestMillis: number; readonly sumMillis: number } {
  let [unionMillis, longestMillis, sumMillis] = [0, 0, 0]
  let covered = -Infinity
  for (const row of rows) {
    const duration = spans.durationMillis[row]
    const end = spans.startMillis[row] + duration
    unionMillis += Math.max(0, end - Math.max(covered, spans.startMillis[row]))
    covered = Math.max(covered, end)
    longestMillis = Math.max(longestMillis, duration)
    sumMillis += duration
  }
  return { unionMillis, longestMillis, sumMillis }
}

/** `12.3 ms`, `4.1 s`: for sentences. */
export function inWords(millis: number): string {
  if (millis < 10) return `${Number(millis.toPrecision(2))} ms`
  if (millis < 1_000) return `${Math.round(millis)} ms`
  return `${Number((millis / 1_000).toPrecision(3))} s`
}

/** The middle one of these numbers; of an even count, the lower of both. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? 0
}

/** A call, as a sentence names it. */
export function nameOfCall({ operation, peer, statement }: CalledOperation): string {
  const what = statement === undefined ? `'${operation}'` : `'${statement.slice(0, 120)}'`
  return peer === undefined ? what : `${what} (${peer})`
}
