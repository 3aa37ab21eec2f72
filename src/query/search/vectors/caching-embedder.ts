// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { checkOptions, count, withoutUndefined } from '../../../options/check-options'
import { QueryError } from '../../query-error'
import { embedChecked } from './embed-checked'
import type { EmbedOptions, Embedder } from './embedder'
import { SharedCall } from './shared-call'

export interface CachingEmbedderOptions {
  /** How many texts' vectors it remembers; the one that was used longest ago goes. Default 1,000. */
  cacheSize?: number
}

const DEFAULTS = Object.freeze({ cacheSize: 1_000 })
/** Longer texts are remembered by their hash: what is remembered has to be bounded. */
const MAX_KEY_LENGTH = 200

const ENTRIES = { cacheSize: v.optional(count) }

/**
 * Asks `embedder` for what it has not been asked before. Texts that differ in nothing but white
 * space are one, and a text that is being asked for is not asked for again, whoever wants it.
 *
 * What it gives has length 1. An embedder that fails, takes over a minute for 64 texts, or gives
 * what is no vector rejects with `EmbeddingFailure`; nothing of that is remembered. It closes
 * `embedder` when it is closed.
 *
 * @throws {@link QueryError} `InvalidConfig`
 */
export function createCachingEmbedder(
  embedder: Embedder,
  options: CachingEmbedderOptions = {},
): Embedder {
  const { cacheSize = DEFAULTS.cacheSize } = checkOptions(
    ENTRIES,
    withoutUndefined(options),
    (complaint) => new QueryError('InvalidConfig', complaint),
  )
  return new CachingEmbedder(embedder, cacheSize)
}

type VectorsByKey = ReadonlyMap<string, Float32Array>

class CachingEmbedder implements Embedder {
  readonly #embedder: Embedder
  readonly #cacheSize: number
  /** By key, the one used last at the end. */
  readonly #remembered = new Map<string, Float32Array>()
  /** The call that is under way for a key. */
  readonly #calls = new Map<string, SharedCall<VectorsByKey>>()
  #isClosed = false

  constructor(embedder: Embedder, cacheSize: number) {
    this.#embedder = embedder
    this.#cacheSize = cacheSize
  }

  get name(): string {
    return this.#embedder.name
  }

  get dimensions(): number {
    return this.#embedder.dimensions
  }

  async embed(texts: readonly string[], { signal }: EmbedOptions = {}): Promise<Float32Array[]> {
    signal?.throwIfAborted()
    if (this.#isClosed) throw closedError()
    const entries = texts.map(normalise).map((text) => ({ key: keyOf(text), text }))
    const vectors = new Map<string, Float32Array>()
    const missing = new Map<string, string>()
    const calls = new Set<SharedCall<VectorsByKey>>()
    for (const { key, text } of entries) {
      const remembered = this.#recall(key)
      const call = this.#calls.get(key)
      if (remembered) vectors.set(key, remembered)
      else if (call && !call.isAborted) calls.add(call)
      else missing.set(key, text)
    }
    if (missing.size > 0) calls.add(this.#call(missing))
    const answers = await Promise.all(Array.from(calls, (call) => call.join(signal)))
    for (const answer of answers) for (const [key, vector] of answer) vectors.set(key, vector)
    // There is one for each key: it was remembered, or belongs to one of the calls. As a copy:
    // what a caller does with its vector must not change what is remembered.
    return entries.map(({ key }) => (vectors.get(key) as Float32Array).slice())
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const call of this.#calls.values()) call.abort(closedError())
    this.#remembered.clear()
    await this.#embedder.close?.()
  }

  #recall(key: string): Float32Array | undefined {
    const vector = this.#remembered.get(key)
    if (vector) this.#remember(key, vector)
    return vector
  }

  #remember(key: string, vector: Float32Array): void {
    this.#remembered.delete(key)
    this.#remembered.set(key, vector)
    if (this.#remembered.size <= this.#cacheSize) return
    const [oldest] = this.#remembered.keys()
    this.#remembered.delete(oldest)
  }

  #call(texts: ReadonlyMap<string, string>): SharedCall<VectorsByKey> {
    const call = new SharedCall((signal) => this.#ask(texts, signal))
    for (const key of texts.keys()) this.#calls.set(key, call)
    call.onEnd(() => {
      for (const key of texts.keys()) {
        // An aborted call may have been replaced by then.
        if (this.#calls.get(key) === call) this.#calls.delete(key)
      }
    })
    return call
  }

  async #ask(texts: ReadonlyMap<string, string>, signal: AbortSignal): Promise<VectorsByKey> {
    const given = await embedChecked(this.#embedder, [...texts.values()], signal)
    const vectors = new Map(Array.from(texts.keys(), (key, at) => [key, given[at]]))
    if (!this.#isClosed) for (const [key, vector] of vectors) this.#remember(key, vector)
    return vectors
  }
}

function normalise(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim()
}

function keyOf(text: string): string {
  if (text.length <= MAX_KEY_LENGTH) return text
  return createHash('sha256').update(text).digest('base64')
}

function closedError(): QueryError {
  return new QueryError('Closed', 'the embedder is closed')
}
