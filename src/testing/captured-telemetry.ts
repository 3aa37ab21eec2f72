// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { CapturedSource } from './captured-source'
import type { PlainAttributes } from './plain-value'

// Spans and logs refer to each other, so their types share this file.

export type CapturedSpanKind = 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER'
export type CapturedStatusCode = 'UNSET' | 'OK' | 'ERROR'

export interface CapturedStatus {
  readonly code: CapturedStatusCode
  readonly message?: string
}

export interface CapturedEvent {
  readonly name: string
  readonly timeUnixNano: bigint
  readonly attributes: PlainAttributes
}

export interface CapturedLink {
  readonly traceId: string
  readonly spanId: string
  readonly attributes: PlainAttributes
}

/** A span that has not ended, as it was when it was asked for. */
export interface OpenSpan extends CapturedSource {
  readonly name: string
  readonly kind: CapturedSpanKind
  readonly traceId: string
  readonly spanId: string
  /** Absent on a root span. */
  readonly parentSpanId?: string
  readonly startTimeUnixNano: bigint
  readonly attributes: PlainAttributes
  readonly events: readonly CapturedEvent[]
  readonly links: readonly CapturedLink[]
  readonly status: CapturedStatus
  /** False on a span that a sampler lets be recorded but not exported. */
  readonly sampled: boolean
}

/** An ended span's own fields. */
export interface SpanFields extends OpenSpan {
  readonly endTimeUnixNano: bigint
  readonly durationMillis: number
}

/**
 * A span as it was when it ended. Its fields are a copy; its relatives are
 * looked up when they are read, do not count for equality, and are not part of
 * its JSON (in which 64-bit times are decimal strings, as in OTLP).
 */
export interface CapturedSpan extends SpanFields {
  /** Undefined on a root, and as long as the parent is open or unknown. */
  readonly parent: CapturedSpan | undefined
  /** Those that have ended, by start time. */
  readonly children: readonly CapturedSpan[]
  /** All ended spans of the trace, this one included, by start time. */
  readonly trace: readonly CapturedSpan[]
  /** What was logged while this span was the active one, in order. */
  readonly logs: readonly CapturedLog[]
  toJSON(): object
}

/** A log record's own fields. */
export interface LogFields extends CapturedSource {
  readonly timeUnixNano: bigint
  readonly observedTimeUnixNano: bigint
  readonly severityNumber?: number
  readonly severityText?: string
  readonly body?: unknown
  readonly eventName?: string
  readonly attributes: PlainAttributes
  /** Absent when no span was active. */
  readonly traceId?: string
  readonly spanId?: string
}

/**
 * A log record as it was when it was emitted: a copy. `span` is looked up when
 * it is read and does not count for equality or JSON (in which 64-bit times are
 * decimal strings, as in OTLP).
 */
export interface CapturedLog extends LogFields {
  /** The span that was active; undefined without one, and as long as it is open. */
  readonly span: CapturedSpan | undefined
  toJSON(): object
}

/** Where spans and logs find each other: the recording they belong to. */
export interface Relatives {
  parentOf(span: SpanFields): CapturedSpan | undefined
  childrenOf(span: SpanFields): readonly CapturedSpan[]
  traceOf(span: SpanFields): readonly CapturedSpan[]
  logsOf(span: SpanFields): readonly CapturedLog[]
  spanOf(log: LogFields): CapturedSpan | undefined
}
