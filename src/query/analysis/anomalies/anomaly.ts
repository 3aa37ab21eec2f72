// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { OperationKind } from '../session-model'

/**
 * - `latency-shift`: an operation takes longer by itself, without what it calls
 * - `error-rate-shift`: an operation fails more often by itself, not for what it calls
 * - `n-plus-one`: an operation makes the same call many more times than it did
 * - `retry-storm`: an operation repeats a call that fails, again and again
 * - `new-service`, `new-edge`, `new-operation`: nobody of that name was, was called or did that
 * - `vanished-service`, `vanished-edge`, `vanished-operation`: nobody is, is called or does it now
 * - `log-burst`: log records of one pattern that are new, or many more than there were
 * - `metric-shift`: a metric's level is another
 */
export type AnomalyKind =
  | 'latency-shift'
  | 'error-rate-shift'
  | 'n-plus-one'
  | 'retry-storm'
  | 'new-service'
  | 'new-edge'
  | 'new-operation'
  | 'vanished-service'
  | 'vanished-edge'
  | 'vanished-operation'
  | 'log-burst'
  | 'metric-shift'

/** Where it is: as much of it as the kind tells. */
export interface AnomalyPlace {
  readonly service: string
  readonly operation?: string
  readonly operationKind?: OperationKind
  /** The service, database, queue or host that is called there. */
  readonly peer?: string
  /** The database statement, its values taken out. */
  readonly statement?: string
  readonly logTemplate?: string
  readonly logSeverity?: string
  readonly metric?: string
  /** `{http.route=/cart}` */
  readonly metricAttributes?: string
}

export interface AnomalyFigure {
  readonly value: number
  /** `ms`, `%`, `calls per caller`, `records per trace`, or the metric's own. */
  readonly unit: string
  /** From so many traces, or points of a metric. */
  readonly samples: number
}

export interface AnomalyEffect {
  /**
   * - `ratio`: after divided by before
   * - `cohens-h`: between two shares, 0 to π; 0.2 is small, 0.8 is large (J. Cohen, Statistical Power
   *   Analysis for the Behavioral Sciences, 2nd edition, chapter 6)
   * - `superiority`: how often a value after exceeds one before; 0.5 is no effect, 1 is the largest
   */
  readonly measure: 'ratio' | 'cohens-h' | 'superiority'
  readonly value: number
}

/** Something that is not as it was, and what shows it. */
export interface Anomaly {
  readonly kind: AnomalyKind
  readonly place: AnomalyPlace
  /** While it lasted, as far as the session shows it, in milliseconds since the Unix epoch. */
  readonly fromUnixMillis: number
  readonly toUnixMillis: number
  /** Of the baseline or, without one, of the rest of the session. */
  readonly before: AnomalyFigure
  readonly after: AnomalyFigure
  readonly effect: AnomalyEffect
  /** The chance to see one anomaly of its kind or more where none is, after everything looked at. */
  readonly pValue: number
  /** 0 to 1: how surely this is no accident. */
  readonly confidence: number
  /** Traces that show it, at most 5. */
  readonly evidenceTraceIds: readonly string[]
  /** Callers, near ones first, that are slower or fail for it: `frontend GET /cart`, at most 10. */
  readonly affected: readonly string[]
  /** The index of the anomaly in the list that this one probably follows from. */
  readonly explainedBy?: number
  /** For people. */
  readonly summary: string
}

/** An anomaly that nothing is known of yet beyond itself. */
export type FoundAnomaly = Omit<
  Anomaly,
  | 'confidence'
  | 'affected'
  | 'explainedBy'
  | 'summary'
  | 'fromUnixMillis'
  | 'toUnixMillis'
  | 'evidenceTraceIds'
> & {
  /** In milliseconds of the model. */
  readonly fromMillis: number
  readonly toMillis: number
  /** Of the model. */
  readonly evidenceTraces: readonly number[]
}
