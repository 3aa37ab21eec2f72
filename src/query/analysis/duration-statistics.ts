// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Of durations, in milliseconds. Percentiles are values that occurred: by the nearest rank. */
export interface DurationStatistics {
  readonly meanMillis: number
  readonly p50Millis: number
  readonly p95Millis: number
  readonly p99Millis: number
  readonly maxMillis: number
}

const NO_DURATIONS: DurationStatistics = Object.freeze({
  meanMillis: 0,
  p50Millis: 0,
  p95Millis: 0,
  p99Millis: 0,
  maxMillis: 0,
})

/** The smallest value that at least this share (0 to 1) of the values don't exceed. */
export function percentile(sorted: Float64Array, share: number): number {
  // Written so that 0.95 of 20 is 19, which 0.95 * 20 need not be.
  const rank = Math.ceil(share * sorted.length - 1e-9)
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1]
}

/** @param sorted in ascending order */
export function durationStatistics(sorted: Float64Array): DurationStatistics {
  if (sorted.length === 0) return NO_DURATIONS
  let sum = 0
  for (const value of sorted) sum += value
  return {
    meanMillis: sum / sorted.length,
    p50Millis: percentile(sorted, 0.5),
    p95Millis: percentile(sorted, 0.95),
    p99Millis: percentile(sorted, 0.99),
    maxMillis: sorted[sorted.length - 1],
  }
}

/** How many durations lie between two bounds; the buckets of a histogram follow one another. */
export interface DurationBucket {
  readonly fromMillis: number
  /** Durations of exactly this long are in the next bucket. */
  readonly toMillis: number
  readonly count: number
}

/** Bounds that are easy to read, and each about twice the one before: 1, 2, 5, 10 … */
const STEPS = Object.freeze([1, 2, 5])
const SHORTEST_EXPONENT = -3
const LONGEST_EXPONENT = 7

/** @param sorted in ascending order */
export function durationHistogram(sorted: Float64Array): DurationBucket[] {
  if (sorted.length === 0) return []
  const buckets: DurationBucket[] = []
  let fromMillis = 0
  let at = 0
  for (const toMillis of bounds()) {
    const start = at
    while (at < sorted.length && sorted[at] < toMillis) at++
    if (at > start || buckets.length > 0) buckets.push({ fromMillis, toMillis, count: at - start })
    if (at === sorted.length) break
    fromMillis = toMillis
  }
  return buckets
}

function* bounds(): Generator<number, void, undefined> {
  for (let exponent = SHORTEST_EXPONENT; exponent <= LONGEST_EXPONENT; exponent++) {
    for (const step of STEPS) yield Number(`${step}e${exponent}`)
  }
  yield Number.MAX_VALUE
}
