// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { SessionModel } from './session-model'

/** The children of each span, by their start: `rows.subarray(offsets[row], offsets[row + 1])`. */
export interface SpanTree {
  readonly offsets: Uint32Array
  readonly rows: Uint32Array
}

export function buildSpanTree({ spans, traces }: SessionModel): SpanTree {
  const { count, parent } = spans
  const offsets = new Uint32Array(count + 1)
  for (const row of parent) if (row >= 0) offsets[row + 1]++
  for (let row = 0; row < count; row++) offsets[row + 1] += offsets[row]
  const rows = new Uint32Array(offsets[count])
  const next = offsets.slice(0, count)
  // A trace's spans are in the order of their starts, and so their children come to be.
  for (const row of traces.spanRows) {
    if (parent[row] >= 0) rows[next[parent[row]]++] = row
  }
  return { offsets, rows }
}

export function childrenOf({ offsets, rows }: SpanTree, row: number): Uint32Array {
  return rows.subarray(offsets[row], offsets[row + 1])
}
