// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { groupRows } from '../group-rows'

/** The rows of each trace, in the order of their starts. */
export function groupByTrace(
  traceCount: number,
  trace: Uint32Array,
  startMillis: Float64Array,
): { offsets: Uint32Array; spanRows: Uint32Array } {
  const { offsets, rows: spanRows } = groupRows(trace, traceCount)
  for (let number = 0; number < traceCount; number++) {
    spanRows
      .subarray(offsets[number], offsets[number + 1])
      .sort((a, b) => startMillis[a] - startMillis[b] || a - b)
  }
  return { offsets, spanRows }
}
