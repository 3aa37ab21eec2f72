// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { cohensH } from '../../../src/query/analysis/anomalies/statistics/cohens-h'
import { fisherExactGreater } from '../../../src/query/analysis/anomalies/statistics/fisher-exact'
import { adjustByHolm } from '../../../src/query/analysis/anomalies/statistics/holm'
import { logFactorial } from '../../../src/query/analysis/anomalies/statistics/log-factorial'
import { normalTail } from '../../../src/query/analysis/anomalies/statistics/normal-tail'
import { RankSums } from '../../../src/query/analysis/anomalies/statistics/rank-sums'

test.each([
  // Of the tables of the normal distribution, and R's pnorm(z, lower.tail = FALSE).
  [0, 0.5],
  [1, 0.1586552539],
  [1.959963985, 0.025],
  [3, 0.001349898032],
  [6, 9.86587645e-10],
  [10, 7.619853024e-24],
  [-2, 0.9772498681],
])('a normal variable is at least %d with probability %d', (z, expected) => {
  expect(normalTail(z) / expected).toBeCloseTo(1, 6)
})

test('a lady who tastes tea has to be right all four times', () => {
  // R. A. Fisher, The Design of Experiments, chapter 2: one in 70 by chance, and 17 in 70.
  expect(fisherExactGreater({ hits: 4, of: 4 }, { hits: 0, of: 4 })).toBeCloseTo(1 / 70, 12)
  expect(fisherExactGreater({ hits: 3, of: 4 }, { hits: 1, of: 4 })).toBeCloseTo(17 / 70, 12)
  expect(fisherExactGreater({ hits: 0, of: 4 }, { hits: 4, of: 4 })).toBe(1)
})

test('convicts with an identical twin have more convict twins than others', () => {
  // R's fisher.test(Convictions), one-sided, of 10 of 13 and 2 of 17: p = 0.0004652.
  const pValue = fisherExactGreater({ hits: 10, of: 13 }, { hits: 2, of: 17 })
  expect(pValue).toBeCloseTo(0.0004652, 7)
})

test('of four p-values that were looked at together, each is worth less', () => {
  const adjusted = adjustByHolm([0.01, 0.04, 0.03, 0.005])
  // 4 × 0.005, 3 × 0.01, 2 × 0.03, and never less than the one before.
  expect(adjusted.map((value) => Number(value.toFixed(10)))).toEqual([0.03, 0.06, 0.06, 0.02])
})

test('factorials agree with their definition on both sides of the table', () => {
  let sum = 0
  for (let n = 2; n <= 2_000; n++) {
    sum += Math.log(n)
    expect(Math.abs(logFactorial(n) - sum) / sum).toBeLessThan(1e-12)
  }
})

test('the tortoise that won among hares is ahead of them 11 times of 36', () => {
  // The order at the finish of six tortoises and six hares: T H H H H H T T T T T H; U is 11 and 25.
  const places = Float64Array.of(1, 7, 8, 9, 10, 11, 2, 3, 4, 5, 6, 12)
  const ranks = new RankSums(places)
  expect(ranks.superiority(0, 6) * 36).toBeCloseTo(25, 10)
  expect(ranks.superiority(6, 12) * 36).toBeCloseTo(11, 10)
})

test('two shares are as far apart as the tables say', () => {
  // J. Cohen, table 6.2.2: φ of 0.5 is 1.571, of 0.25 is 1.047, of 0.1 is 0.644.
  expect(cohensH(0.5, 0.25)).toBeCloseTo(0.524, 3)
  expect(cohensH(0.1, 0.5)).toBeCloseTo(0.927, 3)
  expect(cohensH(0, 1)).toBeCloseTo(Math.PI, 12)
})
