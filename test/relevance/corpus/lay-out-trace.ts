// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SpanStatusCode } from '@opentelemetry/api'
import type { Attributes, Call } from './call'
import { hex, type Random } from './random'

/** A trace as the trace index takes it. */
export interface CorpusTrace {
  traceId: string
  spans: CorpusSpan[]
}

export interface CorpusSpan {
  spanId: string
  parentSpanId: string | undefined
  name: string
  kind: number
  startTimeUnixNano: bigint
  endTimeUnixNano: bigint
  attributes: Attributes
  status: { code: SpanStatusCode; message?: string }
  events: { name: string; timeUnixNano: bigint; attributes: Attributes }[]
  serviceName: string
}

const NANOS_PER_MILLI = 1_000_000

/**
 * Turns a tree of calls into spans. What a call calls follows one after the other within it; what
 * takes its messages comes after it.
 */
export function layOutTrace(root: Call, startMillis: number, random: Random): CorpusTrace {
  const spans: CorpusSpan[] = []
  layOut(root, startMillis, undefined)
  return { traceId: hex(random, 32), spans }

  function layOut(call: Call, startMillis: number, parentSpanId: string | undefined): number {
    const span = { ...spanOf(call), spanId: hex(random, 16), parentSpanId }
    spans.push(span)
    let end = startMillis + call.ownMillis / 2
    for (const child of call.children) {
      if (child.site !== 'consume') end = layOut(child, end, span.spanId)
    }
    end += call.ownMillis / 2
    for (const child of call.children) {
      if (child.site === 'consume') layOut(child, end + child.waitMillis, span.spanId)
    }
    span.startTimeUnixNano = unixNano(startMillis)
    span.endTimeUnixNano = unixNano(end)
    for (const event of span.events) event.timeUnixNano = span.endTimeUnixNano
    return end
  }
}

/** All but its place in the trace and in time. */
function spanOf(call: Call): CorpusSpan {
  const { error, service, name, attributes, events } = call
  return {
    spanId: '',
    parentSpanId: undefined,
    name,
    // As OTLP counts kinds, which is one more than the API does.
    kind: call.kind + 1,
    startTimeUnixNano: 0n,
    endTimeUnixNano: 0n,
    attributes,
    status: error
      ? { code: SpanStatusCode.ERROR, ...(error.message && { message: error.message }) }
      : { code: SpanStatusCode.UNSET },
    events: events.map((event) => ({ ...event, timeUnixNano: 0n })),
    serviceName: service,
  }
}

function unixNano(millis: number): bigint {
  const whole = Math.floor(millis)
  const rest = Math.floor((millis - whole) * NANOS_PER_MILLI)
  return BigInt(whole) * BigInt(NANOS_PER_MILLI) + BigInt(rest)
}
