// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import { QueryError } from '../query-error'
import type { TraceContent } from './trace-collection'
import { bytesOf, floatsOf } from './trace-record'
import type { NearContents } from './trace-searcher'
import { createCachingEmbedder } from './vectors/caching-embedder'
import type { Embedder } from './vectors/embedder'
import { toUnitVector } from './vectors/unit-vector'
import { type VectorIndex, createVectorIndex } from './vectors/vector-index'

/** How far embedding has come. */
export interface EmbeddingStatus {
  /** The embedder's name; absent where there is none. */
  readonly embedder?: string
  /** Different contents that have a vector. */
  readonly vectorCount: number
  /** Contents whose embedding failed, and queries. */
  readonly failureCount: number
  readonly lastFailure?: QueryError
}

export interface ContentToEmbed {
  readonly content: TraceContent
  readonly text: string
}

/** Of vectors that were given with traces, where there is no embedder. */
const GIVEN = 'given with the traces'
const NEAR_CONTENTS = 200

const log = diag.createComponentLogger({ namespace: 'otel-tape/search' })

/** The vectors of contents, one each: made by the embedder, or given with a trace. */
export class TraceVectors {
  readonly #embedder: Embedder | undefined
  #index: VectorIndex | undefined
  #dimensions: number | undefined
  readonly #embedded = new Set<number>()
  #failureCount = 0
  #lastFailure: QueryError | undefined

  constructor(embedder: Embedder | undefined, cacheSize: number) {
    this.#embedder = embedder && createCachingEmbedder(embedder, { cacheSize })
    this.#dimensions = embedder?.dimensions
  }

  get hasEmbedder(): boolean {
    return this.#embedder !== undefined
  }

  get status(): EmbeddingStatus {
    return {
      embedder: this.#embedder?.name,
      vectorCount: this.#embedded.size,
      failureCount: this.#failureCount,
      lastFailure: this.#lastFailure,
    }
  }

  has({ number }: TraceContent): boolean {
    return this.#embedded.has(number)
  }

  /** Throws `EmbeddingFailure` unless such a vector can be compared with the others. */
  check(vector: Float32Array): void {
    toUnitVector(vector, this.#dimensions ?? vector.length, 'the embedding given with the trace')
  }

  /** Whether a vector that was stored has as many dimensions as the others: embedders change. */
  fits(vector: Float32Array): boolean {
    return vector.length === (this.#dimensions ?? vector.length)
  }

  add({ number }: TraceContent, vector: Float32Array): void {
    this.check(vector)
    this.#dimensions ??= vector.length
    this.#index ??= createVectorIndex({ dimensions: this.#dimensions })
    this.#index.add(number, vector)
    this.#embedded.add(number)
  }

  remove({ number }: TraceContent): void {
    if (this.#embedded.delete(number)) this.#index?.remove(number)
  }

  /**
   * The vectors of these texts. Where the embedder fails, none, and the failure is told: what
   * they stand for is found by its words.
   */
  async embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[] | undefined> {
    try {
      return await this.#embedder?.embed(texts, { signal })
    } catch (error) {
      if (signal.aborted) throw error
      this.#fail(error, texts.length)
      return undefined
    }
  }

  /** What lies near the query; `undefined` where that can't be told. */
  async near(
    query: string,
    given: Float32Array | undefined,
    signal: AbortSignal,
  ): Promise<NearContents | undefined> {
    if (!this.#index || this.#embedded.size === 0) return undefined
    const vector = given ?? (await this.embed([query], signal))?.[0]
    if (!vector) return undefined
    try {
      const found = await this.#index.search(vector, NEAR_CONTENTS, { signal })
      const cosines = new Map(found.map(({ id, similarity }) => [id, similarity]))
      return { embedder: this.#embedder?.name ?? GIVEN, cosines }
    } catch (error) {
      if (given || signal.aborted) throw error
      this.#fail(error, 1)
      return undefined
    }
  }

  /** A content's vector, to be stored. */
  encode({ key }: TraceContent, vector: Float32Array): Buffer {
    const named = JSON.stringify([this.#embedder?.name ?? '', key])
    return Buffer.concat([Buffer.from(`${named}\n`), bytesOf(vector)])
  }

  /** Of what `encode` made, by this embedder; another's vectors can't be compared with its. */
  decode(record: Buffer): { key: string; vector: Float32Array } | undefined {
    const end = record.indexOf('\n')
    const [embedder, key] = JSON.parse(record.toString('utf8', 0, end)) as [string, string]
    if (embedder !== this.#embedder?.name) return undefined
    return { key, vector: floatsOf(record.subarray(end + 1)) }
  }

  async close(): Promise<void> {
    await this.#index?.close()
    await this.#embedder?.close?.()
  }

  #fail(error: unknown, count: number): void {
    const message = error instanceof Error ? error.message : String(error)
    if (this.#failureCount === 0) {
      log.warn(`traces are found by their words alone: ${message}; status() counts such failures`)
    }
    this.#failureCount += count
    this.#lastFailure =
      error instanceof QueryError
        ? error
        : new QueryError('EmbeddingFailure', message, { cause: error })
  }
}
