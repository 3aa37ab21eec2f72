// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { findAnomalies } from './anomalies/find-anomalies'
import { buildServiceGraph } from './service-graph'
import { findCalls } from './find-calls'
import { describeOperations } from './operation-statistics'
import { findPatterns } from './patterns/find-patterns'
import type { AnalysisTotals, SessionAnalysis } from './session-analysis'
import { SPAN_FLAGS, type SessionModel } from './session-model'
import { relateSignals } from './signal-relations'
import { findSlowestTraces } from './slowest-traces'
import { buildSpanTree } from './span-tree'
import { accountForTime } from './time-accounts'

/** More of them nobody reads; how many there are beyond is told. */
const MAX_LISTED = 1_000

/** All that can be told of a session, also in comparison with another. */
export function describeModel(model: SessionModel, baseline?: SessionModel): SessionAnalysis {
  const tree = buildSpanTree(model)
  const accounts = accountForTime(model.spans, tree)
  const calls = findCalls(model, tree)
  const operations = describeOperations(model, accounts)
  const patterns = findPatterns(model, tree, calls, accounts)
  return {
    sessionId: model.sessionId,
    ...(baseline && { baselineSessionId: baseline.sessionId }),
    totals: totalsOf(model),
    graph: buildServiceGraph(model, calls),
    operations: operations.slice(0, MAX_LISTED),
    patterns: patterns.slice(0, MAX_LISTED),
    anomalies: findAnomalies(model, baseline),
    relations: relateSignals(model),
    slowestTraces: findSlowestTraces(model),
    leftOut: {
      ...model.leftOut,
      operations: Math.max(0, operations.length - MAX_LISTED),
      patterns: Math.max(0, patterns.length - MAX_LISTED),
    },
    damage: model.damage,
  }
}

function totalsOf(model: SessionModel): AnalysisTotals {
  const { spans, traces, logs, exemplars, firstMillis, lastMillis, originUnixMillis } = model
  let [errors, tracesWithSpans] = [0, 0]
  for (const flags of spans.flags) errors += flags & SPAN_FLAGS.error
  for (let trace = 0; trace < traces.count; trace++) {
    tracesWithSpans += Number(traces.offsets[trace + 1] > traces.offsets[trace])
  }
  const isEmpty = model.services.length === 0
  const startTime = isEmpty ? undefined : isoTime(originUnixMillis + firstMillis)
  const endTime = isEmpty ? undefined : isoTime(originUnixMillis + lastMillis)
  return {
    ...(startTime !== undefined && { startTime }),
    ...(endTime !== undefined && { endTime }),
    durationMillis: lastMillis - firstMillis,
    services: model.services.length,
    operations: model.operations.length,
    traces: tracesWithSpans,
    spans: spans.count,
    errors,
    logs: logs.count,
    logPatterns: model.logPatterns.length,
    // A histogram has two series in the model.
    metricSeries: model.metricSeries.filter(({ kind }) => kind !== 'mean').length,
    exemplars: exemplars.count,
  }
}

/** Hostile times may lie beyond what a date can hold. */
function isoTime(unixMillis: number): string | undefined {
  const date = new Date(unixMillis)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
