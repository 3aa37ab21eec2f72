// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { generateCorpus, type CorpusOptions } from './corpus/generate-corpus'
import type { CorpusTrace } from './corpus/lay-out-trace'
import {
  gradeOf,
  QUERY_CLASSES,
  type LabelledQuery,
  type QueryClass,
  type TraceLabel,
} from './labelled-query'
import { mean, ndcgAt10, precisionAt10, type Measured } from './measures'
import type { Ranker } from './rankers/ranker'
import type { Split } from './splits'

export interface JudgedQuery extends Measured {
  query: LabelledQuery
}

export interface Judgement {
  /** Seconds of CPU, all threads, that taking in the corpus took. */
  ingestCpuSeconds: number
  /** By query, in milliseconds. */
  searchMillis: number[]
  queries: JudgedQuery[]
}

const BATCH_TRACES = 500
const PLACES = 10

/** Has a ranker take in a split's corpus and answer all of its queries. */
export async function judgeRanker(
  ranker: Ranker,
  split: Split,
  options: CorpusOptions,
): Promise<Judgement> {
  const labels = new Map<string, TraceLabel>()
  let cpuMicros = 0
  const take = async (batch: CorpusTrace[]) => {
    const start = process.cpuUsage()
    await ranker.add(batch)
    const { user, system } = process.cpuUsage(start)
    cpuMicros += user + system
  }
  let batch: CorpusTrace[] = []
  for (const { trace, label } of generateCorpus(split, options)) {
    if (label) labels.set(trace.traceId, label)
    batch.push(trace)
    if (batch.length < BATCH_TRACES) continue
    await take(batch)
    batch = []
  }
  await take(batch)
  const searchMillis: number[] = []
  const judged: JudgedQuery[] = []
  for (const query of split.queries) {
    const start = performance.now()
    const traceIds = await ranker.search(query.text, PLACES)
    searchMillis.push(performance.now() - start)
    judged.push(judgeAnswer(query, traceIds, labels))
  }
  return { ingestCpuSeconds: cpuMicros / 1e6, searchMillis, queries: judged }
}

export function judgeAnswer(
  query: LabelledQuery,
  traceIds: readonly string[],
  labels: ReadonlyMap<string, TraceLabel>,
): JudgedQuery {
  if (new Set(traceIds).size < traceIds.length) {
    throw new Error(`'${query.text}' was answered with the same trace twice`)
  }
  const grades = traceIds.map((traceId) => gradeOf(query, labels.get(traceId)))
  const allGrades = [...labels.values()].map((label) => gradeOf(query, label))
  return {
    query,
    precisionAt10: precisionAt10(grades),
    ndcgAt10: ndcgAt10(grades, allGrades),
  }
}

/** The means over the queries of each class, and over all of them. */
export function byClass(queries: readonly JudgedQuery[]): Record<QueryClass | 'all', Measured> {
  const classes = QUERY_CLASSES.map(
    (name) => [name, mean(queries.filter(({ query }) => query.class === name))] as const,
  )
  // Object.fromEntries forgets which keys there are.
  return { ...(Object.fromEntries(classes) as Record<QueryClass, Measured>), all: mean(queries) }
}
