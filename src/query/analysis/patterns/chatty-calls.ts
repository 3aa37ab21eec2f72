// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { CallColumns } from '../find-calls'
import { groupRows, rowsOf } from '../group-rows'
import type { SessionModel } from '../session-model'
import { PatternTally, coveredMillis, inWords, medianOf } from './pattern-tally'
import type { ChattyCalls } from './performance-pattern'

/** Calls from one service to another in one trace. */
const MIN_CALLS = 20

class ChattyTally extends PatternTally {
  readonly counts: number[] = []
}

/**
 * Finds pairs of services of which one calls the other very often in a trace, whichever of its
 * operations does so.
 *
 * @param isExplained 1 for spans that are part of another finding
 */
export function findChattyCalls(
  model: SessionModel,
  calls: CallColumns,
  isExplained: Uint8Array,
): ChattyCalls[] {
  const { trace, startMillis } = model.spans
  const traceOf = calls.row.map((row) => trace[row])
  const byTrace = groupRows(traceOf, model.traces.count)
  const tallies = new Map<number, ChattyTally>()
  for (let number = 0; number < model.traces.count; number++) {
    const ofTrace = rowsOf(byTrace, number)
    if (ofTrace.length < MIN_CALLS || model.traces.idOf(number) === '') continue
    for (const [route, rows] of rowsByRoute(calls, ofTrace, isExplained)) {
      if (rows.length < MIN_CALLS) continue
      const byStart = rows.sort((a, b) => startMillis[a] - startMillis[b])
      const { unionMillis, longestMillis } = coveredMillis(model, byStart)
      const tally = tallies.get(route) ?? new ChattyTally(model)
      tallies.set(route, tally)
      tally.add(number, unionMillis - longestMillis)
      tally.counts.push(rows.length)
    }
  }
  return [...tallies].map(([route, tally]) => describe(calls, route, tally))
}

function rowsByRoute(
  calls: CallColumns,
  ofTrace: Uint32Array,
  isExplained: Uint8Array,
): Map<number, number[]> {
  const byRoute = new Map<number, number[]>()
  for (const call of ofTrace) {
    const [route, row] = [calls.route[call], calls.row[call]]
    if (isExplained[row] === 1 || calls.routes[route].kind === 'async') continue
    const rows = byRoute.get(route)
    if (rows) rows.push(row)
    else byRoute.set(route, [row])
  }
  return byRoute
}

function describe(calls: CallColumns, route: number, tally: ChattyTally): ChattyCalls {
  const [from, to] = [calls.nodes[calls.routes[route].from], calls.nodes[calls.routes[route].to]]
  const medianCalls = medianOf(tally.counts)
  const maxCalls = tally.counts.reduce((max, count) => Math.max(max, count), 0)
  const summary =
    `${from.name} calls ${to.name} ${medianCalls} times in a trace (median of ${tally.traces}; ` +
    `up to ${maxCalls}): ${inWords(tally.lostMillis)} in all that fewer calls might save`
  return {
    kind: 'chatty-calls',
    summary,
    service: from.name,
    from: `${from.kind}:${from.name}`,
    to: `${to.kind}:${to.name}`,
    medianCalls,
    maxCalls,
    ...tally.figures,
  }
}
