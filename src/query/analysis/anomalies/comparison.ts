// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { AnomalyPlace, FoundAnomaly } from './anomaly'
import { adjustByHolm } from './statistics/holm'
import type { FoundStretch } from './statistics/scan-stretches'
import type { OperationFacts, TraceFacts } from './trace-facts'

/** A session, and what it is compared with; without that, its stretches with the rest of it. */
export interface Comparison {
  readonly session: TraceFacts
  readonly baseline: TraceFacts | undefined
}

/** Fewer values say nothing of what is usual. */
export const LEAST_OUTSIDE = 16
/** Fewer values say nothing of what is not. */
export const LEAST_INSIDE = 8

/**
 * The chance of a false alarm by each of the detectors. Sessions have thousands of values: what
 * somebody would call an anomaly is far surer than this.
 */
const LEVEL = 0.001

/** Something that may be one, and how sure that is. Without an anomaly it only was looked at. */
export interface Suspicion {
  readonly pValue: number
  /** Called if it is sure enough; undefined if it is too small to matter. */
  toAnomaly(pValue: number): FoundAnomaly | undefined
}

/** The anomalies among all that was looked at, each with its p-value corrected for it. */
export function judgeSuspicions(suspicions: readonly Suspicion[]): FoundAnomaly[] {
  const pValues = adjustByHolm(suspicions.map(({ pValue }) => pValue))
  const found: FoundAnomaly[] = []
  suspicions.forEach((suspicion, index) => {
    if (pValues[index] > LEVEL) return
    const anomaly = suspicion.toAnomaly(pValues[index])
    if (anomaly) found.push(anomaly)
  })
  return found
}

export function scanOptions(
  length: number,
  hasReference: boolean,
): { length: number; leastInside: number; leastOutside: number } {
  return { length, leastInside: LEAST_INSIDE, leastOutside: hasReference ? -1 : LEAST_OUTSIDE }
}

/** From when to when the traces of a stretch of an operation's facts began. */
export function timesOf(
  facts: TraceFacts,
  positions: readonly number[],
  { from, to }: Pick<FoundStretch, 'from' | 'to'>,
): { fromMillis: number; toMillis: number } {
  return {
    fromMillis: facts.startMillis[positions[from]],
    toMillis: facts.startMillis[positions[to - 1]],
  }
}

export function tracesAt({ order }: TraceFacts, positions: readonly number[]): number[] {
  return positions.map((position) => order[position])
}

const EVIDENCE = 5

/** Of all that show it, those that are neither the least nor the most, which may be accidents. */
export function typicalOnes<Item>(items: readonly Item[], valueOf: (item: Item) => number): Item[] {
  const sorted = [...items].sort((left, right) => valueOf(left) - valueOf(right))
  const from = Math.max(0, Math.floor((sorted.length - EVIDENCE) / 2))
  return sorted.slice(from, from + EVIDENCE)
}

export function placeOf({ service, operation, statement }: OperationFacts): AnomalyPlace {
  return {
    service,
    operation: operation.name,
    operationKind: operation.kind,
    ...(operation.peer && { peer: operation.peer.name }),
    ...(statement !== '' && { statement }),
  }
}
