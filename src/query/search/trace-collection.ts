// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type TraceSpans, mergeSpans } from './indexed-trace'
import { type LexicalIndex, createLexicalIndex } from './lexical-index'
import { makeTraceDocument } from './trace-document'
import { type TraceEntry, contentKey, timingsOf } from './trace-entry'
import { decodeTrace, encodeTrace } from './trace-record'
import { type Slowness, type UsualDurations, createUsualDurations } from './usual-durations'

/** What became of a trace that was put into the index. */
export type PutOutcome = 'added' | 'extended' | 'unchanged'

/** What traces with the same terms have in common. */
export interface TraceContent {
  readonly number: number
  readonly key: string
  traceCount: number
}

/** Of the judged, by document. */
export interface SlowTraces {
  readonly count: number
  readonly levels: ReadonlyMap<number, number>
}

/** So much may change before all traces are judged anew. */
const JUDGED_ANEW_SHARE = 0.1

/** The traces of an index in memory: their spans as bytes, and what ranks and filters them. */
export class TraceCollection {
  readonly lexical: LexicalIndex = createLexicalIndex()
  readonly usual: UsualDurations = createUsualDurations()
  /** By document number. */
  readonly entries: (TraceEntry | undefined)[] = []
  readonly #documents = new Map<string, number>()
  readonly #contents = new Map<string, TraceContent>()
  /** By number. */
  readonly #contentsByNumber: TraceContent[] = []
  readonly #freeContents: number[] = []
  readonly #slowLevels = new Map<number, number>()
  readonly #unjudged = new Set<number>()
  #changes = 0
  spanCount = 0
  recordBytes = 0

  get size(): number {
    return this.lexical.size
  }

  get contentCount(): number {
    return this.#contents.size
  }

  content(key: string): TraceContent | undefined {
    return this.#contents.get(key)
  }

  countOf(content: number): number {
    return this.#contentsByNumber[content].traceCount
  }

  contentOf(traceId: string): TraceContent | undefined {
    const trace = this.get(traceId)
    return trace && this.#contentOf(trace)
  }

  documentOf(traceId: string): number | undefined {
    return this.#documents.get(traceId)
  }

  get(traceId: string): TraceSpans | undefined {
    const document = this.#documents.get(traceId)
    const entry = document === undefined ? undefined : this.entries[document]
    return entry && decodeTrace(entry.record)
  }

  /**
   * Adds a trace, or spans to one that is there. `onLeft` hears of a content that the last trace
   * has left.
   *
   * @param record the trace as `encodeTrace` makes it
   */
  put(
    trace: TraceSpans,
    record: Buffer,
    onLeft: (content: TraceContent) => void = () => undefined,
  ): { outcome: PutOutcome; content: TraceContent } {
    const known = this.get(trace.traceId)
    const merged = known ? mergeSpans(known, trace) : trace
    if (known && merged === known) return { outcome: 'unchanged', content: this.#contentOf(known) }
    if (known) this.#remove(known, onLeft)
    const content = this.#add(merged, known ? encodeTrace(merged) : record)
    return { outcome: known ? 'extended' : 'added', content }
  }

  /** Judges what came since it was last asked, and all of them when much has changed. */
  slow(): SlowTraces {
    if (this.#changes > this.size * JUDGED_ANEW_SHARE) {
      this.#slowLevels.clear()
      this.#changes = 0
      this.entries.forEach((_entry, document) => this.#judge(document))
    } else {
      for (const document of this.#unjudged) this.#judge(document)
    }
    this.#unjudged.clear()
    return { count: this.#slowLevels.size, levels: this.#slowLevels }
  }

  slownessOf(document: number): Slowness | undefined {
    return this.usual.judge(this.entries[document]?.timings ?? [])
  }

  #judge(document: number): void {
    const level = this.slownessOf(document)?.level
    if (level === undefined) this.#slowLevels.delete(document)
    else this.#slowLevels.set(document, level)
  }

  #add(trace: TraceSpans, record: Buffer): TraceContent {
    const { traceId, spans } = trace
    const written = makeTraceDocument(spans)
    const content = this.#enterContent(contentKey(written))
    const document = this.lexical.add(written.terms)
    this.entries[document] = {
      traceId,
      record,
      startTimeUnixNano: spans[0].startTimeUnixNano,
      serviceNames: [...new Set(spans.map(({ serviceName }) => serviceName))],
      content: content.number,
      timings: timingsOf(spans, this.usual),
    }
    this.#documents.set(traceId, document)
    this.#unjudged.add(document)
    this.#changes++
    this.spanCount += spans.length + trace.omittedSpanCount
    this.recordBytes += record.length
    return content
  }

  #remove(trace: TraceSpans, onLeft: (content: TraceContent) => void): void {
    const document = this.#documents.get(trace.traceId)
    const entry = document === undefined ? undefined : this.entries[document]
    if (document === undefined || !entry) return
    const content = this.#contentOf(trace)
    entry.timings.forEach((timing) => this.usual.remove(timing))
    this.lexical.remove(document)
    this.entries[document] = undefined
    this.#documents.delete(trace.traceId)
    this.#slowLevels.delete(document)
    this.#unjudged.delete(document)
    this.spanCount -= trace.spans.length + trace.omittedSpanCount
    this.recordBytes -= entry.record.length
    if (--content.traceCount > 0) return
    this.#contents.delete(content.key)
    this.#freeContents.push(content.number)
    onLeft(content)
  }

  #contentOf({ spans }: TraceSpans): TraceContent {
    const key = contentKey(makeTraceDocument(spans))
    const content = this.#contents.get(key)
    // Made of the same spans when it was entered.
    if (!content) throw new Error('a trace without its content')
    return content
  }

  #enterContent(key: string): TraceContent {
    const known = this.#contents.get(key)
    if (known) {
      known.traceCount++
      return known
    }
    const number = this.#freeContents.pop() ?? this.#contents.size
    const content = { number, key, traceCount: 1 }
    this.#contents.set(key, content)
    this.#contentsByNumber[number] = content
    return content
  }
}
