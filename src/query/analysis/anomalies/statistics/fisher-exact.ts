// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { logChoose } from './log-factorial'

/** So many of so many. */
export interface Share {
  readonly hits: number
  readonly of: number
}

// A term this much smaller than the largest changes no digit that anybody looks at.
const NEGLIGIBLE = 1e-17

/**
 * The probability that, the margins given, at least so many hits fall to `inside` when hits have
 * no preference: Fisher's exact test, one-sided (R. A. Fisher, Statistical Methods for Research
 * Workers, section 21.02).
 */
export function fisherExactGreater(inside: Share, outside: Share): number {
  const hits = inside.hits + outside.hits
  const all = inside.of + outside.of
  const most = Math.min(hits, inside.of)
  if (inside.hits <= Math.max(0, hits - outside.of)) return 1
  const ways = logChoose(all, hits)
  const probabilityOf = (k: number): number =>
    Math.exp(logChoose(inside.of, k) + logChoose(outside.of, hits - k) - ways)
  let sum = 0
  // Below its mean the terms still grow: only from there on a small one means the end.
  const mean = (hits * inside.of) / all
  for (let k = inside.hits; k <= most; k++) {
    const term = probabilityOf(k)
    sum += term
    if (k > mean && term < sum * NEGLIGIBLE) break
  }
  return Math.min(1, sum)
}
