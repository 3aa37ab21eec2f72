// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  type DurationBucket,
  type DurationStatistics,
  durationHistogram,
  durationStatistics,
} from './duration-statistics'
import { Evidence } from './evidence'
import type { CallColumns, CallNode } from './find-calls'
import { groupRows, rowsOf } from './group-rows'
import { SPAN_FLAGS, type SessionModel } from './session-model'

/** Who calls whom in a session, how often, how long it takes and how often it fails. */
export interface ServiceGraph {
  /** Services that sent something, and what they call that did not. */
  readonly nodes: readonly ServiceGraphNode[]
  /** The busiest first. */
  readonly edges: readonly ServiceGraphEdge[]
}

export interface ServiceGraphNode {
  /** What edges name it by: its kind and its name, as in `service:cart`. */
  readonly id: string
  /** `service`, or of what is not instrumented: `database`, `messaging`, `service`, `host`. */
  readonly kind: CallNode['kind']
  readonly name: string
  /** Whether it sent spans, logs or metrics of its own. */
  readonly isInstrumented: boolean
  /** Its spans; of what is not instrumented, calls to it and from it. */
  readonly spans: number
  readonly errors: number
  /** Spans a second, over the time that the session covers. */
  readonly spansPerSecond: number
}

export interface ServiceGraphEdge {
  /** The `id` of a node. */
  readonly from: string
  readonly to: string
  /** `async`: over a queue or told by a span link; the caller does not wait for it. */
  readonly kind: 'call' | 'async'
  readonly calls: number
  /** Calls whose span at either end is an error. */
  readonly errors: number
  readonly callsPerSecond: number
  /** As the caller sees it, where it has a span for the call; of `async`, how long the work took. */
  readonly duration: DurationStatistics
  readonly histogram: readonly DurationBucket[]
  /** Of `async`: from the start of handing it over to the start of the work. */
  readonly lag?: DurationStatistics
  readonly slowestTraceIds: readonly string[]
  readonly failedTraceIds: readonly string[]
}

export function buildServiceGraph(model: SessionModel, calls: CallColumns): ServiceGraph {
  const tallies = calls.nodes.map(() => ({ spans: 0, errors: 0 }))
  const { spans, operations } = model
  for (let row = 0; row < spans.count; row++) {
    const tally = tallies[operations[spans.operation[row]].service]
    tally.spans++
    tally.errors += spans.flags[row] & SPAN_FLAGS.error
  }
  const seconds = (model.lastMillis - model.firstMillis) / 1_000
  const byRoute = groupRows(calls.route, calls.routes.length)
  const edges = calls.routes.map((route, number) => {
    const edge = edgeOf(model, calls, rowsOf(byRoute, number), seconds)
    for (const node of [route.from, route.to]) {
      if (node < model.services.length) continue
      tallies[node].spans += edge.calls
      tallies[node].errors += edge.errors
    }
    const [from, to] = [route.from, route.to].map((node) => idOf(calls.nodes[node]))
    return { from, to, kind: route.kind, ...edge }
  })
  const nodes = calls.nodes.map(({ kind, name }, number) => ({
    id: idOf({ kind, name }),
    kind,
    name,
    isInstrumented: number < model.services.length,
    ...tallies[number],
    spansPerSecond: perSecond(tallies[number].spans, seconds),
  }))
  return { nodes, edges: edges.sort((a, b) => b.calls - a.calls) }
}

/** A rate over no time at all can't be told. */
export function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds : 0
}

function idOf({ kind, name }: CallNode): string {
  return `${kind}:${name}`
}

type EdgeFigures = Omit<ServiceGraphEdge, 'from' | 'to' | 'kind'>

function edgeOf(
  model: SessionModel,
  calls: CallColumns,
  ofRoute: Uint32Array,
  seconds: number,
): EdgeFigures {
  const { flags, trace, startMillis, durationMillis } = model.spans
  const durations = new Float64Array(ofRoute.length)
  const lags: number[] = []
  const slowest = new Evidence(model.traces)
  const failed = new Evidence(model.traces)
  let errors = 0
  for (const [index, call] of ofRoute.entries()) {
    const row = calls.row[call]
    const other = calls.otherRow[call]
    durations[index] = durationMillis[row]
    slowest.add(trace[row], durationMillis[row])
    const flagsOfBoth = flags[row] | (other < 0 ? 0 : flags[other])
    if ((flagsOfBoth & SPAN_FLAGS.error) !== 0) {
      errors++
      failed.add(trace[row], durationMillis[row])
    }
    const isHandedOver = other >= 0 && calls.routes[calls.route[call]].kind === 'async'
    if (isHandedOver) lags.push(startMillis[row] - startMillis[other])
  }
  durations.sort()
  const figures = {
    calls: durations.length,
    errors,
    callsPerSecond: perSecond(durations.length, seconds),
    duration: durationStatistics(durations),
    histogram: durationHistogram(durations),
    slowestTraceIds: slowest.traceIds,
    failedTraceIds: failed.traceIds,
  }
  if (lags.length === 0) return figures
  return { ...figures, lag: durationStatistics(Float64Array.from(lags).sort()) }
}
