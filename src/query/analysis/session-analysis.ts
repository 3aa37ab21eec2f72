// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Damage } from '../../session/damage'
import type { Anomaly } from './anomalies/anomaly'
import type { OperationStatistics } from './operation-statistics'
import type { PerformancePattern } from './patterns/performance-pattern'
import type { ServiceGraph } from './service-graph'
import type { LeftOut } from './session-model'
import type { SignalRelations } from './signal-relations'

/**
 * What an analysis of a session finds: plain data, as JSON holds it. Names carry their units;
 * shares are from 0 to 1; ids of traces are there to look them up.
 */
export interface SessionAnalysis {
  readonly sessionId: string
  /** Of the session that it was compared with. */
  readonly baselineSessionId?: string
  readonly totals: AnalysisTotals
  readonly graph: ServiceGraph
  /** The one that traces waited for longest comes first; at most 1,000 of them. */
  readonly operations: readonly OperationStatistics[]
  /** The one that costs the most time comes first; at most 1,000 of them. */
  readonly patterns: readonly PerformancePattern[]
  /** What is unusual in it, or different from the baseline; the likely cause comes first. */
  readonly anomalies: readonly Anomaly[]
  readonly relations: SignalRelations
  /** Traces that took longest, from the first start of their spans to the last end. */
  readonly slowestTraces: readonly TraceSummary[]
  /** What is in the session and not in the analysis. */
  readonly leftOut: LeftOut & { readonly operations: number; readonly patterns: number }
  /** Pieces that could not be read. */
  readonly damage: readonly Damage[]
}

export interface AnalysisTotals {
  /** ISO 8601, of the first and the last item; absent if there is none. */
  readonly startTime?: string
  readonly endTime?: string
  readonly durationMillis: number
  readonly services: number
  readonly operations: number
  readonly traces: number
  readonly spans: number
  /** Spans whose status is an error. */
  readonly errors: number
  readonly logs: number
  readonly logPatterns: number
  readonly metricSeries: number
  readonly exemplars: number
}

export interface TraceSummary {
  readonly traceId: string
  /** The service and the name of the span that began it. */
  readonly service: string
  readonly operation: string
  readonly durationMillis: number
  readonly spans: number
  readonly errors: number
}
