// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { FaultKind } from './corpus/fault-kinds'
import type { Wording } from './corpus/wording'
import type { LabelledQuery } from './labelled-query'
import devQueries from './dev/queries.json'
import devWordings from './dev/wordings.json'
import testQueries from './frozen-test/queries.json'
import testWordings from './frozen-test/wordings.json'

/**
 * Queries, and how the failures of the corpus that they are asked of speak. A ranker may be tuned
 * on `dev`. Nobody tunes on `test`, which has other queries, other messages and another seed.
 */
export interface Split {
  seed: number
  wordings: Readonly<Record<FaultKind, readonly Wording[]>>
  queries: readonly LabelledQuery[]
}

// The type of a JSON module knows kinds and classes as mere strings; a test checks them.
export const SPLITS = {
  dev: { seed: 1, wordings: devWordings, queries: devQueries } as unknown as Split,
  test: { seed: 20_251, wordings: testWordings, queries: testQueries } as unknown as Split,
} as const

export type SplitName = keyof typeof SPLITS
