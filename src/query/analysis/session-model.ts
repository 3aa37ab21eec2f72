// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Damage } from '../../session/damage'
import type { Peer } from './model/peer-of-span'

/**
 * What the analysis computes from: a session as columns of numbers, some 70 bytes a span,
 * whatever was in its attributes. Rows are numbered from 0; a row of one column belongs to the
 * same row of the others. Names, services and traces are numbers into the tables beside them.
 *
 * All times are milliseconds since `originUnixMillis`, so that fractions keep their nanoseconds.
 */
export interface SessionModel {
  readonly sessionId: string
  /** In milliseconds since the Unix epoch: what the times of the model count from. */
  readonly originUnixMillis: number
  /** Of all spans, log records and data points; 0 and 0 of a session without any. */
  readonly firstMillis: number
  readonly lastMillis: number
  readonly services: readonly string[]
  readonly operations: readonly Operation[]
  /** Database statements with their values taken out; the first is of spans that have none. */
  readonly statements: readonly string[]
  readonly spans: SpanColumns
  readonly traces: TraceColumns
  readonly links: LinkColumns
  readonly logPatterns: readonly LogPattern[]
  readonly logs: LogColumns
  readonly metricSeries: readonly MetricSeries[]
  readonly exemplars: ExemplarColumns
  readonly leftOut: LeftOut
  readonly damage: readonly Damage[]
}

/** Spans of one name and kind, of one service, that call the same. */
export interface Operation {
  /** Into `services`. */
  readonly service: number
  readonly name: string
  readonly kind: OperationKind
  /** What its spans say they call, or are called through, in words of their own. */
  readonly peer: Peer | undefined
}

export type OperationKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer'

/** A span that has no parent. */
export const NO_PARENT = -1
/** The parent is not in the session, or the span is its own ancestor. */
export const LOST_PARENT = -2

/** Bits of `SpanColumns.flags`. */
export const SPAN_FLAGS = Object.freeze({
  /** Its status is an error. */
  error: 1,
  /** It says of itself that it repeats a request (`http.request.resend_count`). */
  resent: 2,
})

export interface SpanColumns {
  readonly count: number
  /** Into `operations`. */
  readonly operation: Uint32Array
  /** Into `traces`. */
  readonly trace: Uint32Array
  /** The row of the parent, wherever in the session it came; or `NO_PARENT`, `LOST_PARENT`. */
  readonly parent: Int32Array
  readonly startMillis: Float64Array
  /** Never negative: clocks that ran backwards count as 0. */
  readonly durationMillis: Float64Array
  readonly flags: Uint8Array
  /** Into `statements`. */
  readonly statement: Uint32Array
  /** Tells processes of a service apart; the same number is the same process. */
  readonly instance: Uint32Array
}

/** Every trace that a span, a log record, a link or an exemplar names. */
export interface TraceColumns {
  readonly count: number
  /** 32 hexadecimal digits; what else was stored as an id, as its digits; empty if none was. */
  idOf(trace: number): string
  /** The spans of a trace, by their start: `spanRows.subarray(offsets[t], offsets[t + 1])`. */
  readonly offsets: Uint32Array
  readonly spanRows: Uint32Array
}

export interface LinkColumns {
  readonly count: number
  /** The row of the span that has the link. */
  readonly from: Uint32Array
  /** Into `traces`. */
  readonly toTrace: Uint32Array
  /** The row of the span that it names, or -1 if that is not in the session. */
  readonly to: Int32Array
}

/** Log records that differ in nothing but their numbers, ids and quoted values. */
export interface LogPattern {
  /** Into `services`. */
  readonly service: number
  /** `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, `FATAL`, or `UNSPECIFIED`. */
  readonly severity: string
  /** `order <id> of <n> items took <n> ms` */
  readonly template: string
  /** The body of the first record, at most 500 characters of it. */
  readonly example: string
  readonly count: number
}

export interface LogColumns {
  readonly count: number
  /** Into `logPatterns`. */
  readonly pattern: Uint32Array
  readonly timeMillis: Float64Array
  /** Into `traces`, or -1. */
  readonly trace: Int32Array
  /** The row of its span; -1 if it names none; -2 if that is not in the session. */
  readonly span: Int32Array
}

/**
 * - `gauge`: a value as it was measured (gauges, and sums that may fall)
 * - `rate`: what a counter grew by, a second
 * - `count`: how many values a histogram or summary got, a second
 * - `mean`: the mean of the values that it got since its last point
 */
export type MetricSeriesKind = 'gauge' | 'rate' | 'count' | 'mean'

/** One series of points, of one process. */
export interface MetricSeries {
  readonly name: string
  readonly unit: string
  /** Into `services`. */
  readonly service: number
  readonly instance: number
  readonly kind: MetricSeriesKind
  /** `{http.route=/cart, http.request.method=GET}`, sorted by key; `{}` without any. */
  readonly attributes: string
  /** When each value was measured, in the order of arrival. */
  readonly timesMillis: Float64Array
  readonly values: Float64Array
}

export interface ExemplarColumns {
  readonly count: number
  /** Into `metricSeries`. */
  readonly series: Uint32Array
  /** Into `traces`, or -1. */
  readonly trace: Int32Array
  /** The row of its span; -1 if it names none; -2 if that is not in the session. */
  readonly span: Int32Array
  readonly timeMillis: Float64Array
  readonly value: Float64Array
}

/** What is in the session and not in the model. */
export interface LeftOut {
  /** Beyond `maxSpans`: what arrived last. */
  readonly spans: number
  readonly links: number
  readonly logs: number
  readonly metricPoints: number
  readonly exemplars: number
  /** Spans that were stored more than once, as a repeated request leaves them. */
  readonly duplicateSpans: number
  /** Spans, further than a bound on names, whose operation is `(other)`. */
  readonly spansOfOtherOperations: number
  /** Spans that ended before they started; they count as taking no time. */
  readonly backwardSpans: number
  /** Spans that were their own ancestors; each counts as having lost its parent. */
  readonly cyclicSpans: number
}
