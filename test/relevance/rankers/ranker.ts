// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { CorpusTrace } from '../corpus/lay-out-trace'

/** What is judged: something that takes in traces and puts them in an order for a query. */
export interface Ranker {
  add(traces: readonly CorpusTrace[]): Promise<void>
  /** The ids of the traces that fit best, the best one first. */
  search(query: string, limit: number): Promise<string[]>
  close(): Promise<void>
}
