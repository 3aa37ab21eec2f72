// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { TraceCollection } from './trace-collection'
import type { TraceEntry } from './trace-entry'

/** Which traces are asked for; each limit that is there holds exactly. */
export interface TraceFilter {
  /** Of a service that has a span in it. */
  readonly systemId?: string
  /** Its start is this time or later. */
  readonly fromUnixNano?: bigint
  /** Its start is before this time. */
  readonly toUnixNano?: bigint
}

export interface RankedTrace {
  readonly document: number
  readonly entry: TraceEntry
  readonly score: number
  readonly sameContentCount: number
}

/** What documents scored, by their number. */
export interface ScoredDocuments {
  readonly scores: Float32Array
  readonly documents: Uint32Array
}

/**
 * The best of those that score as much as `leastScore`, the best first. Traces of the same
 * content stand for one another: only where there are fewer contents than are asked for, the
 * others of them follow.
 */
export function rankTraces(
  traces: TraceCollection,
  scored: ScoredDocuments,
  filter: TraceFilter,
  { limit, leastScore }: { limit: number; leastScore: number },
): RankedTrace[] {
  const top = new TopTraces(limit)
  for (const found of wanted(traces, scored, filter, () => Math.max(leastScore, top.floor))) {
    top.offerFirstOfContent(found)
  }
  const firsts = top.all
  const counts = countContents(traces, scored, filter, firsts)
  const counted = (all: readonly FoundTrace[]): RankedTrace[] =>
    all.map((found) => ({ ...found, sameContentCount: counts.get(found.entry.content) ?? 1 }))
  if (firsts.length >= limit) return counted(firsts)
  const chosen = new Set(firsts.map(({ document }) => document))
  const others = new TopTraces(limit - firsts.length)
  for (const found of wanted(traces, scored, filter, () => Math.max(leastScore, others.floor))) {
    if (!chosen.has(found.document)) others.offer(found)
  }
  return counted([...firsts, ...others.all].sort(byRank))
}

interface FoundTrace {
  readonly document: number
  readonly entry: TraceEntry
  readonly score: number
}

/** Most score less than the worst that would be given: they are passed over without another look. */
function* wanted(
  { entries }: TraceCollection,
  { scores, documents }: ScoredDocuments,
  filter: TraceFilter,
  leastScore: () => number,
): Generator<FoundTrace> {
  let least = leastScore()
  for (let index = 0; index < documents.length; index++) {
    const document = documents[index]
    const score = scores[document]
    if (score < least) continue
    const entry = entries[document]
    if (!entry || !isWanted(entry, filter)) continue
    yield { document, entry, score }
    least = leastScore()
  }
}

/** How many traces have each of these contents, of those that the filter lets through. */
function countContents(
  traces: TraceCollection,
  { documents }: ScoredDocuments,
  filter: TraceFilter,
  found: readonly FoundTrace[],
): ReadonlyMap<number, number> {
  const counts = new Map(found.map(({ entry }) => [entry.content, 0]))
  const { systemId, fromUnixNano, toUnixNano } = filter
  if ((systemId ?? fromUnixNano ?? toUnixNano) === undefined) {
    for (const { content } of found.map(({ entry }) => entry)) {
      counts.set(content, traces.countOf(content))
    }
    return counts
  }
  for (const document of documents) {
    const entry = traces.entries[document]
    if (!entry || !isWanted(entry, filter)) continue
    const count = counts.get(entry.content)
    if (count !== undefined) counts.set(entry.content, count + 1)
  }
  return counts
}

/** The best of what it is offered. */
class TopTraces {
  readonly #limit: number
  readonly all: FoundTrace[] = []
  readonly #contents = new Set<number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** What scores less need not be offered. */
  get floor(): number {
    return this.all.length < this.#limit ? 0 : this.all[this.all.length - 1].score
  }

  /** Gives back what is not among the best, or not any more. */
  offer(found: FoundTrace): FoundTrace | undefined {
    let index = this.all.length
    while (index > 0 && byRank(this.all[index - 1], found) > 0) index--
    this.all.splice(index, 0, found)
    return this.all.length > this.#limit ? this.all.pop() : undefined
  }

  /** Keeps no more than the best of each content. */
  offerFirstOfContent(found: FoundTrace): void {
    const { content } = found.entry
    if (this.#contents.has(content)) {
      const at = this.all.findIndex(({ entry }) => entry.content === content)
      if (byRank(this.all[at], found) <= 0) return
      this.all.splice(at, 1)
    }
    this.#contents.add(content)
    const left = this.offer(found)
    if (left) this.#contents.delete(left.entry.content)
  }
}

function isWanted(entry: TraceEntry, filter: TraceFilter): boolean {
  const { systemId, fromUnixNano, toUnixNano } = filter
  if (systemId !== undefined && !entry.serviceNames.includes(systemId)) return false
  if (fromUnixNano !== undefined && entry.startTimeUnixNano < fromUnixNano) return false
  return toUnixNano === undefined || entry.startTimeUnixNano < toUnixNano
}

/** Of equals, the latest: it is the one that is still remembered. */
function byRank(a: FoundTrace, b: FoundTrace): number {
  if (a.score !== b.score) return b.score - a.score
  const [startA, startB] = [a.entry.startTimeUnixNano, b.entry.startTimeUnixNano]
  if (startA !== startB) return startA > startB ? -1 : 1
  return a.entry.traceId < b.entry.traceId ? -1 : 1
}
