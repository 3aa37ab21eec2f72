// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { CorpusTrace } from '../corpus/lay-out-trace'
import type { Ranker } from './ranker'

/** What a ranking needs of a trace index, from the sources or as built. */
export interface SearchedIndex {
  initialize(): Promise<void>
  ingestBatch(
    traces: readonly CorpusTrace[],
  ): Promise<{ errorCount: number; errors: readonly unknown[] }>
  searchTraces(
    query: string,
    options: { limit: number; threshold: number },
  ): Promise<readonly { traceId: string }[]>
  close(): Promise<void>
}

/** Judges a trace index by its order alone: no threshold cuts off what it is unsure of. */
export async function createTraceIndexRanker(index: SearchedIndex): Promise<Ranker> {
  await index.initialize()
  return {
    add: async (traces) => {
      const { errorCount, errors } = await index.ingestBatch(traces)
      if (errorCount > 0) {
        throw new Error(`the index refused ${errorCount} traces`, { cause: errors[0] })
      }
    },
    search: async (query, limit) => {
      const results = await index.searchTraces(query, { limit, threshold: 0 })
      return results.map(({ traceId }) => traceId)
    },
    close: () => index.close(),
  }
}
