// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReadableSpan } from '../otlp/sdk-types'
import { unixNano } from '../otlp/unix-nano'
import { captureSource } from './captured-source'
import type {
  CapturedLog,
  CapturedSpan,
  CapturedSpanKind,
  CapturedStatusCode,
  OpenSpan,
  Relatives,
  SpanFields,
} from './captured-telemetry'
import { plainAttributes } from './plain-value'

// Indexed by the numbers of the API's SpanKind and SpanStatusCode.
const KINDS: readonly CapturedSpanKind[] = ['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']
const STATUS_CODES: readonly CapturedStatusCode[] = ['UNSET', 'OK', 'ERROR']

export function captureOpenSpan(span: ReadableSpan): OpenSpan {
  const { traceId, spanId, traceFlags } = span.spanContext()
  const parentSpanId = span.parentSpanContext?.spanId
  const { code, message } = span.status
  return {
    name: span.name,
    kind: KINDS[span.kind] ?? 'INTERNAL',
    traceId,
    spanId,
    ...(parentSpanId && { parentSpanId }),
    startTimeUnixNano: unixNano(span.startTime),
    attributes: plainAttributes(span.attributes),
    events: span.events.map((event) => ({
      name: event.name,
      timeUnixNano: unixNano(event.time),
      attributes: plainAttributes(event.attributes ?? {}),
    })),
    links: span.links.map((link) => ({
      traceId: link.context.traceId,
      spanId: link.context.spanId,
      attributes: plainAttributes(link.attributes ?? {}),
    })),
    status: { code: STATUS_CODES[code] ?? 'UNSET', ...(message && { message }) },
    sampled: (traceFlags & 1) === 1,
    ...captureSource(span.resource, span.instrumentationScope),
  }
}

export function captureSpan(span: ReadableSpan, relatives: Relatives): CapturedSpan {
  const started = captureOpenSpan(span)
  const endTimeUnixNano = unixNano(span.endTime)
  const fields: SpanFields = {
    ...started,
    endTimeUnixNano,
    durationMillis: Number(endTimeUnixNano - started.startTimeUnixNano) / 1e6,
  }
  // The constructor copies the fields onto the object, which the compiler cannot see.
  return new SpanWithRelatives(fields, relatives) as unknown as CapturedSpan
}

class SpanWithRelatives {
  readonly #fields: SpanFields
  readonly #relatives: Relatives

  constructor(fields: SpanFields, relatives: Relatives) {
    this.#fields = fields
    this.#relatives = relatives
    Object.assign(this, fields)
  }

  // Getters of the class, not own properties: relatives lead in circles, which
  // would hang a deep comparison and break JSON.
  get parent(): CapturedSpan | undefined {
    return this.#relatives.parentOf(this.#fields)
  }

  get children(): readonly CapturedSpan[] {
    return this.#relatives.childrenOf(this.#fields)
  }

  get trace(): readonly CapturedSpan[] {
    return this.#relatives.traceOf(this.#fields)
  }

  get logs(): readonly CapturedLog[] {
    return this.#relatives.logsOf(this.#fields)
  }

  toJSON(): object {
    const { startTimeUnixNano, endTimeUnixNano, events, ...rest } = this.#fields
    return {
      ...rest,
      startTimeUnixNano: String(startTimeUnixNano),
      endTimeUnixNano: String(endTimeUnixNano),
      events: events.map((event) => ({ ...event, timeUnixNano: String(event.timeUnixNano) })),
    }
  }
}
