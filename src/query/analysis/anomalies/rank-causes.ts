// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { AnomalyEffect, AnomalyKind, FoundAnomaly } from './anomaly'
import type { ServiceReach } from './service-reach'

export interface RankedAnomaly {
  readonly anomaly: FoundAnomaly
  /** The index of what probably caused it. */
  readonly explainedBy?: number
}

/** What tends to be the cause of what, greater first; by how much it matters where it is alone. */
const WEIGHTS: Readonly<Record<AnomalyKind, number>> = Object.freeze({
  'vanished-service': 10,
  'new-service': 10,
  'retry-storm': 9,
  'n-plus-one': 8,
  'new-edge': 8,
  'error-rate-shift': 7,
  'latency-shift': 6,
  'vanished-edge': 5,
  'new-operation': 4,
  'vanished-operation': 4,
  'log-burst': 2,
  'metric-shift': 1,
})

/** Causes first, the weightier first, and then what they explain. */
export function rankCauses(found: readonly FoundAnomaly[], reach: ServiceReach): RankedAnomaly[] {
  const sorted = [...found].sort((left, right) => weightOf(right) - weightOf(left))
  const causes: FoundAnomaly[] = []
  const explained: { anomaly: FoundAnomaly; explainedBy: number }[] = []
  for (const anomaly of sorted) {
    const cause = causes.findIndex((one) => overlap(one, anomaly) && explains(one, anomaly, reach))
    if (cause < 0) causes.push(anomaly)
    else explained.push({ anomaly, explainedBy: cause })
  }
  return [...causes.map((anomaly) => ({ anomaly })), ...explained]
}

/** The kind decides first, then how large it is. */
function weightOf({ kind, effect }: FoundAnomaly): number {
  return WEIGHTS[kind] + sizeOf(effect)
}

/** 0 to 1. */
function sizeOf({ measure, value }: AnomalyEffect): number {
  switch (measure) {
    case 'ratio':
      return value > 1 ? 1 - 1 / value : 1 - Math.abs(value)
    case 'cohens-h':
      return value / Math.PI
    case 'superiority':
      return Math.max(0, value - 0.5) * 2
  }
}

/** Whether a good part of the second falls into the first. */
function overlap(cause: FoundAnomaly, symptom: FoundAnomaly): boolean {
  const from = Math.max(cause.fromMillis, symptom.fromMillis)
  const to = Math.min(cause.toMillis, symptom.toMillis)
  const shorter = Math.min(cause.toMillis - cause.fromMillis, symptom.toMillis - symptom.fromMillis)
  return to - from >= shorter * 0.4
}

function explains(cause: FoundAnomaly, symptom: FoundAnomaly, reach: ServiceReach): boolean {
  const { service, peer } = cause.place
  const at = symptom.place.service
  const isHere = at === service || at === peer
  const above = reach.reaches(at, service)
  const below = reach.reaches(service, at) || (peer !== undefined && reach.reaches(peer, at))
  const isSide = symptom.kind === 'log-burst' || symptom.kind === 'metric-shift'
  if (isSide) return isHere || above || (below && cause.kind !== 'latency-shift')
  switch (cause.kind) {
    case 'vanished-service':
    case 'new-service':
      return isHere || below || symptom.place.peer === service || above
    case 'vanished-edge':
    case 'new-edge':
      return isHere || below
    case 'retry-storm':
      return isHere || below || above
    case 'n-plus-one':
      return isHere || symptom.place.peer === peer
    case 'error-rate-shift':
      // What fails early calls nobody, and is given up on.
      return at === service || (isAbsence(symptom.kind) && below) || symptom.place.peer === service
    case 'latency-shift':
      return at === service || (peer !== undefined && symptom.place.peer === peer)
    case 'new-operation':
    case 'vanished-operation':
      return at === service || below
    case 'log-burst':
    case 'metric-shift':
      return false
  }
}

function isAbsence(kind: AnomalyKind): boolean {
  return kind.startsWith('vanished-')
}
