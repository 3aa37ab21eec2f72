// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Damage } from '../../session/damage'
import type { SessionLayout } from '../../session/session-location'
import type { ObjectStore } from '../../storage/object-store'
import type { IndexedSpan } from './indexed-trace'
import type { TraceSearchResult } from './search-result'
import type { TraceSummary } from './summarize-trace'
import type { IngestBatchResult, IngestFailure, IngestedTrace } from './trace-ingester'
import type { TimeInput, TraceInput } from './trace-input'
import type { EmbeddingStatus } from './trace-vectors'
import type { ReadableSpan } from '../../otlp/sdk-types'

/**
 * Traces that can be searched by what happened in them.
 *
 * All of it rejects with `QueryError`: `NotInitialized` before `initialize()`, `Closed` after
 * `close()`, and `StorageFailure` when `signal` fires.
 */
export interface TraceIndex {
  /** Opens the index's file, and loads the model. Rejects with `IndexUnusable`. */
  initialize(): Promise<void>
  /**
   * Adds a trace, or spans to one that is there. Rejects with `InvalidTrace`, which names the
   * field that is wrong; `IndexUnusable` when the file can't be written.
   */
  ingestTrace(trace: TraceInput, options?: IngestOptions): Promise<IngestedTrace>
  /** Adds traces, or spans of the SDK. What is wrong with one is told in `errors`. */
  ingestBatch(
    traces: Iterable<TraceInput | ReadableSpan>,
    options?: IngestOptions,
  ): Promise<IngestBatchResult>
  /** Adds all traces of a session. Rejects with `SessionNotFound`, `StorageFailure`. */
  ingestSession(sessionId: string, options?: IngestSessionOptions): Promise<IngestSessionResult>
  /** Traces like the query, the most similar first. A trace's id finds that trace. */
  searchTraces(query: string, options?: SearchOptions): Promise<TraceSearchResult[]>
  getTraceById(traceId: string): Promise<IndexedTrace | undefined>
  /** Embeds what has no vector, because there was no embedder or it failed. Gives how many. */
  embedMissing(options?: IngestOptions): Promise<number>
  status(): TraceIndexStatus
  /** Ends what is under way, closes the file and the embedder. Never rejects. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface SearchOptions {
  /** How many results at most, 1 to 1,000. Default 10. */
  limit?: number
  /** Only traces with a span of this service: its whole name. */
  systemId?: string
  /** The least similarity, 0 to 1. Default: the index's `similarityThreshold`. */
  threshold?: number
  /** Only traces that started at this time or later. */
  from?: TimeInput
  /** Only traces that started before this time. */
  to?: TimeInput
  /** The query's vector, where the traces came with theirs and there is no embedder. */
  embedding?: Float32Array
  signal?: AbortSignal
}

export interface IngestOptions {
  signal?: AbortSignal
}

export interface IngestProgress {
  readonly traceCount: number
  readonly spanCount: number
  /** That the session's metadata tells of; absent where there is none. */
  readonly totalSpanCount?: number
}

export interface IngestSessionOptions extends IngestOptions {
  /** A store, or a URL for `openStore`. Default: see `openStore`. */
  store?: ObjectStore | string
  /** How the session's objects lie. Default: found by looking. */
  layout?: SessionLayout
  onProgress?: (progress: IngestProgress) => void
  /** Called for each piece that could not be read; its spans are left out. */
  onDamage?: (damage: Damage) => void
}

export interface IngestSessionResult {
  readonly traceCount: number
  readonly spanCount: number
  /** Traces, and parts of traces, that could not be indexed. */
  readonly errorCount: number
  readonly errors: readonly IngestFailure[]
  /** Pieces of the session that could not be read. */
  readonly damagedCount: number
}

/** A trace as the index has it. */
export interface IndexedTrace extends TraceSummary {
  readonly traceId: string
  /** In the order of their start. */
  readonly spans: readonly IndexedSpan[]
  /** Spans that are counted and not kept, beyond the thousandth. */
  readonly omittedSpanCount: number
}

export interface TraceIndexStatus {
  readonly path: string
  readonly enabled: boolean
  readonly traceCount: number
  readonly spanCount: number
  /** Traces that differ in more than ids and times. */
  readonly contentCount: number
  /** What the traces take as they are kept. */
  readonly recordBytes: number
  readonly embeddings: EmbeddingStatus
}
