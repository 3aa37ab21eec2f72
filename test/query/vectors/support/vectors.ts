// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Numbers in -1..1, the same ones for the same seed. */
export function seededNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1
  }
}

export function randomVector(dimensions: number, next: () => number): Float32Array {
  return Float32Array.from({ length: dimensions }, next)
}

/** Vectors that lie in `clusters` heaps, as the texts of a few hundred kinds of traces do. */
export function clusteredVectors(
  count: number,
  dimensions: number,
  clusters: number,
  next: () => number,
): Float32Array[] {
  const centres = Array.from({ length: clusters }, () => randomVector(dimensions, next))
  return Array.from({ length: count }, (_, at) => {
    const centre = centres[at % clusters]
    return centre.map((number) => number + 0.3 * next())
  })
}

/** The oracle: cosines in double precision, of every vector, sorted. */
export function nearestByCosine(
  vectors: ReadonlyMap<number, Float32Array>,
  query: Float32Array,
  limit: number,
): { id: number; similarity: number }[] {
  return [...vectors]
    .map(([id, vector]) => ({ id, similarity: cosine(vector, query) }))
    .sort((a, b) => b.similarity - a.similarity || a.id - b.id)
    .slice(0, limit)
}

export function cosine(a: Float32Array, b: Float32Array): number {
  let product = 0
  let lengthA = 0
  let lengthB = 0
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i]
    lengthA += a[i] * a[i]
    lengthB += b[i] * b[i]
  }
  return product / Math.sqrt(lengthA * lengthB)
}
