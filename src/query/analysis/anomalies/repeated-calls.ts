// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { percentile } from '../duration-statistics'
import type { AnomalyPlace, FoundAnomaly } from './anomaly'
import {
  type Comparison,
  LEAST_OUTSIDE,
  type Suspicion,
  judgeSuspicions,
  placeOf,
  scanOptions,
  timesOf,
  tracesAt,
  typicalOnes,
} from './comparison'
import { cohensH } from './statistics/cohens-h'
import { HitShares, rateOf } from './statistics/hit-shares'
import { outsideOf, scanStretches } from './statistics/scan-stretches'
import { type CallFacts, ofEveryCaller, type TraceFacts } from './trace-facts'

/** One retry is how things should be; two in a row of one caller are many. */
const MANY_RETRIES = 2
const LEAST_SHARE = 0.1
const LEAST_MORE_CALLS = 3
const LEAST_RATIO = 2

/** Calls that one caller repeats: because they fail, or one for each of what it got before. */
export function findRepeatedCalls({ session, baseline }: Comparison): FoundAnomaly[] {
  const storms: Suspicion[] = []
  const floods: Suspicion[] = []
  for (const [key, facts] of session.calls) {
    const known = baseline?.calls.get(key)
    // A call that the baseline doesn't know is new, however often it is made.
    if (baseline && !known) continue
    if (known && known.caller.positions.length < LEAST_OUTSIDE) continue
    if (facts.times.some((times) => times > LEAST_MORE_CALLS))
      floods.push(...flood(session, facts, known))
    if (facts.retries.some((retries) => retries >= MANY_RETRIES))
      storms.push(...storm(session, facts, known))
  }
  const found = judgeSuspicions(storms)
  const stormy = new Set(found.map(({ place }) => JSON.stringify(place)))
  const others = judgeSuspicions(floods).filter(({ place }) => !stormy.has(JSON.stringify(place)))
  return [...found, ...others]
}

function* storm(
  session: TraceFacts,
  facts: CallFacts,
  known: CallFacts | undefined,
): Generator<Suspicion, void, undefined> {
  const { positions } = facts.caller
  const isStorm = (retries: number): number => (retries >= MANY_RETRIES ? 1 : 0)
  const retries = ofEveryCaller(facts, facts.retries)
  const reference = known && {
    hits: known.retries.filter((count) => count >= MANY_RETRIES).length,
    of: known.caller.positions.length,
  }
  const shares = new HitShares(retries.map(isStorm), reference)
  const stretch = scanStretches(scanOptions(positions.length, known !== undefined), shares)
  if (!stretch) return
  const { from, to, pValue } = stretch
  const [inside, outside] = [shares.inside(from, to), shares.outside(from, to)]
  const [after, before] = [rateOf(inside), rateOf(outside)]
  const toAnomaly = (adjusted: number): FoundAnomaly | undefined => {
    if (after - before < LEAST_SHARE || after < before * LEAST_RATIO) return undefined
    const stormy = indexesIn(stretch).filter((index) => retries[index] >= MANY_RETRIES)
    return {
      kind: 'retry-storm',
      place: placeOfCall(facts),
      ...timesOf(session, positions, stretch),
      before: { value: before * 100, unit: '% of callers', samples: outside.of },
      after: { value: after * 100, unit: '% of callers', samples: inside.of },
      effect: { measure: 'cohens-h', value: cohensH(before, after) },
      pValue: adjusted,
      evidenceTraces: evidenceOf(session, facts, stormy, retries),
    }
  }
  yield { pValue, toAnomaly }
}

function* flood(
  session: TraceFacts,
  facts: CallFacts,
  known: CallFacts | undefined,
): Generator<Suspicion, void, undefined> {
  const { positions } = facts.caller
  const times = ofEveryCaller(facts, facts.times)
  const reference = known && ofEveryCaller(known, known.times)
  // A flood may last for half of the session: of what is usual the lower quarter tells.
  const usual = percentile(Float64Array.from((known ?? facts).times).sort(), 0.25)
  const isMany = (count: number): boolean => count >= usual + LEAST_MORE_CALLS
  const hits = reference && { hits: reference.filter(isMany).length, of: reference.length }
  const shares = new HitShares(
    times.map((count) => (isMany(count) ? 1 : 0)),
    hits,
  )
  const stretch = scanStretches(scanOptions(positions.length, known !== undefined), shares)
  if (!stretch) return
  const { from, to, pValue } = stretch
  const toAnomaly = (adjusted: number): FoundAnomaly | undefined => {
    const outside = reference ?? outsideOf(times, stretch)
    const [before, after] = [mean(outside), mean(times.subarray(from, to))]
    const more = rateOf(shares.inside(from, to)) - rateOf(shares.outside(from, to))
    if (more < LEAST_SHARE || after < before * LEAST_RATIO) return undefined
    const flooded = indexesIn(stretch).filter((index) => isMany(times[index]))
    return {
      kind: 'n-plus-one',
      place: placeOfCall(facts),
      ...timesOf(session, positions, stretch),
      before: { value: before, unit: 'calls per caller', samples: outside.length },
      after: { value: after, unit: 'calls per caller', samples: to - from },
      effect: { measure: 'ratio', value: after / Math.max(before, 0.01) },
      pValue: adjusted,
      evidenceTraces: evidenceOf(session, facts, flooded, times),
    }
  }
  yield { pValue, toAnomaly }
}

/** Where calls go wrong is where they are made; what is called is the peer. */
function placeOfCall({ caller, callee }: CallFacts): AnomalyPlace {
  const { service, operation } = callee
  const peer = operation.peer?.name ?? (service === caller.service ? operation.name : service)
  const place = { ...placeOf(caller), peer }
  return callee.statement === '' ? place : { ...place, statement: callee.statement }
}

function evidenceOf(
  session: TraceFacts,
  { caller }: CallFacts,
  indexes: readonly number[],
  values: Float64Array,
): number[] {
  const typical = typicalOnes(indexes, (index) => values[index])
  return tracesAt(
    session,
    typical.map((index) => caller.positions[index]),
  )
}

function indexesIn({ from, to }: { from: number; to: number }): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
