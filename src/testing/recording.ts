// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReadableLogRecord, ReadableSpan } from '../otlp/sdk-types'
import { captureLog } from './capture-log'
import { captureOpenSpan, captureSpan } from './capture-span'
import type {
  CapturedLog,
  CapturedSpan,
  LogFields,
  OpenSpan,
  Relatives,
  SpanFields,
} from './captured-telemetry'

interface Trace {
  readonly ended: CapturedSpan[]
  readonly open: Map<string, ReadableSpan>
  readonly logs: CapturedLog[]
  /** Span ids by order of start: where a suite fakes the clock, start times are all equal. */
  readonly startOrder: Map<string, number>
}

/**
 * The spans and logs between two resets. A reset makes a new recording and
 * leaves the old one as it is, so that spans read before still find their
 * relatives.
 */
export class Recording implements Relatives {
  readonly spans: CapturedSpan[] = []
  readonly logs: CapturedLog[] = []
  readonly #traces = new Map<string, Trace>()
  readonly #endedOnce = new WeakSet<ReadableSpan>()
  /** Spans that were open at the last reset: they belong to the time before it. */
  readonly #startedBefore: Set<string>

  constructor(previous?: Recording) {
    this.#startedBefore = new Set(previous?.unfinishedKeys())
  }

  start(span: ReadableSpan): void {
    const { traceId, spanId } = span.spanContext()
    const trace = this.#trace(traceId)
    trace.open.set(spanId, span)
    if (!trace.startOrder.has(spanId)) trace.startOrder.set(spanId, trace.startOrder.size)
  }

  /** The captured span; undefined if it is not of this recording, or came twice. */
  end(span: ReadableSpan): CapturedSpan | undefined {
    const { traceId, spanId } = span.spanContext()
    if (this.#startedBefore.delete(keyOf(traceId, spanId))) return undefined
    // A capture may be attached to one provider twice.
    if (this.#endedOnce.has(span)) return undefined
    this.#endedOnce.add(span)
    const trace = this.#trace(traceId)
    trace.open.delete(spanId)
    const captured = captureSpan(span, this)
    trace.ended.push(captured)
    this.spans.push(captured)
    return captured
  }

  emit(record: ReadableLogRecord): CapturedLog {
    const captured = captureLog(record, this)
    this.logs.push(captured)
    if (captured.traceId) this.#trace(captured.traceId).logs.push(captured)
    return captured
  }

  /** Copies of the spans that have started and not ended, as they are now. */
  openSpans(): OpenSpan[] {
    return this.traceIds().flatMap((traceId) => this.openSpansOf(traceId))
  }

  openSpansOf(traceId: string): OpenSpan[] {
    return [...(this.#traces.get(traceId)?.open.values() ?? [])].map(captureOpenSpan)
  }

  traceIds(): string[] {
    return [...this.#traces.keys()]
  }

  endedSpansOf(traceId: string): readonly CapturedSpan[] {
    return this.#traces.get(traceId)?.ended ?? []
  }

  logsOfTrace(traceId: string): readonly CapturedLog[] {
    return this.#traces.get(traceId)?.logs ?? []
  }

  parentOf({ traceId, parentSpanId }: SpanFields): CapturedSpan | undefined {
    return this.endedSpansOf(traceId).find((span) => span.spanId === parentSpanId)
  }

  childrenOf({ traceId, spanId }: SpanFields): readonly CapturedSpan[] {
    return this.traceOf({ traceId }).filter((span) => span.parentSpanId === spanId)
  }

  traceOf({ traceId }: Pick<SpanFields, 'traceId'>): readonly CapturedSpan[] {
    return this.inOrderOfStart(traceId, this.endedSpansOf(traceId))
  }

  logsOf({ traceId, spanId }: SpanFields): readonly CapturedLog[] {
    return this.logsOfTrace(traceId).filter((log) => log.spanId === spanId)
  }

  spanOf({ traceId, spanId }: LogFields): CapturedSpan | undefined {
    return traceId === undefined
      ? undefined
      : this.endedSpansOf(traceId).find((span) => span.spanId === spanId)
  }

  inOrderOfStart<T extends OpenSpan>(traceId: string, spans: readonly T[]): T[] {
    const order = this.#traces.get(traceId)?.startOrder
    const orderOf = (span: OpenSpan) => order?.get(span.spanId) ?? 0
    return [...spans].sort(
      (a, b) => Number(a.startTimeUnixNano - b.startTimeUnixNano) || orderOf(a) - orderOf(b),
    )
  }

  unfinishedKeys(): string[] {
    const open = [...this.#traces].flatMap(([traceId, trace]) =>
      [...trace.open.keys()].map((spanId) => keyOf(traceId, spanId)),
    )
    return [...this.#startedBefore, ...open]
  }

  #trace(traceId: string): Trace {
    const known = this.#traces.get(traceId)
    if (known) return known
    const trace: Trace = { ended: [], open: new Map(), logs: [], startOrder: new Map() }
    this.#traces.set(traceId, trace)
    return trace
  }
}

function keyOf(traceId: string, spanId: string): string {
  return `${traceId}:${spanId}`
}
