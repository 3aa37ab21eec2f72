// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReadableSpan } from '../../otlp/sdk-types'
import {
  type IndexedEvent,
  type IndexedSpan,
  MAX_SPANS_PER_TRACE,
  type SpanKindName,
  type StatusName,
  type TraceSpans,
  mergeSpans,
} from './indexed-trace'
import { invalidTrace } from './invalid-trace'
import { cutText, readAttributes } from './read-attributes'
import { readTime } from './read-time'
import type { SpanInput } from './trace-input'

export const UNKNOWN_SERVICE = 'unknown_service'
const MAX_ID_LENGTH = 128
const MAX_EVENTS = 16

const EXPECTED_TIME =
  "a time after 1970: nanoseconds, ISO 8601 text, a Date or the SDK's [seconds, nanoseconds]"
const STATUSES: readonly StatusName[] = Object.freeze(['unset', 'ok', 'error'])
/** In the order of OTLP's numbers; the SDK's begin one later. */
const KINDS: readonly SpanKindName[] = Object.freeze([
  'unspecified',
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
])

/**
 * A trace in any of the forms of `TraceInput`, checked. Throws `QueryError` of reason
 * `InvalidTrace`, which names the field: a span that is wrong makes its trace wrong, since a
 * trace with a hole in it would be told as if it were whole.
 */
export function readTrace(input: unknown): TraceSpans {
  if (Array.isArray(input)) return readSpanList(input)
  if (typeof input !== 'object' || input === null) {
    throw invalidTrace('trace', 'an object with traceId and spans, or a list of spans', input)
  }
  const trace = input as Record<string, unknown>
  const traceId = readId(trace.traceId ?? trace.trace_id, 'traceId')
  if (!Array.isArray(trace.spans) || trace.spans.length === 0) {
    throw invalidTrace('spans', 'a list of one span or more', trace.spans)
  }
  const service = readText(trace.serviceName ?? trace.service_name, 'serviceName')
  const spans = trace.spans.map((span, index) => readSpan(span, `spans[${index}]`, service))
  return gathered(traceId, spans, readEmbedding(trace.embedding))
}

export function isReadableSpan(value: unknown): value is ReadableSpan {
  const span = value as ReadableSpan | null | undefined
  return typeof span === 'object' && typeof span?.spanContext === 'function'
}

function readSpanList(list: readonly unknown[]): TraceSpans {
  const [first] = list
  if (!isReadableSpan(first)) {
    const expected = 'a span of the SDK; other spans come as { traceId, spans }'
    throw invalidTrace('spans[0]', expected, first)
  }
  const { traceId } = first.spanContext()
  const spans = list.map((span, index) => {
    const path = `spans[${index}]`
    const own = isReadableSpan(span) ? span.spanContext().traceId : undefined
    if (own !== traceId) throw invalidTrace(`${path}.traceId`, `'${traceId}', as its first`, own)
    return readSpan(span, path)
  })
  return gathered(readId(traceId, 'traceId'), spans)
}

function gathered(
  traceId: string,
  spans: readonly IndexedSpan[],
  embedding?: Float32Array,
): TraceSpans {
  const kept = spans.slice(0, MAX_SPANS_PER_TRACE)
  const omittedSpanCount = spans.length - kept.length
  return mergeSpans(undefined, { traceId, spans: kept, omittedSpanCount, embedding })
}

function readSpan(input: unknown, path: string, traceService?: string): IndexedSpan {
  if (typeof input !== 'object' || input === null) throw invalidTrace(path, 'an object', input)
  // Looked at member by member, of the one form or the other.
  const span = input as Partial<SpanInput> & Partial<ReadableSpan>
  const name = span.name
  if (typeof name !== 'string') throw invalidTrace(`${path}.name`, 'a string', name)
  const startTimeUnixNano = readStart(span, path)
  const endTimeUnixNano = readEnd(span, path, startTimeUnixNano)
  const attributes = readAttributes(span.attributes, `${path}.attributes`)
  const resource = span.resource as { attributes?: unknown } | undefined
  const serviceName =
    readText(span.serviceName ?? span.service_name, `${path}.serviceName`) ??
    serviceIn(resource?.attributes, `${path}.resource.attributes`) ??
    textOf(attributes['service.name']) ??
    traceService ??
    UNKNOWN_SERVICE
  const own = span.spanContext?.().spanId ?? span.spanId ?? span.span_id
  const parent = span.parentSpanContext?.spanId ?? span.parentSpanId ?? span.parent_span_id
  const { status, statusMessage } = readStatus(span.status, `${path}.status`)
  return {
    spanId: own ? readId(own, `${path}.spanId`) : `${name}@${startTimeUnixNano}+${endTimeUnixNano}`,
    parentSpanId: parent ? readId(parent, `${path}.parentSpanId`) : undefined,
    name: cutText(name),
    serviceName,
    kind: readKind(span.kind, isReadableSpan(input)),
    startTimeUnixNano,
    endTimeUnixNano,
    status,
    statusMessage,
    attributes,
    events: readEvents(span.events, `${path}.events`),
  }
}

