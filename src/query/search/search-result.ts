// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { TraceSummary } from './summarize-trace'

/** One reason why a trace was found. */
export type TraceMatch =
  /** A word of the query stands in the trace; `takenFor`: spelled so there. */
  | {
      readonly kind: 'word'
      readonly words: string
      readonly takenFor?: string
      /** `service`, `name`, `exception type`, `exception message`, `status`, `event` or `attribute`. */
      readonly field: string
      /** The attribute's key, where it is one. */
      readonly key?: string
      readonly text: string
      /** Of its score by words and concepts, from 0 to 1. */
      readonly share: number
    }
  /** The trace is what the words mean: `because` says what of it. */
  | {
      readonly kind: 'concept'
      readonly words: string
      readonly concept: string
      readonly because: string
      readonly share: number
    }
  /** An embedder finds its content like the query. */
  | { readonly kind: 'meaning'; readonly embedder: string; readonly cosine: number }
  /** It was asked for by its id. */
  | { readonly kind: 'id' }

export interface TraceSearchResult extends TraceSummary {
  readonly traceId: string
  /** When it started, ISO 8601, to the millisecond. */
  readonly timestamp: string
  readonly durationMillis: number
  /**
   * How well it fits, from 0 to 1, beside a trace that has each word and meaning of the query
   * once: that one has about 0.8. Higher is better, and no probability.
   */
  readonly similarity: number
  /** Why it was found, the weightiest reason first. */
  readonly matches: readonly TraceMatch[]
  /** How many traces have the same content, this one included, of those that the filters let through. */
  readonly sameContentCount: number
}
