// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  type Score,
  scoreFaultySeed,
  scoreHealthySeed,
} from '../../support/generated-shop/score-seed'

// The short form, of small sessions. `test/long` has a hundred seeds of each, and larger ones.
const SMALL = { mostTraces: 350 }

function wrongOnes(scores: readonly Score[]): string[] {
  return scores.filter(({ isRight }) => !isRight).map(({ story }) => story)
}

test.each([2_007, 2_011])(
  'the fault of seed %d is found where it was put, with and without a baseline',
  async (seed) => {
    expect(wrongOnes(await scoreFaultySeed(seed, SMALL))).toEqual([])
  },
)

test('nothing is found where nothing is wrong', async () => {
  expect(wrongOnes(await scoreHealthySeed(2_001, SMALL))).toEqual([])
})
