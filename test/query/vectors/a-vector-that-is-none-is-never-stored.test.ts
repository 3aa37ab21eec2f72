// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createVectorIndex } from '../../../src/query/search/vectors/vector-index'
import { runSourcesInWorkers } from '../../support/sources-in-workers'
import { withReason } from './support/with-reason'

runSourcesInWorkers()

const malformed: [string, Float32Array, RegExp][] = [
  ['has too few dimensions', Float32Array.of(1, 2), /3 dimensions, got 2/],
  ['has too many dimensions', Float32Array.of(1, 2, 3, 4), /3 dimensions, got 4/],
  ['is empty', new Float32Array(0), /3 dimensions, got 0/],
  ['is all zeros', new Float32Array(3), /all zeros/],
  ['is all negative zeros', new Float32Array(3).fill(-0), /all zeros/],
  ['has a NaN', Float32Array.of(1, NaN, 3), /not finite: NaN at 1/],
  ['has an infinity', Float32Array.of(1, 2, Infinity), /not finite: Infinity at 2/],
  ['has the other infinity', Float32Array.of(-Infinity, 2, 3), /not finite: -Infinity at 0/],
]

describe('a vector that is none', () => {
  const index = createVectorIndex({ dimensions: 3 })

  afterAll(() => index.close())

  it.each(malformed)('is never stored: it %s', async (_, vector, message) => {
    index.add(1, Float32Array.of(1, 0, 0))
    expect(() => index.add(2, vector)).toThrow(message)
    expect(() => index.add(1, vector)).toThrow(withReason('EmbeddingFailure'))
    expect(index.size).toBe(1)
    expect(await index.search(Float32Array.of(1, 0, 0), 9)).toEqual([{ id: 1, similarity: 1 }])
  })

  it.each(malformed)('is never searched for: it %s', async (_, vector, message) => {
    const search = index.search(vector, 9)
    await expect(search).rejects.toThrow(message)
    await expect(search).rejects.toEqual(withReason('EmbeddingFailure'))
  })
})

test.each([
  ['as small as numbers are', Float32Array.of(1e-45, 0, 0)],
  ['as large as numbers are', Float32Array.of(3.4e38, 3.4e38, 3.4e38)],
])('a vector %s is one', async (_, vector) => {
  const index = createVectorIndex({ dimensions: 3 })
  try {
    index.add(1, vector)
    const [{ similarity }] = await index.search(vector, 1)
    expect(similarity).toBeCloseTo(1, 6)
  } finally {
    await index.close()
  }
})
