// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { QueryError } from '../query-error'
import { MAX_SPANS_PER_TRACE, type TraceSpans } from './indexed-trace'
import { invalidTrace } from './invalid-trace'
import { isReadableSpan, readTrace } from './read-trace'
import { summarizeTrace } from './summarize-trace'
import { takeTurns } from './take-turns'
import type { PutOutcome, TraceCollection } from './trace-collection'
import type { TraceLog } from './trace-log'
import { decodeTrace, encodeTrace } from './trace-record'
import type { ContentToEmbed, TraceVectors } from './trace-vectors'

/** A trace that was not indexed, and why. */
export interface IngestFailure {
  /** Where in what was given it stood. */
  readonly index: number
  readonly traceId?: string
  readonly error: QueryError
}

export interface IngestBatchResult {
  /** Traces that can be found now. */
  readonly successCount: number
  readonly errorCount: number
  readonly errors: readonly IngestFailure[]
  /** Traces that were not looked at because the index is not enabled. */
  readonly leftOutCount: number
}

/** What an index is made of. */
export interface IndexParts {
  readonly traces: TraceCollection
  readonly vectors: TraceVectors
  /** Absent where nothing is kept beyond the process. */
  readonly log: TraceLog | undefined
}

export interface IngestedTrace {
  readonly traceId: string
  readonly outcome: PutOutcome | 'left out'
}

/** So many traces share a flush of the file, and a call of the embedder. */
const GROUP_TRACES = 64
const MAX_TOLD_ERRORS = 1_000

/** Takes traces in: checked, stored, indexed, embedded, in this order. */
export class TraceIngester {
  readonly #parts: IndexParts

  constructor(parts: IndexParts) {
    this.#parts = parts
  }

  /** Throws `QueryError` of reason `InvalidTrace`, `EmbeddingFailure` or `IndexUnusable`. */
  async ingest(input: unknown, signal: AbortSignal): Promise<IngestedTrace> {
    const trace = this.#read(input)
    const toEmbed: ContentToEmbed[] = []
    const outcome = await this.#put(trace, toEmbed)
    await this.#embed(toEmbed, signal)
    return { traceId: trace.traceId, outcome }
  }

