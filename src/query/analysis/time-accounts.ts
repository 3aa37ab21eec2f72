// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { SpanColumns } from './session-model'
import { type SpanTree, childrenOf } from './span-tree'

/** Where the time of each span went. */
export interface TimeAccounts {
  /** In which no child of it ran. */
  readonly selfMillis: Float64Array
  /** By which its trace would have been shorter, had it taken no time of its own. */
  readonly criticalMillis: Float64Array
  /** Of all critical paths: what `criticalMillis` sum up to. */
  readonly pathMillis: number
}

/**
 * Self time, and the critical path through every trace: back from the end of its root, through
 * the child that ended last, then the one that ended last before that one started, and so on
 * down. The algorithm is that of CRISP (Zhang et al., USENIX ATC 2022). A child that does not
 * overlap its parent, as what a queue hands over, begins a path of its own; what of a child
 * lies outside of its parent's time does not count.
 *
 * Nothing here recurses: a trace may be a hundred thousand spans deep.
 */
export function accountForTime(spans: SpanColumns, tree: SpanTree): TimeAccounts {
  const selfMillis = new Float64Array(spans.count)
  for (let row = 0; row < spans.count; row++) selfMillis[row] = selfTimeOf(spans, tree, row)
  const criticalMillis = new Float64Array(spans.count)
  let pathMillis = 0
  for (let row = 0; row < spans.count; row++) {
    if (!isRootOfPath(spans, row)) continue
    pathMillis += spans.durationMillis[row]
    walkCriticalPath(spans, tree, row, criticalMillis)
  }
  return { selfMillis, criticalMillis, pathMillis }
}

/** Whether its time is nobody else's: it has no parent, or runs outside of the parent's time. */
export function isRootOfPath(spans: SpanColumns, row: number): boolean {
  const { parent, startMillis, durationMillis } = spans
  const above = parent[row]
  if (above < 0) return true
  const start = startMillis[row]
  const isBehind = start >= startMillis[above] + durationMillis[above]
  return isBehind || start + durationMillis[row] <= startMillis[above]
}

function selfTimeOf(spans: SpanColumns, tree: SpanTree, row: number): number {
  const { startMillis, durationMillis } = spans
  const end = startMillis[row] + durationMillis[row]
  let self = durationMillis[row]
  let covered = startMillis[row]
  for (let at = tree.offsets[row]; at < tree.offsets[row + 1]; at++) {
    const child = tree.rows[at]
    const from = Math.max(startMillis[child], covered)
    const to = Math.min(startMillis[child] + durationMillis[child], end)
    if (to <= from) continue
    self -= to - from
    covered = to
  }
  // Sums of fractions may end a hair below it.
  return Math.max(0, self)
}

interface Window {
  readonly row: number
  readonly from: number
  readonly to: number
}

function walkCriticalPath(
  spans: SpanColumns,
  tree: SpanTree,
  root: number,
  criticalMillis: Float64Array,
): void {
  const { startMillis, durationMillis } = spans
  const endOf = (row: number): number => startMillis[row] + durationMillis[row]
  const pending: Window[] = [{ row: root, from: startMillis[root], to: endOf(root) }]
  for (let window = pending.pop(); window; window = pending.pop()) {
    const { row, from, to } = window
    let time = to
    for (const child of childrenOf(tree, row).toSorted((a, b) => endOf(b) - endOf(a))) {
      const childTo = Math.min(endOf(child), to)
      const childFrom = Math.max(startMillis[child], from)
      // It ran beside one that ended later, or outside of what is looked at.
      if (childTo > time || childTo <= childFrom) continue
      criticalMillis[row] += time - childTo
      pending.push({ row: child, from: childFrom, to: childTo })
      time = childFrom
    }
    criticalMillis[row] += time - from
  }
}
