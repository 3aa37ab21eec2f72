// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type VectorIndex, createVectorIndex } from '../../../src/query/search/vectors/vector-index'
import { runSourcesInWorkers } from '../../support/sources-in-workers'
import { clusteredVectors, nearestByCosine, randomVector, seededNumbers } from './support/vectors'

const DIMENSIONS = 96
const COUNT = 12_000
const LIMIT = 10
const QUERIES = 20

runSourcesInWorkers()

describe.each([
  ['random', (next: () => number) => randomVectors(COUNT, next), []],
  [
    'clustered',
    (next: () => number) => clusteredVectors(COUNT, DIMENSIONS, 40, next),
    [1_500, 1_510],
  ],
])('a search of %s vectors', (_, make, pauses) => {
  const next = seededNumbers(7)
  const made = make(next)
  const vectors = new Map(made.map((vector, id) => [id, vector]))
  let index: VectorIndex

  beforeAll(async () => {
    index = createVectorIndex({ dimensions: DIMENSIONS })
    for (const [id, vector] of vectors) {
      index.add(id, vector)
      // What was added goes to the thread then, however little it is.
      if (pauses.includes(id)) await index.search(vector, 1)
    }
  })

  afterAll(() => index.close())

  it('finds what an exact comparison finds, with the same similarities', async () => {
    expect(index.size).toBe(COUNT)
    let found = 0
    for (let at = 0; at < QUERIES; at++) {
      const query = nearby(made[at * 7], next)
      const expected = nearestByCosine(vectors, query, LIMIT)
      const results = await index.search(query, LIMIT)
      expect(results).toHaveLength(LIMIT)
      const ids = new Set(results.map(({ id }) => id))
      found += expected.filter(({ id }) => ids.has(id)).length
      expect(results[0].id).toBe(expected[0].id)
      results.forEach(({ similarity }, place) => {
        expect(similarity).toBeCloseTo(expected[place].similarity, 2)
      })
      expect(results[0].similarity).toBeCloseTo(expected[0].similarity, 5)
    }
    expect(found / (QUERIES * LIMIT)).toBeGreaterThanOrEqual(0.99)
  })
})

function randomVectors(count: number, next: () => number): Float32Array[] {
  return Array.from({ length: count }, () => randomVector(DIMENSIONS, next))
}

function nearby(vector: Float32Array, next: () => number): Float32Array {
  return vector.map((number) => number + 0.2 * next())
}
