// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { keptInputs, strayFolders } from './support/corpus'
import { fuzz } from './support/fuzz'
import { prepare, targets } from './targets'

// The short form of `node test/fuzz/run.mjs`: every input that was kept, and a few mutants.
const CASES = 30
const SEED = 20_261_121

beforeAll(prepare)

test('every folder of kept inputs belongs to a parser', () => {
  expect(strayFolders(targets.map(({ name }) => name))).toEqual([])
})

describe.each(targets)('$name', (target) => {
  for (const { name, bytes } of keptInputs(target.name)) {
    test(name, async () => {
      const { bugs } = await fuzz(target, { cases: 0, seed: SEED, corpus: [bytes] })
      expect(bugs).toEqual([])
    })
  }

  test('mutants', async () => {
    const cases = Math.ceil(CASES * (target.weight ?? 1))
    const { bugs, accepted, refused } = await fuzz(target, { cases, seed: SEED })
    expect(bugs).toEqual([])
    expect(accepted + refused).toBeGreaterThanOrEqual(cases)
  })
})
