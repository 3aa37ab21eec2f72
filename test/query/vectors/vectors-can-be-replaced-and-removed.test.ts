// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { toUnitVector } from '../../../src/query/search/vectors/unit-vector'
import { VectorTable, chunkRows } from '../../../src/query/search/vectors/vector-table'
import { createVectorIndex } from '../../../src/query/search/vectors/vector-index'
import { runSourcesInWorkers } from '../../support/sources-in-workers'
import { nearestByCosine, randomVector, seededNumbers } from './support/vectors'

runSourcesInWorkers()

const DIMENSIONS = 5

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ set: fc.nat(12), seed: fc.nat(1_000) }) },
    { weight: 1, arbitrary: fc.record({ remove: fc.nat(12) }) },
    { weight: 2, arbitrary: fc.record({ add: fc.array(fc.nat(20), { maxLength: 3 }) }) },
  ),
  { maxLength: 60 },
)

test('whatever is added, replaced and removed, a search finds what is there', () => {
  fc.assert(
    fc.property(steps, fc.nat(1_000), (taken, seed) => {
      const table = new VectorTable(DIMENSIONS)
      const there = new Map<number, Float32Array>()
      for (const step of taken) {
        if ('set' in step) {
          const vector = toUnitVector(vectorOf(step.seed), DIMENSIONS, 'it')
          table.set(step.set, vector)
          there.set(step.set, vector)
        } else if ('add' in step) {
          const chunk = new Float32Array(chunkRows(DIMENSIONS) * DIMENSIONS)
          step.add.forEach((id, at) => {
            const vector = toUnitVector(vectorOf(id + at), DIMENSIONS, 'it')
            chunk.set(vector, at * DIMENSIONS)
            there.set(id, vector)
          })
          table.addAll(step.add, chunk)
        } else {
          table.delete(step.remove)
          there.delete(step.remove)
        }
      }
      const query = toUnitVector(vectorOf(seed), DIMENSIONS, 'it')
      const { ids, similarities } = table.search(query, 20)
      const expected = nearestByCosine(there, query, 20)
      expect(table.size).toBe(there.size)
      expect([...ids].sort()).toEqual(expected.map(({ id }) => id).sort())
      expected.forEach(({ similarity }, at) => {
        expect(similarities[at]).toBeCloseTo(similarity, 5)
      })
    }),
    { numRuns: 200 },
  )
})

test('an index that changes between searches answers for each state', async () => {
  const index = createVectorIndex({ dimensions: 2 })
  try {
    expect(await index.search(Float32Array.of(1, 0), 5)).toEqual([])
    index.add(3, Float32Array.of(2, 0))
    index.add(7, Float32Array.of(0, 9))
    const both = index.search(Float32Array.of(1, 0), 5)
    expect(await both).toEqual([
      { id: 3, similarity: 1 },
      { id: 7, similarity: 0 },
    ])
    index.add(3, Float32Array.of(-1, 0))
    index.remove(8)
    expect(index.size).toBe(2)
    expect(await index.search(Float32Array.of(1, 0), 5)).toEqual([
      { id: 7, similarity: 0 },
      { id: 3, similarity: -1 },
    ])
    index.remove(7)
    expect(index.size).toBe(1)
    expect(await index.search(Float32Array.of(1, 0), 5)).toEqual([{ id: 3, similarity: -1 }])
    index.remove(3)
    expect(await index.search(Float32Array.of(1, 0), 5)).toEqual([])
  } finally {
    await index.close()
  }
})

test('what the caller does with a vector later changes nothing', async () => {
  const index = createVectorIndex({ dimensions: 2 })
  try {
    const vector = Float32Array.of(3, 4)
    index.add(1, vector)
    vector.fill(-1)
    const [found] = await index.search(Float32Array.of(1, 0), 1)
    expect(found.similarity).toBeCloseTo(0.6, 6)
  } finally {
    await index.close()
  }
})

function vectorOf(seed: number): Float32Array {
  return randomVector(DIMENSIONS, seededNumbers(seed))
}
