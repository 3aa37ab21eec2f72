// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import { checkOptions, expected, withoutUndefined } from '../../../options/check-options'
import { QueryError } from '../../query-error'
import { AskedPeer } from './asked-peer'
import { maxRows } from './simd-scanner'
import { startThreadPeer } from './thread-peer'
import { toUnitVector } from './unit-vector'
import type { VectorRequest } from './vector-messages'
import { type Neighbours, chunkRows } from './vector-table'

export interface VectorIndexOptions {
  /** How many numbers a vector has: from 1 to 8,192. */
  dimensions: number
  /** How many vectors it holds at most. Default 1,000,000, which are 1.9 GB at 384 dimensions. */
  maxVectors?: number
}

export interface SimilarVector {
  readonly id: number
  /** The cosine of the angle between the vectors, from -1 to 1. */
  readonly similarity: number
}

export interface VectorSearchOptions {
  signal?: AbortSignal
}

/** Vectors by number, searched by likeness on a thread of their own. */
export interface VectorIndex {
  readonly size: number
  /**
   * Adds a vector, or replaces the one of the same id. It is copied.
   *
   * @param id a whole number of 0 or more
   * @throws {@link QueryError} `EmbeddingFailure` if the vector has another number of dimensions,
   *   is all zeros, or has a number that is not finite; nothing is stored then. `IndexUnusable`
   *   if the index is full, `Closed` after `close()`.
   */
  add(id: number, vector: Float32Array): void
  /** Removes a vector. One that is not there may be removed too. */
  remove(id: number): void
  /**
   * The vectors most similar to `query`, the most similar first. It finds what was added before
   * the call. Rejects with `signal.reason` when that fires.
   *
   * @param limit how many at most
   */
  search(
    query: Float32Array,
    limit: number,
    options?: VectorSearchOptions,
  ): Promise<SimilarVector[]>
  close(): Promise<void>
}

const MAX_DIMENSIONS = 8_192
const DEFAULTS = Object.freeze({ maxVectors: 1_000_000 })

const ENTRIES = {
  dimensions: expected<number>(
    `a whole number from 1 to ${MAX_DIMENSIONS}`,
    (value) => isWhole(value, 1) && value <= MAX_DIMENSIONS,
  ),
  maxVectors: v.optional(expected<number>('a whole number above 0', (value) => isWhole(value, 1))),
}

/**
 * Creates an index that is exact: it looks at every vector, by eight bits a number, and once more
 * in full at the nearest. That takes some 25 µs for a thousand vectors of 384 dimensions, and 1.9 kB
 * of memory each.
 *
 * @example
 * const index = createVectorIndex({ dimensions: 3 })
 * index.add(1, Float32Array.of(1, 0, 0))
 * index.add(2, Float32Array.of(0, 1, 0))
 * await index.search(Float32Array.of(3, 4, 0), 1) // [{ id: 2, similarity: 0.8 }]
 * await index.close()
 *
 * @throws {@link QueryError} `InvalidConfig`
 */
export function createVectorIndex(options: VectorIndexOptions): VectorIndex {
  const { dimensions, maxVectors } = checkOptions(
    ENTRIES,
    withoutUndefined(options),
    (complaint) => new QueryError('InvalidConfig', complaint),
  )
  const fitting = maxRows(dimensions)
  if (maxVectors !== undefined && maxVectors > fitting) {
    const most = `at most ${fitting} with ${dimensions} dimensions`
    throw new QueryError('InvalidConfig', `'maxVectors' has to be ${most}, got ${maxVectors}`)
  }
  return new ThreadedVectorIndex(dimensions, maxVectors ?? Math.min(DEFAULTS.maxVectors, fitting))
}

class ThreadedVectorIndex implements VectorIndex {
  readonly #dimensions: number
  readonly #maxVectors: number
  readonly #chunkRows: number
  readonly #thread: AskedPeer<VectorRequest, Neighbours>
  readonly #ids = new Set<number>()
  /** Added, and not yet with the thread. */
  #pendingIds: number[] = []
  #pendingVectors: Float32Array<ArrayBuffer>

  constructor(dimensions: number, maxVectors: number) {
    this.#dimensions = dimensions
    this.#maxVectors = maxVectors
    this.#chunkRows = chunkRows(dimensions)
    this.#pendingVectors = this.#emptyChunk()
    this.#thread = new AskedPeer({
      start: () => startThreadPeer('search/vectors/vector-worker', { dimensions }),
      toError: (message, cause) =>
        new QueryError('IndexUnusable', `the vectors are lost, build them again: ${message}`, {
          cause,
        }),
    })
  }

  get size(): number {
    return this.#ids.size
  }

  add(id: number, vector: Float32Array): void {
    this.#checkUsable()
    checkWhole('id', id, 0)
    this.#checkRoomFor(id)
    // An array for each vector would be more garbage than what is kept.
    const place = this.#pendingIds.length * this.#dimensions
    const into = this.#pendingVectors.subarray(place, place + this.#dimensions)
    toUnitVector(vector, this.#dimensions, `the vector of ${id}`, into)
    this.#pendingIds.push(id)
    this.#ids.add(id)
    if (this.#pendingIds.length === this.#chunkRows) this.#sendPending()
  }

  remove(id: number): void {
    this.#checkUsable()
    if (!this.#ids.delete(id)) return
    this.#sendPending()
    this.#thread.tell({ kind: 'remove', id })
  }

  async search(
    query: Float32Array,
    limit: number,
    { signal }: VectorSearchOptions = {},
  ): Promise<SimilarVector[]> {
    this.#checkUsable()
    checkWhole('limit', limit, 1)
    const unit = toUnitVector(query, this.#dimensions, "the query's vector")
    if (this.size === 0) return []
    this.#sendPending()
    const request = { kind: 'search', query: unit, limit } as const
    const { ids, similarities } = await this.#thread.ask(request, signal)
    return Array.from(ids, (id, at) => ({ id, similarity: similarities[at] }))
  }

  async close(): Promise<void> {
    await this.#thread.close(new QueryError('Closed', 'the vector index is closed'))
    this.#ids.clear()
    this.#pendingIds = []
  }

  #checkRoomFor(id: number): void {
    if (this.size < this.#maxVectors || this.#ids.has(id)) return
    const advice = 'remove some, or raise maxVectors'
    throw new QueryError('IndexUnusable', `it holds ${this.size} vectors already: ${advice}`)
  }

  #sendPending(): void {
    if (this.#pendingIds.length === 0) return
    const ids = this.#pendingIds
    const vectors = this.#pendingVectors
    this.#pendingIds = []
    this.#pendingVectors = this.#emptyChunk()
    this.#thread.tell({ kind: 'add', ids, vectors }, [vectors.buffer])
  }

  #emptyChunk(): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#chunkRows * this.#dimensions)
  }

  #checkUsable(): void {
    if (this.#thread.failure) throw this.#thread.failure
  }
}

function checkWhole(name: string, value: number, least: number): void {
  if (isWhole(value, least)) return
  const expectation = `a whole number of ${least} or more`
  throw new QueryError('InvalidConfig', `'${name}' has to be ${expectation}, got ${String(value)}`)
}

function isWhole(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least
}
