// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { fisherExactGreater } from '../../../src/query/analysis/anomalies/statistics/fisher-exact'
import { HitShares } from '../../../src/query/analysis/anomalies/statistics/hit-shares'
import { RankSums } from '../../../src/query/analysis/anomalies/statistics/rank-sums'
import { scanStretches } from '../../../src/query/analysis/anomalies/statistics/scan-stretches'

function choose(n: number, k: number): bigint {
  if (k < 0 || k > n) return 0n
  let ways = 1n
  for (let one = 1; one <= k; one++) ways = (ways * BigInt(n - k + one)) / BigInt(one)
  return ways
}

test("Fisher's test counts the tables that are as extreme or more", () => {
  const share = fc
    .tuple(fc.nat(40), fc.nat(40))
    .map(([hits, others]) => ({ hits, of: hits + others }))
  fc.assert(
    fc.property(share, share, (inside, outside) => {
      const hits = inside.hits + outside.hits
      let tables = 0n
      for (let k = inside.hits; k <= inside.of; k++) {
        tables += choose(inside.of, k) * choose(outside.of, hits - k)
      }
      const all = choose(inside.of + outside.of, hits)
      const expected = Number((tables * 10n ** 18n) / all) / 1e18
      expect(fisherExactGreater(inside, outside)).toBeCloseTo(expected, 9)
    }),
  )
})

/** Small whole numbers, so that many are tied. */
const values = fc
  .array(fc.nat(12), { minLength: 2, maxLength: 60 })
  .map((numbers) => Float64Array.from(numbers))

function winsOf(inside: Float64Array, outside: Float64Array): number {
  let wins = 0
  for (const one of inside) {
    for (const other of outside) wins += one > other ? 1 : one === other ? 0.5 : 0
  }
  return wins / (inside.length * outside.length)
}

/** By its definition: the deviations of U, corrected for ties. */
function deviationsOf(inside: Float64Array, outside: Float64Array): number {
  const all = [...inside, ...outside]
  const n = all.length
  let ties = 0
  for (const value of new Set(all)) {
    const tied = all.filter((one) => one === value).length
    ties += tied ** 3 - tied
  }
  const pairs = inside.length * outside.length
  const variance = (pairs / 12) * (n + 1 - ties / (n * (n - 1)))
  if (variance <= 1e-9) return 0
  return (winsOf(inside, outside) * pairs - pairs / 2 - 0.5) / Math.sqrt(variance)
}

test('a stretch is compared with the rest as if every pair had been looked at', () => {
  fc.assert(
    fc.property(values, fc.nat(), fc.nat(), (sequence, start, length) => {
      const from = start % (sequence.length - 1)
      const to = from + 1 + (length % (sequence.length - 1 - from))
      const inside = sequence.slice(from, to)
      const outside = Float64Array.of(...sequence.slice(0, from), ...sequence.slice(to))
      const ranks = new RankSums(sequence)
      expect(ranks.superiority(from, to)).toBeCloseTo(winsOf(inside, outside), 9)
      expect(ranks.score(from, to)).toBeCloseTo(deviationsOf(inside, outside), 6)
    }),
  )
})

test('the whole of a sequence is compared with a reference in the same way', () => {
  fc.assert(
    fc.property(values, values, (sequence, reference) => {
      const ranks = new RankSums(sequence, reference)
      const { length } = sequence
      expect(ranks.superiority(0, length)).toBeCloseTo(winsOf(sequence, reference), 9)
      expect(ranks.score(0, length)).toBeCloseTo(deviationsOf(sequence, reference), 6)
    }),
  )
})

test('hits are counted on both sides of a stretch, and more inside stand out', () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 3, maxLength: 60 }),
      fc.nat(),
      (hits, where) => {
        const from = where % (hits.length - 1)
        const shares = new HitShares(hits.map(Number))
        const inside = hits.slice(from, from + 1)
        const outside = [...hits.slice(0, from), ...hits.slice(from + 1)]
        const count = (of: readonly boolean[]): number => of.filter(Boolean).length
        expect(shares.inside(from, from + 1)).toEqual({ hits: count(inside), of: 1 })
        expect(shares.outside(from, from + 1)).toEqual({ hits: count(outside), of: outside.length })
        const stands = count(inside) > count(outside) / outside.length
        expect(shares.score(from, from + 1) > 0).toBe(stands)
      },
    ),
  )
})

test('the stretch that stands out most is the one that was raised', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 12 }),
      fc.integer({ min: 3, max: 6 }),
      (first, pieces) => {
        // 400 values in 20 pieces of 20; some of the pieces hold nothing but hits.
        const isRaised = (index: number): boolean =>
          index >= first * 20 && index < (first + pieces) * 20
        const hits = Array.from({ length: 400 }, (_, index) => (isRaised(index) ? 1 : 0))
        const found = scanStretches(
          { length: 400, leastInside: 8, leastOutside: 16 },
          new HitShares(hits),
        )
        expect(found).toMatchObject({ from: first * 20, to: (first + pieces) * 20 })
        expect(found?.pValue).toBeLessThan(1e-10)
      },
    ),
  )
})

test('of values that are all alike no stretch stands out', () => {
  const alike = new Float64Array(200).fill(7)
  const options = { length: 200, leastInside: 8, leastOutside: 16 }
  expect(scanStretches(options, new RankSums(alike))).toBeUndefined()
  expect(scanStretches(options, new HitShares(alike))).toBeUndefined()
})
