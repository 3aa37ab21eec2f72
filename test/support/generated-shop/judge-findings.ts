// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Anomaly, AnomalyKind } from '../../../src/query/analysis/anomalies/anomaly'
import type { Fault, FaultKind } from './fault'
import type { ShopPlan } from './shop-plan'

/** The one kind that each fault has to be found as. */
const KINDS: Readonly<Record<FaultKind, AnomalyKind>> = {
  'slow-operation': 'latency-shift',
  'slow-peer': 'latency-shift',
  'error-burst': 'error-rate-shift',
  'n-plus-one': 'n-plus-one',
  'retry-storm': 'retry-storm',
  'new-edge': 'new-edge',
  'vanished-service': 'vanished-service',
  'log-burst': 'log-burst',
  'metric-shift': 'metric-shift',
}

export interface Verdict {
  /** 1 is the first of the list; undefined if it isn't in it with the right kind and place. */
  readonly rank: number | undefined
  /** Of the traces that are named as evidence, how many the fault has hit; 1 of none. */
  readonly evidence: number
}

/** Whether and where the fault is among what was found. */
export function judgeFindings(
  anomalies: readonly Anomaly[],
  fault: Fault,
  plan: ShopPlan,
  hitTraceIds: ReadonlySet<string>,
): Verdict {
  const index = anomalies.findIndex(
    (anomaly) => anomaly.kind === KINDS[fault.kind] && isAt(anomaly, fault, plan),
  )
  if (index < 0) return { rank: undefined, evidence: 0 }
  const { evidenceTraceIds: named } = anomalies[index]
  const needsNone = fault.kind === 'metric-shift'
  const shown = named.filter((id) => hitTraceIds.has(id)).length
  const evidence = named.length === 0 ? (needsNone ? 1 : 0) : shown / named.length
  return { rank: index + 1, evidence }
}

function isAt({ place }: Anomaly, fault: Fault, plan: ShopPlan): boolean {
  if (place.service !== fault.service) return false
  const operation = plan.operations.get(fault.operation ?? '')?.name
  switch (fault.kind) {
    case 'slow-operation':
    case 'error-burst':
      return place.operation === operation && place.operationKind === 'server'
    case 'slow-peer':
      return place.operationKind === 'client' && namesPeer(place.peer, fault)
    case 'n-plus-one':
    case 'retry-storm':
      return place.operation === operation && namesPeer(place.peer, fault)
    case 'new-edge':
      return namesPeer(place.peer, fault)
    case 'vanished-service':
      return true
    case 'log-burst':
      return place.logTemplate?.startsWith('pool exhausted') ?? false
    case 'metric-shift':
      return place.metric === 'db.client.connection.count'
  }
}

/** A database's name has its system in front. */
function namesPeer(peer: string | undefined, fault: Fault): boolean {
  return peer !== undefined && fault.peer !== undefined && peer.split(' ').includes(fault.peer)
}
