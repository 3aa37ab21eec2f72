// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type {
  ExponentialBuckets,
  ExponentialHistogramPoint,
  HistogramPoint,
  NumberPoint,
} from './captured-metric'

// Each takes what is known of a series and what was measured since, and makes
// one point of both.

export function mergeSums(known: NumberPoint, later: NumberPoint): NumberPoint {
  return { ...later, value: known.value + later.value }
}

export function mergeHistograms(known: HistogramPoint, later: HistogramPoint): HistogramPoint {
  return {
    attributes: later.attributes,
    ...mergeStatistics(known, later),
    // The boundaries are the instrument's own and never change.
    boundaries: later.boundaries,
    bucketCounts: later.bucketCounts.map((count, i) => count + (known.bucketCounts[i] ?? 0)),
  }
}

// As many as the SDK keeps. Two lone values far apart, each at the finest scale,
// would otherwise span millions of buckets between them.
const MAX_BUCKETS = 160

export function mergeExponentialHistograms(
  known: ExponentialHistogramPoint,
  later: ExponentialHistogramPoint,
): ExponentialHistogramPoint {
  let scale = Math.min(known.scale, later.scale)
  const merged = (sign: 'positive' | 'negative') => [
    downscale(known[sign], known.scale - scale),
    downscale(later[sign], later.scale - scale),
  ]
  while (widthOf(merged('positive')) > MAX_BUCKETS || widthOf(merged('negative')) > MAX_BUCKETS) {
    scale--
  }
  return {
    attributes: later.attributes,
    ...mergeStatistics(known, later),
    scale,
    zeroCount: known.zeroCount + later.zeroCount,
    positive: addBuckets(merged('positive')),
    negative: addBuckets(merged('negative')),
  }
}

interface Statistics {
  readonly count: number
  readonly sum?: number
  readonly min?: number
  readonly max?: number
}

function mergeStatistics(known: Statistics, later: Statistics): Statistics {
  return {
    count: known.count + later.count,
    ...combine('sum', known, later, (a, b) => a + b),
    ...combine('min', known, later, Math.min),
    ...combine('max', known, later, Math.max),
  }
}

function combine(
  field: 'sum' | 'min' | 'max',
  known: Statistics,
  later: Statistics,
  how: (a: number, b: number) => number,
): Partial<Statistics> {
  const a = known[field]
  const b = later[field]
  const combined = a === undefined ? b : b === undefined ? a : how(a, b)
  return combined === undefined ? {} : { [field]: combined }
}

/** One step of scale makes one bucket of two neighbours, so an index loses its last bit. */
function downscale(
  { offset, bucketCounts }: ExponentialBuckets,
  steps: number,
): ExponentialBuckets {
  const first = offset >> steps
  const merged: number[] = []
  bucketCounts.forEach((count, i) => {
    const index = ((offset + i) >> steps) - first
    merged[index] = (merged[index] ?? 0) + count
  })
  return { offset: first, bucketCounts: merged }
}

interface Range {
  readonly first: number
  readonly end: number
}

function rangeOf(sets: readonly ExponentialBuckets[]): Range {
  const used = sets.filter(({ bucketCounts }) => bucketCounts.length > 0)
  if (used.length === 0) return { first: 0, end: 0 }
  return {
    first: Math.min(...used.map(({ offset }) => offset)),
    end: Math.max(...used.map(({ offset, bucketCounts }) => offset + bucketCounts.length)),
  }
}

function widthOf(sets: readonly ExponentialBuckets[]): number {
  const { first, end } = rangeOf(sets)
  return end - first
}

function addBuckets(sets: readonly ExponentialBuckets[]): ExponentialBuckets {
  const { first, end } = rangeOf(sets)
  const bucketCounts = Array.from({ length: end - first }, (_, i) =>
    sets.reduce((sum, set) => sum + (set.bucketCounts[first + i - set.offset] ?? 0), 0),
  )
  return { offset: first, bucketCounts }
}
