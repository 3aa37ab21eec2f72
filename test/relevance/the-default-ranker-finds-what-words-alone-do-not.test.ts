// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createTraceIndex } from '../../src/query/search/create-trace-index'
import { byClass, judgeRanker } from './judge-ranker'
import { QUERY_CLASSES, type QueryClass } from './labelled-query'
import type { Measured } from './measures'
import { createNamesOnly, createPlainBm25 } from './rankers/bm25-ranker'
import type { Ranker } from './rankers/ranker'
import { createTraceIndexRanker } from './rankers/trace-index-ranker'
import { SPLITS } from './splits'

const CORPUS = { traces: 2000 }

/** A little under what was measured when this was written, so that a change for the worse shows. */
const PRECISION_FLOORS: Readonly<Record<QueryClass, number>> = {
  literal: 0.75,
  paraphrase: 0.44,
  typo: 0.66,
  constrained: 0.56,
}
const CLEARLY_BETTER = 0.2
/** Three seconds of work, on a machine that may have others to do. */
const MOST_MILLIS = 60_000

describe('on queries it was not made for, the default ranker', () => {
  let namesOnly: Record<QueryClass, Measured>
  let plainBm25: Record<QueryClass, Measured>
  let ours: Record<QueryClass, Measured>

  beforeAll(async () => {
    namesOnly = await judge(createNamesOnly())
    plainBm25 = await judge(createPlainBm25())
    ours = await judge(await createTraceIndexRanker(createTraceIndex({ path: ':memory:' })))
  }, MOST_MILLIS)

  it.each(QUERY_CLASSES)(
    'finds what %s queries ask for clearly better than names alone',
    (name) => {
      expect(ours[name].precisionAt10 - namesOnly[name].precisionAt10).toBeGreaterThan(
        CLEARLY_BETTER,
      )
      expect(ours[name].ndcgAt10 - namesOnly[name].ndcgAt10).toBeGreaterThan(CLEARLY_BETTER)
    },
  )

  it.each(QUERY_CLASSES)('does not find less than plain BM25 for %s queries', (name) => {
    expect(ours[name].precisionAt10).toBeGreaterThanOrEqual(plainBm25[name].precisionAt10)
    expect(ours[name].ndcgAt10).toBeGreaterThanOrEqual(plainBm25[name].ndcgAt10)
  })

  it.each(QUERY_CLASSES)('keeps what it had reached for %s queries', (name) => {
    expect(ours[name].precisionAt10).toBeGreaterThanOrEqual(PRECISION_FLOORS[name])
  })
})

async function judge(ranker: Ranker): Promise<Record<QueryClass, Measured>> {
  try {
    return byClass((await judgeRanker(ranker, SPLITS.test, CORPUS)).queries)
  } finally {
    await ranker.close()
  }
}
