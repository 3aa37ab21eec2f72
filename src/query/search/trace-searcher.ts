// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { explainMatch } from './explain-match'
import { type RankedTrace, type TraceFilter, rankTraces } from './rank-traces'
import type { TraceMatch, TraceSearchResult } from './search-result'
import { summarizeTrace } from './summarize-trace'
import type { TraceCollection } from './trace-collection'
import { decodeTrace } from './trace-record'
import { type AskedTerm, QueryReader, type UnderstoodQuery } from './understand-query'

export interface SearchPlan {
  readonly limit: number
  /** The least similarity of what is given. */
  readonly threshold: number
  readonly filter: TraceFilter
  /** What an embedder finds near the query. */
  readonly near?: NearContents
}

export interface NearContents {
  readonly embedder: string
  /** The cosine, by a content's number. */
  readonly cosines: ReadonlyMap<number, number>
}

/** A trace that has all that is asked for, once each, has a similarity of 0.8. */
const STEEPNESS = 1.6
/** What a word counts that nothing is known of: it may be what matters, or chatter. */
const UNKNOWN_WORD_WEIGHT = 0.3
/** The slowest count somewhat more than a word that is there once. */
const SLOW_FACTOR = 1.4
/** What being near in meaning counts beside all words and concepts of the query. */
const NEAR_WEIGHT = 0.6
/** Texts that have nothing in common lie about so near. */
const UNRELATED_COSINE = 0.15

/** Searches a collection. Not for use by two at once: it has one set of scores. */
export class TraceSearcher {
  readonly #traces: TraceCollection
  readonly #reader: QueryReader

  constructor(traces: TraceCollection) {
    this.#traces = traces
    this.#reader = new QueryReader(traces.lexical)
  }

  search(query: string, plan: SearchPlan): TraceSearchResult[] {
    const { lexical, entries } = this.#traces
    const asked = this.#reader.read(query)
    const slow = asked.slow ? this.#traces.slow() : { count: 0, levels: new Map<number, number>() }
    const ideal = this.#idealScore(asked, slow.count)
    const scored = lexical.score(asked.terms, (add) => {
      if (asked.slow) {
        const factor = asked.slow.weight * lexical.rarity(slow.count) * SLOW_FACTOR
        for (const [document, level] of slow.levels) add(document, level * factor)
      }
      for (const [document, entry] of plan.near ? entries.entries() : []) {
        const nearness = entry && nearnessOf(plan.near, entry.content)
        if (nearness) add(document, nearness * NEAR_WEIGHT * ideal)
      }
    })
    const leastScore = scoreOf(plan.threshold, ideal)
    const ranked = rankTraces(this.#traces, scored, plan.filter, { ...plan, leastScore })
    const found = ranked.map((trace) =>
      this.#resultOf(trace, similarityOf(trace.score, ideal), [
        ...this.#explain(asked, trace, slow.count),
        ...nearMatch(plan.near, trace),
      ]),
    )
    return this.#withExactId(query, found, plan)
  }

  /** What a trace of usual length scores that has all that is asked for once. */
  #idealScore({ terms, slow, unknownWords }: UnderstoodQuery, slowCount: number): number {
    const { lexical } = this.#traces
    const byWords = new Map<string, number>()
    for (const asked of terms) {
      const value = asked.weight * lexical.rarity(lexical.frequency(asked.term))
      const key = unitOf(asked)
      byWords.set(key, Math.max(byWords.get(key) ?? 0, value))
    }
    let ideal = [...byWords.values()].reduce((sum, value) => sum + value, 0)
    if (slow) ideal += slow.weight * lexical.rarity(slowCount)
    ideal += unknownWords.length * UNKNOWN_WORD_WEIGHT * lexical.rarity(0)
    // Of a query that says nothing, an embedder may find something all the same.
    return ideal || 1
  }

  #explain(asked: UnderstoodQuery, { document, entry }: RankedTrace, count: number): TraceMatch[] {
    const { lexical, usual } = this.#traces
    const slowness = asked.slow && this.#traces.slownessOf(document)
    const { spans } = decodeTrace(entry.record)
    return explainMatch(asked, spans, lexical, { slowness, usual, count })
  }

  #resultOf(
    { entry, sameContentCount }: Omit<RankedTrace, 'document' | 'score'>,
    similarity: number,
    matches: readonly TraceMatch[],
  ): TraceSearchResult {
    const { traceId, record } = entry
    const summary = summarizeTrace(decodeTrace(record))
    return {
      traceId,
      ...summary,
      timestamp: isoTime(summary.startTimeUnixNano),
      durationMillis: Number(summary.durationNanos) / 1e6,
      similarity,
      matches,
      sameContentCount,
    }
  }

  /** Whoever has an id, from a log perhaps, means that trace. */
  #withExactId(
    query: string,
    found: readonly TraceSearchResult[],
    { limit, filter }: SearchPlan,
  ): TraceSearchResult[] {
    const id = query.trim()
    const document = this.#traces.documentOf(id) ?? this.#traces.documentOf(id.toLowerCase())
    const entry = document === undefined ? undefined : this.#traces.entries[document]
    if (document === undefined || !entry) return [...found]
    const scored = {
      scores: new Float32Array(document + 1).fill(1),
      documents: Uint32Array.of(document),
    }
    const [own] = rankTraces(this.#traces, scored, filter, { limit: 1, leastScore: 1 })
    if (!(own as RankedTrace | undefined)) return [...found]
    const others = found.filter(({ traceId }) => traceId !== entry.traceId)
    return [this.#resultOf(own, 1, [{ kind: 'id' }]), ...others].slice(0, limit)
  }
}

/** Words that a misspelled one was taken for stand for one, as do a concept's. */
function unitOf({ term, words, takenFor }: AskedTerm): string {
  return takenFor === undefined ? term : `~${words}`
}

function similarityOf(score: number, ideal: number): number {
  return 1 - Math.exp((-STEEPNESS * score) / ideal)
}

/** The score from which on traces have that similarity. */
function scoreOf(similarity: number, ideal: number): number {
  return (-Math.log(1 - similarity) / STEEPNESS) * ideal
}

function nearnessOf(near: NearContents | undefined, content: number): number {
  const cosine = near?.cosines.get(content) ?? 0
  return Math.max(0, (cosine - UNRELATED_COSINE) / (1 - UNRELATED_COSINE))
}

function nearMatch(near: NearContents | undefined, { entry }: RankedTrace): TraceMatch[] {
  const cosine = near?.cosines.get(entry.content)
  if (!near || cosine === undefined || nearnessOf(near, entry.content) === 0) return []
  return [{ kind: 'meaning', embedder: near.embedder, cosine }]
}

/** Of what a `Date` can't hold, the number is better than an error. */
function isoTime(unixNano: bigint): string {
  const date = new Date(Number(unixNano / 1_000_000n))
  return Number.isNaN(date.getTime()) ? String(unixNano) : date.toISOString()
}
