// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { SessionModel } from '../session-model'
import type { SpanTree } from '../span-tree'

/**
 * The calls that each span makes to others, by their start, as a tree of calls alone. Spans that
 * only wrap one call, as those of an ORM do, are looked through: what they wrap is their parent's.
 */
export function findSiblingCalls(model: SessionModel, tree: SpanTree): SpanTree {
  const { spans, traces } = model
  const caller = new Int32Array(spans.count).fill(-1)
  const offsets = new Uint32Array(spans.count + 1)
  for (let row = 0; row < spans.count; row++) {
    if (!isCall(model, row)) continue
    caller[row] = callerThroughWrappers(model, tree, row)
    if (caller[row] >= 0) offsets[caller[row] + 1]++
  }
  for (let row = 0; row < spans.count; row++) offsets[row + 1] += offsets[row]
  const rows = new Uint32Array(offsets[spans.count])
  const next = offsets.slice(0, spans.count)
  for (const row of traces.spanRows) {
    if (caller[row] >= 0) rows[next[caller[row]]++] = row
  }
  return { offsets, rows }
}

/** A client's span, or a database's, that is not itself part of a call. */
function isCall({ spans, operations }: SessionModel, row: number): boolean {
  const { kind, peer, service } = operations[spans.operation[row]]
  if (kind !== 'client' && peer?.kind !== 'database') return false
  if (spans.parent[row] < 0) return false
  const above = operations[spans.operation[spans.parent[row]]]
  return above.kind !== 'client' || above.service !== service
}

/** Wrappers in wrappers: more than a few are a program's own structure. */
const MAX_WRAPPERS = 3

function callerThroughWrappers(
  { spans, operations }: SessionModel,
  { offsets }: SpanTree,
  row: number,
): number {
  let caller = spans.parent[row]
  for (let depth = 0; depth < MAX_WRAPPERS; depth++) {
    const isWrapper =
      operations[spans.operation[caller]].kind === 'internal' &&
      offsets[caller + 1] - offsets[caller] === 1 &&
      spans.parent[caller] >= 0
    if (!isWrapper) break
    caller = spans.parent[caller]
  }
  return caller
}