  /** Whatever is wrong with one of them, the others are indexed. */
  async ingestAll(inputs: Iterable<unknown>, signal: AbortSignal): Promise<IngestBatchResult> {
    const turn = takeTurns()
    const errors: IngestFailure[] = []
    let successCount = 0
    let errorCount = 0
    const fail = (index: number, traceId: string | undefined, error: unknown): void => {
      if (!(error instanceof QueryError)) throw error
      if (errorCount++ < MAX_TOLD_ERRORS) errors.push({ index, traceId, error })
    }
    let group: { index: number; trace: TraceSpans }[] = []
    const finishGroup = async (): Promise<void> => {
      const toEmbed: ContentToEmbed[] = []
      const putting = group.map(({ trace }) => this.#put(trace, toEmbed))
      for (const [at, put] of (await Promise.allSettled(putting)).entries()) {
        const { index, trace } = group[at]
        if (put.status === 'rejected') fail(index, trace.traceId, put.reason)
        else successCount++
      }
      group = []
      await this.#embed(toEmbed, signal)
    }
    for (const { index, input } of groupedByTrace(inputs)) {
      signal.throwIfAborted()
      try {
        group.push({ index, trace: this.#read(input) })
      } catch (error) {
        fail(index, idOf(input), error)
      }
      if (group.length === GROUP_TRACES) await finishGroup()
      await turn()
    }
    await finishGroup()
    return { successCount, errorCount, errors, leftOutCount: 0 }
  }

  /** Gives vectors to contents that have none, because there was no embedder, or it failed. */
  async embedMissing(signal: AbortSignal): Promise<number> {
    const { traces, vectors } = this.#parts
    const before = vectors.status.vectorCount
    let missing: ContentToEmbed[] = []
    const seen = new Set<number>()
    const turn = takeTurns()
    for (const entry of [...traces.entries]) {
      await turn()
      const content = entry && !seen.has(entry.content) && traces.contentOf(entry.traceId)
      if (!content || vectors.has(content)) continue
      seen.add(content.number)
      missing.push({ content, text: summarizeTrace(decodeTrace(entry.record)).content })
      if (missing.length < GROUP_TRACES) continue
      await this.#embed(missing, signal)
      missing = []
    }
    await this.#embed(missing, signal)
    return vectors.status.vectorCount - before
  }

  #read(input: unknown): TraceSpans {
    const trace = readTrace(input)
    if (trace.embedding) this.#parts.vectors.check(trace.embedding)
    return trace
  }

  async #put(trace: TraceSpans, toEmbed: ContentToEmbed[]): Promise<PutOutcome> {
    const { traces, vectors, log } = this.#parts
    const record = encodeTrace(trace)
    // First: what can be found now is found again after a crash.
    if (log && isNew(trace, traces.get(trace.traceId))) await log.append('T', record)
    const { outcome, content } = traces.put(trace, record, (left) => vectors.remove(left))
    if (trace.embedding) vectors.add(content, trace.embedding)
    else if (vectors.hasEmbedder && !vectors.has(content)) {
      const known = traces.get(trace.traceId) ?? trace
      toEmbed.push({ content, text: summarizeTrace(known).content })
    }
    return outcome
  }

  async #embed(toEmbed: readonly ContentToEmbed[], signal: AbortSignal): Promise<void> {
    if (toEmbed.length === 0) return
    const { traces, vectors, log } = this.#parts
    const made = await vectors.embed(
      toEmbed.map(({ text }) => text),
      signal,
    )
    if (!made) return
    const stored: Promise<void>[] = []
    for (const [at, { content }] of toEmbed.entries()) {
      // Its last trace may have left it meanwhile.
      if (vectors.has(content) || traces.content(content.key) !== content) continue
      vectors.add(content, made[at])
      if (log) stored.push(log.append('V', vectors.encode(content, made[at])))
    }
    // A vector that could not be stored can be made again.
    await Promise.allSettled(stored)
  }
}

/** Whether a trace has anything that is not known of it: what is known need not be stored again. */
function isNew(trace: TraceSpans, known: TraceSpans | undefined): boolean {
  if (!known || trace.embedding || trace.omittedSpanCount > 0) return true
  if (known.spans.length >= MAX_SPANS_PER_TRACE) return true
  const ids = new Set(known.spans.map(({ spanId }) => spanId))
  return trace.spans.some(({ spanId }) => !ids.has(spanId))
}

interface Given {
  readonly index: number
  readonly input: unknown
}

/** Spans of the SDK that stand among traces are gathered to traces themselves. */
function* groupedByTrace(inputs: Iterable<unknown>): Generator<Given> {
  const spans = new Map<string, { index: number; input: unknown[] }>()
  let index = 0
  for (const input of inputs) {
    if (isReadableSpan(input)) {
      const { traceId } = input.spanContext()
      const trace = spans.get(traceId)
      if (trace) trace.input.push(input)
      else spans.set(traceId, { index, input: [input] })
    } else {
      yield { index, input }
    }
    index++
  }
  yield* spans.values()
}

function idOf(input: unknown): string | undefined {
  const { traceId, trace_id } = (input ?? {}) as { traceId?: unknown; trace_id?: unknown }
  const id = traceId ?? trace_id
  return typeof id === 'string' ? id : undefined
}

/** What `ingestBatch` takes: anything that can be walked through. */
export function checkBatch(traces: unknown): asserts traces is Iterable<unknown> {
  const isFine = typeof traces === 'object' && traces !== null && Symbol.iterator in traces
  if (!isFine) throw invalidTrace('traces', 'a list of traces', traces)
}
