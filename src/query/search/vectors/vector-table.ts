// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createInt8Scanner } from './create-int8-scanner'
import { type Int8Scanner, ROW_PEAK, SCAN_ROWS, queryPeak } from './int8-scanner'

/** So many numbers lie in one array: 256 vectors of 384 dimensions. */
const CHUNK_NUMBERS = 98_304
/** So many of the nearest by eight bits are compared once more, by 32: enough to miss none. */
const CANDIDATES_PER_RESULT = 5
const MIN_CANDIDATES = 50

/** How many vectors lie in one array. */
export function chunkRows(dimensions: number): number {
  return Math.ceil(CHUNK_NUMBERS / dimensions)
}

export interface Neighbours {
  /** The most similar first; of equals the one with the lowest number. */
  readonly ids: Float64Array<ArrayBuffer>
  readonly similarities: Float32Array<ArrayBuffer>
}

/**
 * Vectors of length 1, each twice: as eight-bit numbers, all of which a search goes through, and
 * as they are, for the few that are left then.
 *
 * Compared by eight bits alone, neighbours that are nearly equal come in the wrong order; compared
 * by 32 alone, a search has to read four times as much memory, which is what it takes its time for.
 */
export class VectorTable {
  readonly #dimensions: number
  readonly #scanner: Int8Scanner
  readonly #chunkRows: number
  readonly #chunks: Float32Array[] = []
  /** What a row's eight-bit numbers have to be multiplied with. */
  readonly #scales: number[] = []
  readonly #ids: number[] = []
  readonly #rowOfId = new Map<number, number>()

  constructor(dimensions: number, scanner: Int8Scanner = createInt8Scanner(dimensions)) {
    this.#dimensions = dimensions
    this.#chunkRows = chunkRows(dimensions)
    this.#scanner = scanner
  }

  get size(): number {
    return this.#ids.length
  }

  /**
   * Adds vectors, or replaces those of the same ids.
   *
   * @param chunk the vectors, of length 1, end to end, with room for {@link chunkRows}. It belongs
   *   to the table from then on: where it can, it keeps them where they are, for a copy of all
   *   that is added is as much memory again, until somebody collects it
   */
  addAll(ids: readonly number[], chunk: Float32Array): void {
    const isNew = new Set(ids).size === ids.length && !ids.some((id) => this.#rowOfId.has(id))
    if (isNew && this.size === this.#chunks.length * this.#chunkRows) this.#chunks.push(chunk)
    ids.forEach((id, at) => {
      this.set(id, chunk.subarray(at * this.#dimensions, (at + 1) * this.#dimensions))
    })
  }

  /** @param vector of length 1 */
  set(id: number, vector: Float32Array): void {
    const row = this.#rowOfId.get(id) ?? this.#ids.length
    if (row === this.#ids.length) this.#reserve(row + 1)
    // Onto itself, if its chunk was taken as it is.
    this.#vector(row).set(vector)
    this.#scales[row] = quantise(vector, ROW_PEAK, this.#scanner.row(row))
    this.#ids[row] = id
    this.#rowOfId.set(id, row)
  }

  delete(id: number): void {
    const row = this.#rowOfId.get(id)
    if (row === undefined) return
    const last = this.#ids.length - 1
    // The last row moves into the gap: a search goes through rows without a gap.
    if (row < last) this.#move(last, row)
    this.#ids.pop()
    this.#scales.pop()
    this.#rowOfId.delete(id)
  }

  /** @param query of length 1 */
  search(query: Float32Array, limit: number): Neighbours {
    const candidates = this.#candidates(
      query,
      Math.max(MIN_CANDIDATES, limit * CANDIDATES_PER_RESULT),
    )
    const ids = this.#ids
    const found = candidates
      .map((row) => ({ id: ids[row], similarity: dot(query, this.#vector(row)) }))
      .sort((a, b) => b.similarity - a.similarity || a.id - b.id)
      .slice(0, limit)
    return {
      ids: Float64Array.from(found, ({ id }) => id),
      similarities: Float32Array.from(found, ({ similarity }) => similarity),
    }
  }

  #candidates(query: Float32Array, wanted: number): number[] {
    const { stride } = this.#scanner
    const numbers = new Int16Array(stride)
    quantise(query, queryPeak(stride), numbers)
    const best = new BestRows(wanted)
    const scales = this.#scales
    for (let first = 0; first < this.size; first += SCAN_ROWS) {
      const count = Math.min(SCAN_ROWS, this.size - first)
      const products = this.#scanner.dots(numbers, first, count)
      for (let at = 0; at < count; at++) {
        const score = products[at] * scales[first + at]
        if (score > best.threshold) best.add(first + at, score)
      }
    }
    return best.rows()
  }

  #reserve(rows: number): void {
    this.#scanner.reserve(rows)
    if (this.#chunks.length * this.#chunkRows < rows) {
      this.#chunks.push(new Float32Array(this.#chunkRows * this.#dimensions))
    }
  }

  #move(from: number, to: number): void {
    this.#vector(to).set(this.#vector(from))
    this.#scanner.row(to).set(this.#scanner.row(from))
    this.#scales[to] = this.#scales[from]
    this.#ids[to] = this.#ids[from]
    this.#rowOfId.set(this.#ids[to], to)
  }

  #vector(row: number): Float32Array {
    const start = (row % this.#chunkRows) * this.#dimensions
    return this.#chunks[Math.floor(row / this.#chunkRows)].subarray(start, start + this.#dimensions)
  }
}

/** The best rows of all that were added, found without sorting all of them. */
class BestRows {
  /** What is not above it need not be added. */
  threshold = -Infinity
  #added: { row: number; score: number }[] = []

  constructor(readonly wanted: number) {}

  add(row: number, score: number): void {
    this.#added.push({ row, score })
    if (this.#added.length >= 4 * this.wanted) this.#cut()
  }

  rows(): number[] {
    this.#cut()
    return this.#added.map(({ row }) => row)
  }

  #cut(): void {
    this.#added.sort((a, b) => b.score - a.score)
    this.#added.length = Math.min(this.#added.length, this.wanted)
    if (this.#added.length === this.wanted) this.threshold = this.#added[this.wanted - 1].score
  }
}

/**
 * The whole numbers nearest to the vector's, when its largest becomes `peak`.
 *
 * @returns what they have to be multiplied with to be the vector's again
 */
function quantise(vector: Float32Array, peak: number, into: Int8Array | Int16Array): number {
  let largest = 0
  for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i]))
  const factor = peak / largest
  for (let i = 0; i < vector.length; i++) into[i] = Math.round(vector[i] * factor)
  return 1 / factor
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
