// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { CallColumns } from '../find-calls'
import type { SessionModel } from '../session-model'
import { type SpanTree, childrenOf } from '../span-tree'
import type { TimeAccounts } from '../time-accounts'
import { findChattyCalls } from './chatty-calls'
import type { PerformancePattern } from './performance-pattern'
import { RepeatedCalls } from './repeated-calls'
import { SequentialRuns } from './sequential-runs'
import { findSiblingCalls } from './sibling-calls'
import { findSlowFirstCalls } from './slow-first-calls'

/** What costs time in a session and might not have to; what costs the most comes first. */
export function findPatterns(
  model: SessionModel,
  tree: SpanTree,
  calls: CallColumns,
  accounts: TimeAccounts,
): PerformancePattern[] {
  const siblings = findSiblingCalls(model, tree)
  const repeated = new RepeatedCalls(model)
  // By trace, so that traces can be counted without being remembered.
  for (const row of model.traces.spanRows) repeated.add(row, childrenOf(siblings, row))
  const sequential = new SequentialRuns(model, repeated.isNPlusOne)
  for (const row of model.traces.spanRows) sequential.add(row, childrenOf(siblings, row))
  const found: PerformancePattern[] = [
    ...repeated.findings,
    ...sequential.findings,
    ...findChattyCalls(model, calls, repeated.isNPlusOne),
    ...findSlowFirstCalls(model, accounts),
  ]
  return found.sort((a, b) => b.lostMillis - a.lostMillis)
}
