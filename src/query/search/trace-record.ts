// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type {
  IndexedAttributes,
  IndexedEvent,
  IndexedSpan,
  SpanKindName,
  StatusName,
  TraceSpans,
} from './indexed-trace'

// A trace as JSON of lists in place of objects: a third smaller than with names, and sooner read.

type StoredEvent = [name: string, time: string | 0, attributes: IndexedAttributes]

type StoredSpan = [
  spanId: string,
  parentSpanId: string | 0,
  name: string,
  serviceName: string,
  kind: SpanKindName,
  start: string,
  durationNanos: string,
  status: StatusName,
  statusMessage: string | 0,
  attributes: IndexedAttributes,
  events: StoredEvent[],
]

type StoredTrace = [
  traceId: string,
  spans: StoredSpan[],
  omittedSpanCount: number,
  embedding: string | 0,
]

export function encodeTrace(trace: TraceSpans): Buffer {
  const { traceId, spans, omittedSpanCount, embedding } = trace
  const stored: StoredTrace = [
    traceId,
    spans.map(encodeSpan),
    omittedSpanCount,
    embedding ? bytesOf(embedding).toString('base64') : 0,
  ]
  return Buffer.from(JSON.stringify(stored))
}

/** Of what `encodeTrace` made; throws at anything else. */
export function decodeTrace(record: Uint8Array): TraceSpans {
  const text = Buffer.from(record.buffer, record.byteOffset, record.length).toString()
  const [traceId, spans, omittedSpanCount, embedding] = JSON.parse(text) as StoredTrace
  return {
    traceId,
    spans: spans.map(decodeSpan),
    omittedSpanCount,
    embedding: embedding === 0 ? undefined : floatsOf(Buffer.from(embedding, 'base64')),
  }
}

export function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** Copied: pooled bytes need not lie where numbers may. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer)
}

function encodeSpan(span: IndexedSpan): StoredSpan {
  return [
    span.spanId,
    span.parentSpanId ?? 0,
    span.name,
    span.serviceName,
    span.kind,
    String(span.startTimeUnixNano),
    String(span.endTimeUnixNano - span.startTimeUnixNano),
    span.status,
    span.statusMessage ?? 0,
    span.attributes,
    span.events.map(({ name, timeUnixNano, attributes }) => [
      name,
      timeUnixNano === undefined ? 0 : String(timeUnixNano),
      attributes,
    ]),
  ]
}

function decodeSpan(stored: StoredSpan): IndexedSpan {
  const [spanId, parent, name, serviceName, kind, start, duration, status, message] = stored
  const startTimeUnixNano = BigInt(start)
  return {
    spanId,
    parentSpanId: parent === 0 ? undefined : parent,
    name,
    serviceName,
    kind,
    startTimeUnixNano,
    endTimeUnixNano: startTimeUnixNano + BigInt(duration),
    status,
    statusMessage: message === 0 ? undefined : message,
    attributes: stored[9],
    events: stored[10].map(decodeEvent),
  }
}

function decodeEvent([name, time, attributes]: StoredEvent): IndexedEvent {
  return { name, timeUnixNano: time === 0 ? undefined : BigInt(time), attributes }
}
