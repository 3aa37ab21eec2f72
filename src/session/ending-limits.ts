// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Until when a writer that ends may do what. */
export interface EndingLimits {
  /** Until when it has to be over. */
  readonly signal: AbortSignal
  /** Until when what is left is stored. */
  readonly storing: AbortSignal
}

const STORING_SHARE = 0.8

/**
 * How the time to end in is shared: a store that takes some objects and not others
 * must leave enough of it to say in the session what was dropped.
 */
export function endingLimits(timeoutMillis: number): EndingLimits {
  return {
    signal: AbortSignal.timeout(timeoutMillis),
    storing: AbortSignal.timeout(timeoutMillis * STORING_SHARE),
  }
}
