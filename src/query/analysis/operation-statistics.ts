// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  type DurationBucket,
  type DurationStatistics,
  durationHistogram,
  durationStatistics,
} from './duration-statistics'
import { Evidence } from './evidence'
import { groupRows, rowsOf } from './group-rows'
import { perSecond } from './service-graph'
import { type OperationKind, SPAN_FLAGS, type SessionModel } from './session-model'
import type { TimeAccounts } from './time-accounts'

/** What the spans of one name, kind and peer of a service have in common. */
export interface OperationStatistics {
  readonly service: string
  readonly name: string
  readonly kind: OperationKind
  /** Whom it says it calls: `database postgresql shop`. */
  readonly peer?: string
  readonly calls: number
  readonly callsPerSecond: number
  readonly errors: number
  /** 0 to 1. */
  readonly errorShare: number
  readonly duration: DurationStatistics
  readonly histogram: readonly DurationBucket[]
  /** Of all calls together: the time in which no child of theirs ran. */
  readonly selfMillis: number
  /** Of all calls together: the time by which their traces would have been shorter without it. */
  readonly criticalPathMillis: number
  /** Of the critical paths of all traces, 0 to 1. */
  readonly criticalPathShare: number
  readonly slowestTraceIds: readonly string[]
  readonly failedTraceIds: readonly string[]
}

/** What every operation did; the one that traces waited for longest comes first. */
export function describeOperations(
  model: SessionModel,
  accounts: TimeAccounts,
): OperationStatistics[] {
  const { spans, operations } = model
  const byOperation = groupRows(spans.operation, operations.length)
  return operations
    .map((_, operation) => describe(model, accounts, operation, rowsOf(byOperation, operation)))
    .sort((a, b) => b.criticalPathMillis - a.criticalPathMillis || b.calls - a.calls)
}

function describe(
  model: SessionModel,
  accounts: TimeAccounts,
  operation: number,
  rows: Uint32Array,
): OperationStatistics {
  const { spans, traces, services } = model
  const { service, name, kind, peer } = model.operations[operation]
  const durations = new Float64Array(rows.length)
  const slowest = new Evidence(traces)
  const failed = new Evidence(traces)
  const sums = { errors: 0, selfMillis: 0, criticalPathMillis: 0 }
  for (const [index, row] of rows.entries()) {
    const duration = (durations[index] = spans.durationMillis[row])
    slowest.add(spans.trace[row], duration)
    sums.selfMillis += accounts.selfMillis[row]
    sums.criticalPathMillis += accounts.criticalMillis[row]
    if ((spans.flags[row] & SPAN_FLAGS.error) === 0) continue
    sums.errors++
    failed.add(spans.trace[row], duration)
  }
  durations.sort()
  const { pathMillis } = accounts
  return {
    service: services[service],
    name,
    kind,
    ...(peer && { peer: `${peer.kind} ${peer.name}` }),
    calls: rows.length,
    callsPerSecond: perSecond(rows.length, (model.lastMillis - model.firstMillis) / 1_000),
    ...sums,
    errorShare: rows.length === 0 ? 0 : sums.errors / rows.length,
    duration: durationStatistics(durations),
    histogram: durationHistogram(durations),
    criticalPathShare: pathMillis > 0 ? sums.criticalPathMillis / pathMillis : 0,
    slowestTraceIds: slowest.traceIds,
    failedTraceIds: failed.traceIds,
  }
}
