// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Vectors for benches, the same ones for the same seed, end to end in one array.

/** Numbers in -1..1. */
function seededNumbers(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1
  }
}

/** Unlike anything: of many dimensions, all are about as far from each other. */
export function randomVectors(count, dimensions, seed) {
  const next = seededNumbers(seed)
  return Float32Array.from({ length: count * dimensions }, next)
}

/** In heaps, as what is embedded of a system lies; two of a heap have a cosine of 0.92. */
export function clusteredVectors(count, dimensions, clusters, seed) {
  const centres = randomVectors(clusters, dimensions, seed)
  const next = seededNumbers(seed + 1)
  return Float32Array.from({ length: count * dimensions }, (_, at) => {
    const cluster = Math.floor(at / dimensions) % clusters
    return centres[cluster * dimensions + (at % dimensions)] + 0.3 * next()
  })
}

/** A query near each of some vectors. */
export function queriesNear(vectors, count, dimensions, seed) {
  const next = seededNumbers(seed)
  const step = Math.floor(vectors.length / dimensions / count)
  return Array.from({ length: count }, (_, at) => {
    const start = at * step * dimensions
    return vectors.slice(start, start + dimensions).map((number) => number + 0.3 * next())
  })
}

/** The search that one would write: every cosine in floating point. */
export function createPlainSearch(vectors, dimensions) {
  const count = vectors.length / dimensions
  const lengths = Float64Array.from({ length: count }, (_, row) => {
    return Math.sqrt(product(vectors, row * dimensions, vectors, row * dimensions, dimensions))
  })
  return (query, limit) => {
    const length = Math.sqrt(product(query, 0, query, 0, dimensions))
    const best = []
    for (let row = 0; row < count; row++) {
      const dot = product(vectors, row * dimensions, query, 0, dimensions)
      const similarity = dot / lengths[row] / length
      if (best.length === limit && similarity <= best[limit - 1].similarity) continue
      const place = best.findIndex((other) => other.similarity < similarity)
      best.splice(place === -1 ? best.length : place, 0, { id: row, similarity })
      best.length = Math.min(best.length, limit)
    }
    return best
  }
}

function product(a, aStart, b, bStart, count) {
  let sum = 0
  for (let i = 0; i < count; i++) sum += a[aStart + i] * b[bStart + i]
  return sum
}
