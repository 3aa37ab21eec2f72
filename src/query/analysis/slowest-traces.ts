// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { TraceSummary } from './session-analysis'
import { SPAN_FLAGS, type SessionModel } from './session-model'

const MAX_TRACES = 20

/** Traces by how long they took, the longest first. */
export function findSlowestTraces(model: SessionModel): TraceSummary[] {
  const { traces, spans, operations, services } = model
  const durations = new Float64Array(traces.count)
  for (let trace = 0; trace < traces.count; trace++) {
    const rows = rowsOfTrace(model, trace)
    if (rows.length === 0) continue
    durations[trace] = lastEnd(model, rows) - spans.startMillis[rows[0]]
  }
  const slowest = longest(durations, (trace) => rowsOfTrace(model, trace).length > 0)
  return slowest.map((trace) => {
    const rows = rowsOfTrace(model, trace)
    const root = rows.find((row) => spans.parent[row] < 0) ?? rows[0]
    const { service, name } = operations[spans.operation[root]]
    let errors = 0
    for (const row of rows) errors += spans.flags[row] & SPAN_FLAGS.error
    return {
      traceId: traces.idOf(trace),
      service: services[service],
      operation: name,
      durationMillis: durations[trace],
      spans: rows.length,
      errors,
    }
  })
}

function rowsOfTrace({ traces }: SessionModel, trace: number): Uint32Array {
  return traces.spanRows.subarray(traces.offsets[trace], traces.offsets[trace + 1])
}

function lastEnd({ spans }: SessionModel, rows: Uint32Array): number {
  let end = -Infinity
  for (const row of rows) end = Math.max(end, spans.startMillis[row] + spans.durationMillis[row])
  return end
}

/** Without sorting a million of them for twenty. */
function longest(durations: Float64Array, isWanted: (trace: number) => boolean): number[] {
  const best: number[] = []
  for (let trace = 0; trace < durations.length; trace++) {
    const isBetter = best.length < MAX_TRACES || durations[trace] > durations[best[best.length - 1]]
    if (!isBetter || !isWanted(trace)) continue
    best.push(trace)
    best.sort((a, b) => durations[b] - durations[a])
    if (best.length > MAX_TRACES) best.pop()
  }
  return best
}
