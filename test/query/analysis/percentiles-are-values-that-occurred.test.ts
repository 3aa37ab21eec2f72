// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import {
  durationHistogram,
  durationStatistics,
  percentile,
} from '../../../src/query/analysis/duration-statistics'

const durations = fc
  .array(fc.oneof(fc.nat(20), fc.double({ min: 0, max: 1e9, noNaN: true })), { maxLength: 200 })
  .map((values) => Float64Array.from(values).sort())

test('a percentile is the smallest value that enough of the values do not exceed', () => {
  const share = fc.constantFrom(0.5, 0.9, 0.95, 0.99, 1)
  fc.assert(
    fc.property(
      durations.filter(({ length }) => length > 0),
      share,
      (sorted, of) => {
        // In whole percents, so that 0.95 of 20 is 19 and nothing else.
        const isEnough = (value: number) =>
          sorted.filter((other) => other <= value).length * 100 >=
          Math.round(of * 100) * sorted.length
        expect(percentile(sorted, of)).toBe(sorted.find(isEnough))
      },
    ),
  )
})

test('statistics agree with plain sums, and nothing is longer than the longest', () => {
  fc.assert(
    fc.property(durations, (sorted) => {
      const { meanMillis, p50Millis, p99Millis, maxMillis } = durationStatistics(sorted)
      const sum = [...sorted].reduce((total, value) => total + value, 0)
      expect(meanMillis).toBeCloseTo(sorted.length > 0 ? sum / sorted.length : 0)
      expect(maxMillis).toBe(sorted.length > 0 ? Math.max(...sorted) : 0)
      expect(p50Millis).toBeLessThanOrEqual(p99Millis)
      expect(p99Millis).toBeLessThanOrEqual(maxMillis)
    }),
  )
})

test('every duration is in exactly one bucket, and the buckets follow one another', () => {
  fc.assert(
    fc.property(durations, (sorted) => {
      const buckets = durationHistogram(sorted)
      for (const [index, { fromMillis, toMillis, count }] of buckets.entries()) {
        const within = sorted.filter((value) => value >= fromMillis && value < toMillis)
        expect(count).toBe(within.length)
        if (index > 0) expect(fromMillis).toBe(buckets[index - 1].toMillis)
      }
      expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(sorted.length)
      expect(buckets.at(0)?.count).not.toBe(0)
      expect(buckets.at(-1)?.count).not.toBe(0)
    }),
  )
})
