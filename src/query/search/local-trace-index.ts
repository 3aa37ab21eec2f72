// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import { resolve } from 'node:path'
import { QueryError, toQueryError } from '../query-error'
import type {
  IndexedTrace,
  IngestOptions,
  IngestSessionOptions,
  IngestSessionResult,
  SearchOptions,
  TraceIndex,
  TraceIndexStatus,
} from './trace-index'
import { ingestSession } from './ingest-session'
import { planSearch } from './search-plan'
import type { TraceSearchResult } from './search-result'
import { summarizeTrace } from './summarize-trace'
import { TraceCollection } from './trace-collection'
import { IN_MEMORY, type TraceIndexConfig } from './trace-index-config'
import {
  type IngestBatchResult,
  type IngestedTrace,
  type IndexParts,
  TraceIngester,
  checkBatch,
} from './trace-ingester'
import { type TraceLog, openTraceLog } from './trace-log'
import { decodeTrace } from './trace-record'
import { TraceSearcher } from './trace-searcher'
import { TraceVectors } from './trace-vectors'
import type { Embedder } from './vectors/embedder'
import { takeTurns } from './take-turns'

const log = diag.createComponentLogger({ namespace: 'otel-tape/search' })

/** What there is once the index is open. */
interface OpenIndex extends IndexParts {
  readonly ingester: TraceIngester
  readonly searcher: TraceSearcher
}

export class LocalTraceIndex implements TraceIndex {
  readonly #config: TraceIndexConfig
  readonly #closing = new AbortController()
  readonly #running = new Set<Promise<unknown>>()
  #opening: Promise<void> | undefined
  #index: OpenIndex | undefined
  #hasWarned = false

  constructor(config: TraceIndexConfig) {
    this.#config = config
  }

