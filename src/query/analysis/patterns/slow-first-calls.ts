// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { percentile } from '../duration-statistics'
import { groupRows, rowsOf } from '../group-rows'
import type { SessionModel } from '../session-model'
import type { TimeAccounts } from '../time-accounts'
import { PatternTally, inWords, medianOf } from './pattern-tally'
import type { SlowFirstCalls } from './performance-pattern'

/** Calls of one process that have to follow before its first ones can be called slow. */
const MIN_LATER_CALLS = 20
/** Calls from the first on that may be slow; a process that stays slow is not cold. */
const MAX_FIRST_CALLS = 10
const MAX_FIRST_SHARE = 0.1
const MIN_EXCESS_MILLIS = 5
const MIN_TIMES_MEDIAN = 3
const MIN_TIMES_P95 = 2
/** Of the later calls, those that are as slow: with more of them, slow calls are nothing special. */
const MAX_SHARE_AS_SLOW = 0.01
/** The chance to find one such operation or more in a session where none is. */
const MAX_CHANCE = 0.05
/** How quickly long durations get rare, at the slowest: as those of a Pareto distribution do. */
const TAIL_EXPONENT = 1.5

/**
 * Finds operations whose first calls in a process took longer than those that follow: caches that
 * are filled, connections that are made, code that is compiled. What is compared is the time in
 * which no child ran, so that it is found where it is spent, and not in all that waited for it.
 */
export function findSlowFirstCalls(
  model: SessionModel,
  { selfMillis }: TimeAccounts,
): SlowFirstCalls[] {
  const { spans, operations } = model
  const byOperation = groupRows(spans.operation, operations.length)
  const tested = operations.flatMap((_, operation) => {
    const rows = rowsOf(byOperation, operation)
    if (rows.length <= MIN_LATER_CALLS) return []
    const instances = [...byInstance(model, rows).values()]
    const found = instances.flatMap((ofInstance) => coldStart(ofInstance, selfMillis) ?? [])
    return [{ operation, found, instances: instances.length }]
  })
  return tested
    .filter(({ found }) => found.length > 0)
    .filter((operation) => chanceOf(operation) * tested.length <= MAX_CHANCE)
    .map(({ operation, found }) => describe(model, operation, found))
}

/** That in so many of its processes it looks like that by chance. */
function chanceOf({
  found,
  instances,
}: {
  found: readonly ColdStart[]
  instances: number
}): number {
  return found.reduce(
    (chance, cold, index) => (chance * cold.chance * (instances - index)) / (index + 1),
    1,
  )
}

function byInstance({ spans }: SessionModel, rows: Uint32Array): Map<number, number[]> {
  const instances = new Map<number, number[]>()
  for (const row of rows) {
    const instance = instances.get(spans.instance[row])
    if (instance) instance.push(row)
    else instances.set(spans.instance[row], [row])
  }
  for (const instance of instances.values()) {
    instance.sort((a, b) => spans.startMillis[a] - spans.startMillis[b])
  }
  return instances
}

interface ColdStart {
  readonly slow: readonly { readonly row: number; readonly millis: number }[]
  readonly laterMillis: number
  readonly chance: number
}

function coldStart(rows: readonly number[], selfMillis: Float64Array): ColdStart | undefined {
  const most = Math.min(MAX_FIRST_CALLS, Math.floor(rows.length * MAX_FIRST_SHARE))
  const later = Float64Array.from(rows.slice(most), (row) => selfMillis[row]).sort()
  if (later.length < MIN_LATER_CALLS) return undefined
  const laterMillis = percentile(later, 0.5)
  const limit = Math.max(
    laterMillis * MIN_TIMES_MEDIAN,
    percentile(later, 0.95) * MIN_TIMES_P95,
    laterMillis + MIN_EXCESS_MILLIS,
    percentile(later, 1 - MAX_SHARE_AS_SLOW),
  )
  const firstQuick = rows.findIndex((row) => selfMillis[row] <= limit)
  if (firstQuick < 1 || firstQuick > most) return undefined
  const slow = rows.slice(0, firstQuick).map((row) => ({ row, millis: selfMillis[row] }))
  return { slow, laterMillis, chance: chanceOfOrder(slow, later) }
}

/** That the slow calls are the first ones, and stand out so far, if any order is as probable. */
function chanceOfOrder(slow: ColdStart['slow'], later: Float64Array): number {
  const least = slow.reduce((min, { millis }) => Math.min(min, millis), Infinity)
  const asSlow = later.length - later.findLastIndex((millis) => millis < least) - 1
  const ofOrder = slow.reduce((chance, _, index) => {
    return (chance * (asSlow + index + 1)) / (later.length + index + 1)
  }, 1)
  const excess = least / later[later.length - 1]
  return ofOrder * Math.min(1, excess ** -TAIL_EXPONENT)
}

function describe(
  model: SessionModel,
  operation: number,
  found: readonly ColdStart[],
): SlowFirstCalls {
  const { name, kind, service: number } = model.operations[operation]
  const service = model.services[number]
  const tally = new PatternTally(model)
  for (const { slow, laterMillis } of found) {
    for (const { row, millis } of slow) tally.add(model.spans.trace[row], millis - laterMillis)
  }
  const firstMillis = medianOf(found.flatMap(({ slow }) => slow.map(({ millis }) => millis)))
  const laterMillis = medianOf(found.map((cold) => cold.laterMillis))
  const instances = found.length
  const processes = instances === 1 ? 'a process' : `${instances} processes`
  const summary =
    `the first calls of '${name}' of ${service} take ${inWords(firstMillis)} of their own in ` +
    `${processes}, later ones ${inWords(laterMillis)}`
  const figures = { firstMillis, laterMillis, instances, ...tally.figures }
  const what = { operation: name, operationKind: kind }
  return { kind: 'slow-first-calls', summary, service, ...what, ...figures }
}
