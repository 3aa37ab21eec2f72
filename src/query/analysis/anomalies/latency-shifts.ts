// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { percentile } from '../duration-statistics'
import type { FoundAnomaly } from './anomaly'
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
import { HitShares } from './statistics/hit-shares'
import { RankSums } from './statistics/rank-sums'
import { type FoundStretch, outsideOf, scanStretches } from './statistics/scan-stretches'
import type { OperationFacts, TraceFacts } from './trace-facts'

/** What is less matters to nobody, however sure it is: load and caches do as much. */
const LEAST_RATIO = 1.75
const LEAST_MILLIS = 1

/**
 * Operations that take longer by themselves. What an operation's callees take is not its own, so
 * of a slow service and all who wait for it only the slow one is found: the place, not the
 * symptom. A call to what is not instrumented has no callee in the session; there the caller's
 * span is the place, and names the peer.
 *
 * Two questions are asked: whether most calls are slower (a rank test), and whether more of them
 * are among the slowest (a share), as when one replica of ten is slow.
 */
export function findLatencyShifts({ session, baseline }: Comparison): FoundAnomaly[] {
  const suspicions: Suspicion[] = []
  for (const facts of session.operations.values()) {
    const known = baseline?.operations.get(facts.key)
    const reference =
      known && known.selfMillis.length >= LEAST_OUTSIDE
        ? Float64Array.from(known.selfMillis)
        : undefined
    // Nothing to compare with: the operation is new, or too rare in the baseline.
    if (baseline && !reference) continue
    const values = Float64Array.from(facts.selfMillis)
    suspicions.push(...suspect(session, facts, values, reference))
  }
  return withoutDoubles(judgeSuspicions(suspicions))
}

function* suspect(
  session: TraceFacts,
  facts: OperationFacts,
  values: Float64Array,
  reference: Float64Array | undefined,
): Generator<Suspicion, void, undefined> {
  const options = scanOptions(values.length, reference !== undefined)
  const ranks = new RankSums(values, reference)
  const shifted = scanStretches(options, ranks)
  if (shifted) {
    const toAnomaly = (pValue: number): FoundAnomaly | undefined =>
      describe(session, facts, values, reference, shifted, pValue, [0.5, 0.75])
    yield { pValue: shifted.pValue, toAnomaly }
  }
  const usual = (reference ?? values).toSorted()
  const slow = percentile(usual, 0.9)
  const hits = values.map((value) => (value > slow ? 1 : 0))
  const usualShare = reference && { hits: Math.ceil(0.1 * usual.length), of: usual.length }
  const tailed = scanStretches(options, new HitShares(hits, usualShare))
  if (tailed) {
    const toAnomaly = (pValue: number): FoundAnomaly | undefined =>
      describe(session, facts, values, reference, tailed, pValue, [0.9, 0.95])
    yield { pValue: tailed.pValue, toAnomaly }
  }
}

function describe(
  session: TraceFacts,
  facts: OperationFacts,
  values: Float64Array,
  reference: Float64Array | undefined,
  stretch: FoundStretch,
  pValue: number,
  shares: readonly number[],
): FoundAnomaly | undefined {
  const { from, to } = stretch
  const inside = values.slice(from, to).sort()
  const outside = (reference ?? outsideOf(values, stretch)).toSorted()
  const [share] = shares
    .filter((one) => isLarger(percentile(inside, one), percentile(outside, one)))
    .slice(0, 1)
  if (share === undefined) return undefined
  const before = percentile(outside, share)
  const after = percentile(inside, share)
  const slow = percentile(outside, 0.9)
  const slower: number[] = []
  for (let index = from; index < to; index++) if (values[index] > slow) slower.push(index)
  const evidence = typicalOnes(slower, (index) => values[index])
  const unit = share === 0.5 ? 'ms' : `ms (p${share * 100})`
  return {
    kind: 'latency-shift',
    place: placeOf(facts),
    ...timesOf(session, facts.positions, stretch),
    before: { value: before, unit, samples: outside.length },
    after: { value: after, unit, samples: inside.length },
    effect: { measure: 'ratio', value: after / Math.max(before, 0.001) },
    pValue,
    evidenceTraces: tracesAt(
      session,
      evidence.map((index) => facts.positions[index]),
    ),
  }
}

function isLarger(after: number, before: number): boolean {
  return after >= before * LEAST_RATIO && after - before >= LEAST_MILLIS
}

/** An operation that both questions found is told of once, by the surer. */
function withoutDoubles(found: readonly FoundAnomaly[]): FoundAnomaly[] {
  const best = new Map<string, FoundAnomaly>()
  for (const anomaly of found) {
    const key = JSON.stringify(anomaly.place)
    const known = best.get(key)
    if (!known || anomaly.pValue < known.pValue) best.set(key, anomaly)
  }
  return [...best.values()]
}