  initialize(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(closedError())
    this.#opening ??= this.#track(this.#open()).catch((error: unknown) => {
      // Whatever was in the way may be gone when it is tried again.
      this.#opening = undefined
      throw this.#closing.signal.aborted ? closedError() : toQueryError(error)
    })
    return this.#opening
  }

  ingestTrace(trace: unknown, { signal }: IngestOptions = {}): Promise<IngestedTrace> {
    return this.#run(signal, async ({ ingester }, either) => {
      if (this.#config.enabled) return ingester.ingest(trace, either)
      this.#warnNotEnabled()
      const { traceId, trace_id } = (trace ?? {}) as { traceId?: unknown; trace_id?: unknown }
      return { traceId: String(traceId ?? trace_id), outcome: 'left out' }
    })
  }

  ingestBatch(traces: unknown, { signal }: IngestOptions = {}): Promise<IngestBatchResult> {
    return this.#run(signal, async ({ ingester }, either) => {
      checkBatch(traces)
      if (this.#config.enabled) return ingester.ingestAll(traces, either)
      this.#warnNotEnabled()
      return { successCount: 0, errorCount: 0, errors: [], leftOutCount: [...traces].length }
    })
  }

  ingestSession(
    sessionId: string,
    options: IngestSessionOptions = {},
  ): Promise<IngestSessionResult> {
    return this.#run(options.signal, async ({ ingester }, signal) => {
      if (this.#config.enabled) return ingestSession(ingester, sessionId, { ...options, signal })
      this.#warnNotEnabled()
      return { traceCount: 0, spanCount: 0, errorCount: 0, errors: [], damagedCount: 0 }
    })
  }

  searchTraces(query: string, options: SearchOptions = {}): Promise<TraceSearchResult[]> {
    return this.#run(options.signal, async ({ searcher, vectors }, signal) => {
      const plan = planSearch(query, options, this.#config.similarityThreshold)
      const near = await vectors.near(query, plan.embedding, signal)
      signal.throwIfAborted()
      return searcher.search(query, { ...plan, near })
    })
  }

  getTraceById(traceId: string): Promise<IndexedTrace | undefined> {
    return this.#run(undefined, async ({ traces }) => {
      const trace = traces.get(traceId) ?? traces.get(String(traceId).toLowerCase())
      if (!trace) return undefined
      const { spans, omittedSpanCount } = trace
      return { traceId: trace.traceId, ...summarizeTrace(trace), spans, omittedSpanCount }
    })
  }

  embedMissing({ signal }: IngestOptions = {}): Promise<number> {
    return this.#run(signal, ({ ingester }, either) => ingester.embedMissing(either))
  }

  status(): TraceIndexStatus {
    const { traces, vectors } = this.#opened()
    const { path, enabled } = this.#config
    const { size: traceCount, spanCount, contentCount, recordBytes } = traces
    const embeddings = vectors.status
    return { path, enabled, traceCount, spanCount, contentCount, recordBytes, embeddings }
  }

  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) this.#closing.abort(closedError())
    await Promise.allSettled([...this.#running])
    const index = this.#index
    this.#index = undefined
    await index?.log?.close()
    await index?.vectors.close()
    if (!index) await this.#config.embedder?.close?.()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #open(): Promise<void> {
    const { path, cacheSize } = this.#config
    const traces = new TraceCollection()
    const vectors = new TraceVectors(await this.#openEmbedder(), cacheSize)
    try {
      const opened = path === IN_MEMORY ? undefined : await this.#openLog(traces, vectors)
      const parts = { traces, vectors, log: opened }
      this.#index = {
        ...parts,
        ingester: new TraceIngester(parts),
        searcher: new TraceSearcher(traces),
      }
    } catch (error) {
      // The one that was given is for another attempt.
      if (!this.#config.embedder) await vectors.close()
      throw error
    }
  }

  #openLog(traces: TraceCollection, vectors: TraceVectors): Promise<TraceLog> {
    const turn = takeTurns()
    return openTraceLog({
      path: resolve(this.#config.path),
      signal: this.#closing.signal,
      onRecord: (kind, payload) => {
        if (kind === 'T') {
          const trace = decodeTrace(payload)
          const { content } = traces.put(trace, Buffer.from(payload), (left) =>
            vectors.remove(left),
          )
          const { embedding } = trace
          if (embedding && vectors.fits(embedding)) vectors.add(content, embedding)
        } else {
          const stored = vectors.decode(payload)
          const content = stored && traces.content(stored.key)
          if (content && vectors.fits(stored.vector)) vectors.add(content, stored.vector)
        }
        return turn()
      },
    })
  }

  /** A model that the environment names wrongly must not keep an app from its index. */
  async #openEmbedder(): Promise<Embedder | undefined> {
    const { embedder, modelPath } = this.#config
    if (embedder || modelPath === undefined) return embedder
    const { createMiniLmEmbedder } =
      require('./vectors/minilm-embedder') as typeof import('./vectors/minilm-embedder')
    try {
      return await createMiniLmEmbedder({ modelPath, signal: this.#closing.signal })
    } catch (error) {
      if (this.#closing.signal.aborted) throw error
      log.warn(`EMBEDDING_MODEL is ignored: ${(error as Error).message}`)
      return undefined
    }
  }

  #opened(): OpenIndex {
    if (this.#closing.signal.aborted) throw closedError()
    if (this.#index) return this.#index
    throw new QueryError('NotInitialized', 'call initialize() and await it, before anything else')
  }

  async #run<T>(
    signal: AbortSignal | undefined,
    work: (index: OpenIndex, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const index = this.#opened()
    const closing = this.#closing.signal
    const either = signal ? AbortSignal.any([signal, closing]) : closing
    try {
      either.throwIfAborted()
      return await this.#track(work(index, either))
    } catch (error) {
      if (closing.aborted && !(error instanceof QueryError)) throw closedError()
      if (!signal?.aborted) throw toQueryError(error)
      throw new QueryError('StorageFailure', `it was aborted: ${reasonOf(signal)}`, {
        cause: signal.reason,
      })
    }
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work)
    try {
      return await work
    } finally {
      this.#running.delete(work)
    }
  }

  #warnNotEnabled(): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    log.warn('the trace index is not enabled (OTEL_INGESTER_ENABLED): traces are left out')
  }
}

function reasonOf({ reason }: AbortSignal): string {
  return reason instanceof Error ? reason.message : String(reason)
}

function closedError(): QueryError {
  return new QueryError('Closed', 'the trace index is closed; make another')
}
