// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { HrTime, Link, SpanContext, SpanKind, SpanStatus } from '@opentelemetry/api'
import {
  DecodedResource,
  OtlpReader,
  readAttribute,
  readResource,
  readScope,
  RecordedTraceState,
  type Draft,
} from './decode-common'
import type { InstrumentationScope, ReadableSpan, Resource, TimedEvent } from './sdk-types'
import * as tags from './span-tags'

// Of opentelemetry.proto.trace.v1.SpanFlags.
const TRACE_FLAGS_MASK = 0xff
const CONTEXT_HAS_IS_REMOTE = 0x100
const CONTEXT_IS_REMOTE = 0x200
const SAMPLED = 0x01

// OTLP counts kinds from 1 and keeps 0 for "unspecified", which the SDK has no
// kind for; its serialisers add the one again.
const UNSPECIFIED_KIND = -1 as SpanKind

const NANOS_PER_SECOND = 1_000_000_000

/**
 * Decodes a protobuf `ExportTraceServiceRequest` to spans that any SDK span
 * exporter takes. Spans of one resource (and scope) share one object, because
 * exporters group by identity. For spans the SDK made, an exporter sends what
 * was recorded, byte for byte.
 *
 * Flags 0 mean an OTLP too old to have flags: such a span counts as sampled,
 * or span processors would drop it.
 *
 * What SDK objects cannot hold is lost: the difference between 5.0 and 5,
 * integers beyond 2^53 become the nearest number, of attributes with the same
 * key the last one stays.
 *
 * @example
 * const exporter = new ConsoleSpanExporter()
 * exporter.export(decodeSpans(batch.body), ({ code }) => process.exit(code))
 *
 * @throws MalformedOtlpError if the bytes are no such request
 */
export function decodeSpans(body: Uint8Array): ReadableSpan[] {
  const reader = new OtlpReader(body)
  const spans: ReadableSpan[] = []
  while (reader.next()) {
    if (reader.tag === tags.RESOURCE_SPANS) readResourceSpans(reader, spans)
    else reader.skip()
  }
  return spans
}

function readResourceSpans(reader: OtlpReader, spans: ReadableSpan[]): void {
  const outerEnd = reader.enter()
  const resource = new DecodedResource()
  while (reader.next()) {
    if (reader.tag === tags.RESOURCE) readResource(reader, resource)
    else if (reader.tag === tags.SCOPE_SPANS) readScopeSpans(reader, resource, spans)
    else if (reader.tag === tags.RESOURCE_SCHEMA_URL) resource.schemaUrl = reader.string()
    else reader.skip()
  }
  reader.leave(outerEnd)
}

function readScopeSpans(reader: OtlpReader, resource: Resource, spans: ReadableSpan[]): void {
  const outerEnd = reader.enter()
  // Filled as its fields come up; the spans hold it already.
  const scope: Draft<InstrumentationScope> = { name: '' }
  while (reader.next()) {
    if (reader.tag === tags.SPANS) spans.push(readSpan(reader, resource, scope))
    else if (reader.tag === tags.SCOPE) readScope(reader, scope)
    else if (reader.tag === tags.SCOPE_SCHEMA_URL) scope.schemaUrl = reader.string()
    else reader.skip()
  }
  reader.leave(outerEnd)
}

class SpanDraft {
  readonly context: Draft<SpanContext> = { traceId: '', spanId: '', traceFlags: SAMPLED }
  parentSpanId = ''
  flags = 0
  readonly span: Draft<ReadableSpan>

  constructor(resource: Resource, scope: InstrumentationScope) {
    const { context } = this
    this.span = {
      name: '',
      kind: UNSPECIFIED_KIND,
      spanContext: () => context,
      startTime: [0, 0],
      endTime: [0, 0],
      status: { code: 0 },
      attributes: {},
      links: [],
      events: [],
      duration: [0, 0],
      ended: true,
      resource,
      instrumentationScope: scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    }
  }

  finish(): ReadableSpan {
    const { context, flags, span } = this
    if (flags !== 0) context.traceFlags = flags & TRACE_FLAGS_MASK
    if (this.parentSpanId !== '') {
      span.parentSpanContext = {
        traceId: context.traceId,
        spanId: this.parentSpanId,
        traceFlags: context.traceFlags,
        ...remoteness(flags),
      }
    }
    span.duration = durationBetween(span.startTime, span.endTime)
    return span
  }
}

function readSpan(
  reader: OtlpReader,
  resource: Resource,
  scope: InstrumentationScope,
): ReadableSpan {
  const outerEnd = reader.enter()
  const draft = new SpanDraft(resource, scope)
  while (reader.next()) readSpanField(reader, draft, draft.span)
  reader.leave(outerEnd)
  return draft.finish()
}

