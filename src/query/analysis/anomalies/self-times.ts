// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SPAN_FLAGS, type SessionModel } from '../session-model'

/** What is a span's own doing, by row: its callees' part is taken out. */
export interface OwnShares {
  /** The span's time less the time in which any child ran, clipped to the span. */
  readonly selfMillis: Float64Array
  /** 1 if the span failed and no child of it did. */
  readonly failedItself: Uint8Array
}

/** In one pass over each trace, since a trace's rows are in the order of their starts. */
export function ownShares({ spans, traces }: SessionModel): OwnShares {
  const { parent, startMillis, durationMillis, flags } = spans
  const selfMillis = durationMillis.slice(0, spans.count)
  const failedItself = new Uint8Array(spans.count)
  for (let row = 0; row < spans.count; row++) failedItself[row] = flags[row] & SPAN_FLAGS.error
  const coveredUntil = startMillis.slice(0, spans.count)
  const rows = traces.spanRows
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]
    const above = parent[row]
    if (above < 0) continue
    if (flags[row] & SPAN_FLAGS.error) failedItself[above] = 0
    const parentEnd = startMillis[above] + durationMillis[above]
    const from = Math.max(startMillis[row], coveredUntil[above])
    const to = Math.min(startMillis[row] + durationMillis[row], parentEnd)
    if (to <= from) continue
    selfMillis[above] = Math.max(0, selfMillis[above] - (to - from))
    coveredUntil[above] = to
  }
  return { selfMillis, failedItself }
}
