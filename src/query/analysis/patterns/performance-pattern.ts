// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { OperationKind } from '../session-model'

/** Something about the calls of a session that costs time, and might not have to. */
export type PerformancePattern =
  NPlusOneCalls | ChattyCalls | SequentialCalls | SlowFirstCalls | RetriedCalls

export interface PatternFigures {
  /** A sentence for people. */
  readonly summary: string
  /** The service that makes the calls. */
  readonly service: string
  /**
   * Time, of all occurrences together, that might be saved: an estimate from above, since it
   * is not known what needs what.
   */
  readonly lostMillis: number
  readonly occurrences: number
  /** In how many traces. */
  readonly traces: number
  /** Traces that show it, at most five, the worst first. */
  readonly traceIds: readonly string[]
}

/** What is called. */
export interface CalledOperation {
  readonly operation: string
  readonly kind: OperationKind
  /** Whom its spans say they call: `database postgresql shop`. */
  readonly peer?: string
  /** The query, or the path of a request, with its values taken out. */
  readonly statement?: string
}

/** One operation makes the same call again and again, where one call might do. */
export interface NPlusOneCalls extends PatternFigures {
  readonly kind: 'n-plus-one'
  /** The operation that makes the calls. */
  readonly operation: string
  readonly call: CalledOperation
  readonly medianCalls: number
  readonly maxCalls: number
}

/** One service calls another very often in a single trace; calls of an N+1 don't count. */
export interface ChattyCalls extends PatternFigures {
  readonly kind: 'chatty-calls'
  /** The `id`s of nodes of the service graph. */
  readonly from: string
  readonly to: string
  readonly medianCalls: number
  readonly maxCalls: number
}

/** One operation makes calls one after another that could run side by side. */
export interface SequentialCalls extends PatternFigures {
  readonly kind: 'sequential-calls'
  readonly operation: string
  readonly calls: readonly CalledOperation[]
  /**
   * `likely`: they came in more than one order, so that none can need what another gave;
   * `possible`: always in the same order, which they may have to be in.
   */
  readonly confidence: 'likely' | 'possible'
}

/** The first calls that a process makes of an operation are slower than those that follow. */
export interface SlowFirstCalls extends PatternFigures {
  readonly kind: 'slow-first-calls'
  readonly operation: string
  readonly operationKind: OperationKind
  /** Of the calls that were slow, the median of the time in which no child of theirs ran. */
  readonly firstMillis: number
  /** The median of those that follow. */
  readonly laterMillis: number
  /** Processes in which it was seen. */
  readonly instances: number
}

/** One operation repeats a call that failed. */
export interface RetriedCalls extends PatternFigures {
  readonly kind: 'retries'
  readonly operation: string
  readonly call: CalledOperation
  /** Calls that repeat one. */
  readonly retries: number
  readonly maxAttempts: number
  /** Of `occurrences`: those whose last attempt did not fail. */
  readonly succeeded: number
}