function readSpanField(reader: OtlpReader, draft: SpanDraft, span: Draft<ReadableSpan>): void {
  switch (reader.tag) {
    case tags.TRACE_ID:
      draft.context.traceId = reader.hex()
      return
    case tags.SPAN_ID:
      draft.context.spanId = reader.hex()
      return
    case tags.TRACE_STATE:
      draft.context.traceState = new RecordedTraceState(reader.string())
      return
    case tags.PARENT_SPAN_ID:
      draft.parentSpanId = reader.hex()
      return
    case tags.NAME:
      span.name = reader.string()
      return
    case tags.KIND:
      span.kind = reader.uint32() - 1
      return
    case tags.START_TIME:
      span.startTime = reader.hrTime()
      return
    case tags.END_TIME:
      span.endTime = reader.hrTime()
      return
    case tags.ATTRIBUTES:
      readAttribute(reader, span.attributes)
      return
    case tags.DROPPED_ATTRIBUTES_COUNT:
      span.droppedAttributesCount = reader.uint32()
      return
    case tags.EVENTS:
      span.events.push(readEvent(reader))
      return
    case tags.DROPPED_EVENTS_COUNT:
      span.droppedEventsCount = reader.uint32()
      return
    case tags.LINKS:
      span.links.push(readLink(reader))
      return
    case tags.DROPPED_LINKS_COUNT:
      span.droppedLinksCount = reader.uint32()
      return
    case tags.STATUS:
      span.status = readStatus(reader)
      return
    case tags.FLAGS:
      draft.flags = reader.fixed32()
      return
    default:
      reader.skip()
  }
}

function readStatus(reader: OtlpReader): SpanStatus {
  const outerEnd = reader.enter()
  const status: SpanStatus = { code: 0 }
  while (reader.next()) {
    if (reader.tag === tags.STATUS_CODE) status.code = reader.uint32()
    else if (reader.tag === tags.STATUS_MESSAGE) status.message = reader.string()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return status
}

function readEvent(reader: OtlpReader): TimedEvent {
  const outerEnd = reader.enter()
  const attributes = {}
  const event: TimedEvent = { time: [0, 0], name: '', attributes, droppedAttributesCount: 0 }
  while (reader.next()) {
    if (reader.tag === tags.EVENT_TIME) event.time = reader.hrTime()
    else if (reader.tag === tags.EVENT_NAME) event.name = reader.string()
    else if (reader.tag === tags.EVENT_ATTRIBUTES) readAttribute(reader, attributes)
    else if (reader.tag === tags.EVENT_DROPPED_ATTRIBUTES_COUNT) {
      event.droppedAttributesCount = reader.uint32()
    } else reader.skip()
  }
  reader.leave(outerEnd)
  return event
}

function readLink(reader: OtlpReader): Link {
  const outerEnd = reader.enter()
  const attributes = {}
  const context: SpanContext = { traceId: '', spanId: '', traceFlags: 0 }
  const link: Link = { context, attributes, droppedAttributesCount: 0 }
  while (reader.next()) {
    if (reader.tag === tags.LINK_TRACE_ID) context.traceId = reader.hex()
    else if (reader.tag === tags.LINK_SPAN_ID) context.spanId = reader.hex()
    else if (reader.tag === tags.LINK_TRACE_STATE) {
      context.traceState = new RecordedTraceState(reader.string())
    } else if (reader.tag === tags.LINK_ATTRIBUTES) readAttribute(reader, attributes)
    else if (reader.tag === tags.LINK_DROPPED_ATTRIBUTES_COUNT) {
      link.droppedAttributesCount = reader.uint32()
    } else if (reader.tag === tags.LINK_FLAGS) {
      const flags = reader.fixed32()
      context.traceFlags = flags & TRACE_FLAGS_MASK
      Object.assign(context, remoteness(flags))
    } else reader.skip()
  }
  reader.leave(outerEnd)
  return link
}

function remoteness(flags: number): { isRemote?: boolean } {
  if ((flags & CONTEXT_HAS_IS_REMOTE) === 0) return {}
  return { isRemote: (flags & CONTEXT_IS_REMOTE) !== 0 }
}

function durationBetween(start: HrTime, end: HrTime): HrTime {
  const seconds = end[0] - start[0]
  const nanos = end[1] - start[1]
  return nanos < 0 ? [seconds - 1, nanos + NANOS_PER_SECOND] : [seconds, nanos]
}
