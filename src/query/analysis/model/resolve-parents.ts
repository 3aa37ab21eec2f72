// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { LOST_PARENT, NO_PARENT } from '../session-model'
import type { SpanRows } from './span-rows'

/**
 * Finds the rows of all parents, once all spans are known. A span that is its own ancestor, which
 * no honest tracer writes, loses its parent: whoever walks up or down comes to an end.
 */
export function resolveParents(spans: SpanRows): { parent: Int32Array; cyclicSpans: number } {
  const { count, trace, parentHigh, parentLow } = spans.rows.finished()
  const parent = new Int32Array(count)
  for (let row = 0; row < count; row++) {
    const [high, low] = [parentHigh[row], parentLow[row]]
    const found = spans.find(trace[row], high, low)
    if ((high | low) === 0) parent[row] = NO_PARENT
    else parent[row] = found < 0 ? LOST_PARENT : found
  }
  return { parent, cyclicSpans: cutCycles(parent) }
}

function cutCycles(parent: Int32Array): number {
  // By which walk a row was seen first: a walk that comes to a row of its own has gone in a circle.
  const seenBy = new Int32Array(parent.length)
  let cut = 0
  for (let start = 0; start < parent.length; start++) {
    const walk = start + 1
    let row = start
    while (row >= 0 && seenBy[row] === 0) {
      seenBy[row] = walk
      row = parent[row]
    }
    if (row < 0 || seenBy[row] !== walk) continue
    for (let at = row, next = parent[at]; next >= 0; at = next, next = parent[at]) {
      parent[at] = LOST_PARENT
      cut++
    }
  }
  return cut
}
