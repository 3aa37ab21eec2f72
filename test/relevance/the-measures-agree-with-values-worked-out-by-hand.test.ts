// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mean, ndcgAt10, precisionAt10 } from './measures'

describe('the measures agree with values worked out by hand', () => {
  it.each([
    ['nothing found', [0, 0, 0], 0],
    ['one that is near is not found', [1, 1], 0],
    ['three of ten places', [2, 0, 2, 1, 2], 0.3],
    ['all places', Array<number>(10).fill(2), 1],
    ['what comes after the tenth place does not count', [...Array<number>(10).fill(0), 2], 0],
    ['no answer at all', [], 0],
  ])('precision at 10: %s', (_, grades, expected) => {
    expect(precisionAt10(grades)).toBeCloseTo(expected, 12)
  })

  // 1/log2(place + 1): 1, 0.630930, 0.5, 0.430677, 0.386853, …
  it.each([
    ['the best order', [2, 1], [1, 2, 0], 1],
    ['the other way round', [1, 2], [1, 2, 0], 2.892789 / 3.63093],
    ['the only one in the third place', [0, 0, 2], [2], 0.5],
    ['only the near one', [1], [2, 1], 1 / 3.63093],
    ['no answer at all', [], [2], 0],
    ['more to find than places', Array<number>(10).fill(2), Array<number>(40).fill(2), 1],
    ['two of three', [2, 0, 2], [2, 2, 2], (3 + 1.5) / (3 + 1.892789 + 1.5)],
  ])('nDCG at 10: %s', (_, grades, allGrades, expected) => {
    expect(ndcgAt10(grades, allGrades)).toBeCloseTo(expected, 6)
  })

  it('nDCG of a query that nothing answers is a mistake in the query', () => {
    expect(() => ndcgAt10([0], [0, 0])).toThrow(RangeError)
  })

  it('means', () => {
    const measured = [
      { precisionAt10: 0.2, ndcgAt10: 1 },
      { precisionAt10: 0.4, ndcgAt10: 0 },
    ]
    expect(mean(measured).precisionAt10).toBeCloseTo(0.3, 12)
    expect(mean(measured).ndcgAt10).toBeCloseTo(0.5, 12)
  })
})
