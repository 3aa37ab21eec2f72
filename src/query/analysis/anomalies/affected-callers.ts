// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { SessionModel } from '../session-model'
import type { AnomalyPlace } from './anomaly'

const MOST = 10

/**
 * Who called, in the traces that show it, near callers first: `frontend GET /cart`. Their clients'
 * spans are left out, as they say the same again.
 */
export function affectedCallers(
  model: SessionModel,
  place: AnomalyPlace,
  evidence: readonly number[],
): string[] {
  const { spans, traces, operations, services } = model
  const distances = new Map<string, number>()
  for (const trace of evidence) {
    const rows = traces.spanRows.subarray(traces.offsets[trace], traces.offsets[trace + 1])
    for (const row of rows) {
      if (!isAt(model, row, place)) continue
      let distance = 0
      for (let above = spans.parent[row]; above >= 0; above = spans.parent[above]) {
        const { service, name, kind } = operations[spans.operation[above]]
        if (kind === 'client' || kind === 'producer') continue
        const caller = `${services[service]} ${name}`
        distances.set(caller, Math.min(distances.get(caller) ?? Infinity, ++distance))
      }
    }
  }
  if (place.operation !== undefined) distances.delete(`${place.service} ${place.operation}`)
  return [...distances]
    .sort(([, left], [, right]) => left - right)
    .slice(0, MOST)
    .map(([caller]) => caller)
}

function isAt(
  { spans, operations, services }: SessionModel,
  row: number,
  place: AnomalyPlace,
): boolean {
  const { service, name, kind } = operations[spans.operation[row]]
  if (services[service] !== place.service) return false
  if (place.operation === undefined) return true
  return name === place.operation && kind === place.operationKind
}
