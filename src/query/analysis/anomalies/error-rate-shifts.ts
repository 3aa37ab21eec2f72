// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

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
import { cohensH } from './statistics/cohens-h'
import { HitShares, rateOf } from './statistics/hit-shares'
import { scanStretches } from './statistics/scan-stretches'
import type { OperationFacts } from './trace-facts'

const LEAST_DIFFERENCE = 0.05
const LEAST_RATIO = 2

/**
 * Operations that fail more often by themselves. A span that failed for a callee that failed does
 * not count: the error is where it came up, not on all the way to the customer.
 */
export function findErrorRateShifts(comparison: Comparison): FoundAnomaly[] {
  const suspicions: Suspicion[] = []
  for (const facts of comparison.session.operations.values()) {
    const known = comparison.baseline?.operations.get(facts.key)
    if (comparison.baseline && (known?.positions.length ?? 0) < LEAST_OUTSIDE) continue
    const suspicion = suspect(comparison, facts, known)
    if (suspicion) suspicions.push(suspicion)
  }
  return judgeSuspicions(suspicions)
}

function suspect(
  { session }: Comparison,
  facts: OperationFacts,
  known: OperationFacts | undefined,
): Suspicion | undefined {
  const { ownErrors, positions } = facts
  const reference = known && { hits: sum(known.ownErrors), of: known.ownErrors.length }
  const shares = new HitShares(ownErrors, reference)
  const stretch = scanStretches(scanOptions(positions.length, known !== undefined), shares)
  if (!stretch) return undefined
  const { from, to, pValue } = stretch
  const inside = shares.inside(from, to)
  const outside = shares.outside(from, to)
  const [after, before] = [rateOf(inside), rateOf(outside)]
  const toAnomaly = (adjusted: number): FoundAnomaly | undefined => {
    if (after - before < LEAST_DIFFERENCE || after < before * LEAST_RATIO) return undefined
    const failed = positions.filter(
      (_, index) => index >= from && index < to && ownErrors[index] === 1,
    )
    return {
      kind: 'error-rate-shift',
      place: placeOf(facts),
      ...timesOf(session, positions, stretch),
      before: { value: before * 100, unit: '%', samples: outside.of },
      after: { value: after * 100, unit: '%', samples: inside.of },
      effect: { measure: 'cohens-h', value: cohensH(before, after) },
      pValue: adjusted,
      evidenceTraces: tracesAt(
        session,
        typicalOnes(failed, (position) => position),
      ),
    }
  }
  return { pValue, toAnomaly }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