function readStart(span: Partial<SpanInput>, path: string): bigint {
  const [field, value] = timeOf(span, ['startTimeUnixNano', 'start_time', 'startTime'])
  const time = readTime(value)
  if (time === undefined) throw invalidTrace(`${path}.${field}`, EXPECTED_TIME, value)
  return time
}

/** Clocks are set back while spans run: an end before its start is no longer than none. */
function readEnd(span: Partial<SpanInput>, path: string, start: bigint): bigint {
  const [field, value] = timeOf(span, ['endTimeUnixNano', 'end_time', 'endTime'])
  if (value === undefined || value === null || isUnset(value)) return start
  const time = readTime(value)
  if (time === undefined) throw invalidTrace(`${path}.${field}`, EXPECTED_TIME, value)
  return time < start ? start : time
}

/** OTLP says so of a span that has not ended. */
function isUnset(value: unknown): boolean {
  return value === 0 || value === 0n || value === '0'
}

type TimeField = Extract<keyof SpanInput, `${'start' | 'end'}${string}`>

function timeOf(
  span: Partial<SpanInput>,
  fields: readonly [TimeField, ...TimeField[]],
): [TimeField, unknown] {
  const field = fields.find((name) => span[name] !== undefined) ?? fields[0]
  return [field, span[field]]
}

function readStatus(value: unknown, path: string): { status: StatusName; statusMessage?: string } {
  if (value === undefined || value === null) return { status: 'unset' }
  if (typeof value === 'string') return { status: statusOf(value, path) }
  if (typeof value !== 'object') throw invalidTrace(path, 'an object with code and message', value)
  const { code, message } = value as { code?: unknown; message?: unknown }
  const statusMessage = readText(message, `${path}.message`)
  return { status: statusOf(code ?? 0, `${path}.code`), statusMessage }
}

function statusOf(code: unknown, path: string): StatusName {
  const name =
    typeof code === 'number'
      ? STATUSES[code]
      : STATUSES.find((status) => status === withoutPrefix(code, 'STATUS_CODE_'))
  if (name === undefined) throw invalidTrace(path, "0, 1, 2, 'unset', 'ok' or 'error'", code)
  return name
}

/** What nobody knows of is not worth a trace: it is unspecified. */
function readKind(kind: unknown, isOfSdk: boolean): SpanKindName {
  if (typeof kind === 'number') return KINDS[isOfSdk ? kind + 1 : kind] ?? 'unspecified'
  const name = withoutPrefix(kind, 'SPAN_KIND_')
  return KINDS.find((known) => known === name) ?? 'unspecified'
}

function withoutPrefix(value: unknown, prefix: string): string {
  return typeof value === 'string' ? value.replace(prefix, '').toLowerCase() : ''
}

function readEvents(value: unknown, path: string): IndexedEvent[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw invalidTrace(path, 'a list', value)
  return value.slice(0, MAX_EVENTS).map((event: unknown, index) => {
    const { name, attributes, timeUnixNano, time } = (event ?? {}) as Record<string, unknown>
    if (typeof name !== 'string') throw invalidTrace(`${path}[${index}].name`, 'a string', name)
    return {
      name: cutText(name),
      timeUnixNano: readTime(timeUnixNano ?? time),
      attributes: readAttributes(attributes, `${path}[${index}].attributes`),
    }
  })
}

function readId(value: unknown, path: string): string {
  const isFine = typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH
  if (!isFine) throw invalidTrace(path, `a string of 1 to ${MAX_ID_LENGTH} characters`, value)
  return value
}

function readText(value: unknown, path: string): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw invalidTrace(path, 'a string', value)
  return cutText(value)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function readEmbedding(value: unknown): Float32Array | undefined {
  if (value === undefined || value === null) return undefined
  const numbers = value instanceof Float32Array ? value : listOfNumbers(value)
  if (!numbers?.length || !numbers.every(Number.isFinite)) {
    throw invalidTrace('embedding', 'a list of finite numbers', value)
  }
  return Float32Array.from(numbers)
}

function listOfNumbers(value: unknown): readonly number[] | undefined {
  const isFine = Array.isArray(value) && value.every((member) => typeof member === 'number')
  return isFine ? value : undefined
}

/** Of a resource, no more than this is asked. */
function serviceIn(attributes: unknown, path: string): string | undefined {
  if (typeof attributes !== 'object' || attributes === null) return undefined
  const plain = Array.isArray(attributes) ? readAttributes(attributes, path) : attributes
  const service = textOf((plain as Record<string, unknown>)['service.name'])
  return service === undefined ? undefined : cutText(service)
}
