// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { AnomalyKind, FoundAnomaly } from './anomaly'
import {
  type Comparison,
  LEAST_INSIDE,
  LEAST_OUTSIDE,
  type Suspicion,
  judgeSuspicions,
  tracesAt,
  typicalOnes,
} from './comparison'
import { cohensH } from './statistics/cohens-h'
import { logChoose } from './statistics/log-factorial'
import { tracesThatMiss } from './missing-callees'
import { findPresences, type Presence } from './presences'
import type { TraceFacts } from './trace-facts'

/**
 * Services, edges and operations that came or went. Rare ones come and go by themselves: what is
 * judged is how unlikely it is that all the traces with it lie on one side, had they been dealt
 * out among all traces that could have had it.
 */
export function findStructureChanges({ session, baseline }: Comparison): FoundAnomaly[] {
  const now = findPresences(session)
  const before = baseline && findPresences(baseline)
  const suspicions: Suspicion[] = []
  for (const [key, presence] of now) {
    const known = before?.get(key)
    if (before && !known) {
      suspicions.push(...newSinceBaseline(session, presence, before))
      continue
    }
    if (!before) suspicions.push(...newWithin(session, presence))
    suspicions.push(...vanishedWithin(session, presence))
  }
  for (const [key, presence] of before ?? []) {
    if (!baseline || now.has(key)) continue
    suspicions.push(...vanishedSinceBaseline(session, baseline, presence, now))
  }
  return judgeSuspicions(suspicions)
}

function* newSinceBaseline(
  session: TraceFacts,
  presence: Presence,
  before: ReadonlyMap<string, Presence>,
): Generator<Suspicion, void, undefined> {
  const could = before.get(presence.exposedBy)?.seen.length ?? 0
  const { seen, exposed } = presence
  if (could < LEAST_OUTSIDE || seen.length < LEAST_INSIDE) return
  const counts = { hits: seen.length, of: exposed.length, without: could }
  yield suspicion(session, presence, 'new', counts, seen)
}

function* newWithin(
  session: TraceFacts,
  presence: Presence,
): Generator<Suspicion, void, undefined> {
  const { seen, exposed } = presence
  const without = countBelow(exposed, seen[0])
  if (without < leastWithout(exposed) || seen.length < LEAST_INSIDE) return
  const counts = { hits: seen.length, of: exposed.length - without, without }
  yield suspicion(session, presence, 'new', counts, seen)
}

function* vanishedWithin(
  session: TraceFacts,
  presence: Presence,
): Generator<Suspicion, void, undefined> {
  const { seen, exposed } = presence
  const last = seen[seen.length - 1]
  const missing = exposed.slice(countBelow(exposed, last + 1))
  if (missing.length < leastWithout(exposed) || seen.length < LEAST_INSIDE) return
  const without = missing.length
  const counts = { hits: seen.length, of: exposed.length - without, without }
  const shownBy = whoMisses(presence, missing, session, session)
  yield suspicion(session, presence, 'vanished', counts, shownBy)
}

function* vanishedSinceBaseline(
  session: TraceFacts,
  baseline: TraceFacts,
  known: Presence,
  now: ReadonlyMap<string, Presence>,
): Generator<Suspicion, void, undefined> {
  const missing = now.get(known.exposedBy)?.seen ?? []
  if (missing.length < LEAST_OUTSIDE || known.seen.length < LEAST_INSIDE) return
  const counts = { hits: known.seen.length, of: known.exposed.length, without: missing.length }
  const shownBy = whoMisses(known, missing, session, baseline)
  yield suspicion(session, known, 'vanished', counts, shownBy)
}

function whoMisses(
  { what, place }: Presence,
  missing: readonly number[],
  session: TraceFacts,
  known: TraceFacts,
): readonly number[] {
  if (what === 'service') return tracesThatMiss(place.service, missing, session, known)
  if (what === 'operation' || place.peer === undefined) return missing
  return tracesThatMiss(place.peer, missing, session, known)
}

/** What is missing for a twentieth of the session, at its beginning or its end, is no change yet. */
function leastWithout(exposed: readonly number[]): number {
  return Math.max(LEAST_OUTSIDE, exposed.length / 20)
}

/** Of ascending numbers. */
function countBelow(positions: readonly number[], limit: number): number {
  let low = 0
  let high = positions.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (positions[middle] < limit) low = middle + 1
    else high = middle
  }
  return low
}

interface Counts {
  readonly hits: number
  /** Traces on the side with hits, and on the side without. */
  readonly of: number
  readonly without: number
}

function suspicion(
  session: TraceFacts,
  presence: Presence,
  change: 'new' | 'vanished',
  { hits, of, without }: Counts,
  shownBy: readonly number[],
): Suspicion {
  const pValue = Math.exp(logChoose(of, hits) - logChoose(of + without, hits))
  const share = { value: (hits / of) * 100, unit: '% of traces', samples: of }
  const none = { value: 0, unit: '% of traces', samples: without }
  const positions = typicalOnes(shownBy, (position) => position)
  const toAnomaly = (adjusted: number): FoundAnomaly => ({
    kind: `${change}-${presence.what}` satisfies AnomalyKind,
    place: presence.place,
    fromMillis: session.startMillis[shownBy.reduce((least, one) => Math.min(least, one))],
    toMillis: session.startMillis[shownBy.reduce((most, one) => Math.max(most, one))],
    before: change === 'new' ? none : share,
    after: change === 'new' ? share : none,
    effect: { measure: 'cohens-h', value: cohensH(0, hits / of) },
    pValue: adjusted,
    evidenceTraces: tracesAt(session, positions),
  })
  return { pValue, toAnomaly }
}
