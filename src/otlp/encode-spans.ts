// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Link, SpanStatus } from '@opentelemetry/api'
import { writeAttributes } from './encode-attributes'
import { groupByOwner, type ResourceGroup, type ScopeGroup } from './encode-groups'
import { KnownTexts } from './encode-known-texts'
import { writeResourceField, writeScopeField } from './encode-resource'
import { RequestTally } from './encode-tally'
import type { EncodedRequest } from './encoded-request'
import { writeMessage, type ProtobufWriter } from './protobuf-writer'
import type { ReadableSpan, TimedEvent } from './sdk-types'
import * as tags from './span-tags'

// Of opentelemetry.proto.trace.v1.SpanFlags.
const TRACE_FLAGS_MASK = 0xff
const CONTEXT_HAS_IS_REMOTE = 0x100
const CONTEXT_IS_REMOTE = 0x200

// Up to 40 kB each.
const KNOWN_NAME_SLOTS = 64
const spanNames = new KnownTexts(KNOWN_NAME_SLOTS, (writer, name) =>
  writer.stringField(tags.NAME, name),
)
const eventNames = new KnownTexts(KNOWN_NAME_SLOTS, (writer, name) =>
  writer.stringField(tags.EVENT_NAME, name),
)

/**
 * Encodes finished spans as a protobuf `ExportTraceServiceRequest`, byte for
 * byte as the SDK's own OTLP exporter would send them.
 *
 * Attribute values that OTLP cannot hold cost themselves, never the batch:
 * functions and symbols become empty, cycles and bottomless depth become a
 * text that says so. A bigint and a Date, which the SDK's serializer empties,
 * are kept.
 *
 * @example
 * const spans = inMemoryExporter.getFinishedSpans()
 * await fetch(`${endpoint}/v1/traces`, {
 *   method: 'POST',
 *   headers: { 'content-type': 'application/x-protobuf' },
 *   body: encodeSpans(spans),
 * })
 *
 * @throws TypeError if an element is not a span
 */
export function encodeSpans(spans: readonly ReadableSpan[]): Uint8Array {
  return encodeTallied(spans, new RequestTally())
}

/**
 * The same, with what `summarizeRequest` would say of the bytes, for a fraction
 * of what it costs.
 *
 * @throws TypeError if an element is not a span
 */
export function encodeCountedSpans(spans: readonly ReadableSpan[]): EncodedRequest {
  const tally = new RequestTally()
  const body = encodeTallied(spans, tally)
  return { body, summary: tally.summary() }
}

function encodeTallied(spans: readonly ReadableSpan[], tally: RequestTally): Uint8Array {
  const groups = groupByOwner(spans)
  return writeMessage((writer) => {
    for (let index = groups.length - 1; index >= 0; index--) {
      writeResourceSpans(writer, groups[index], tally)
    }
  })
}

function writeResourceSpans(
  writer: ProtobufWriter,
  { resource, scopes }: ResourceGroup<ReadableSpan>,
  tally: RequestTally,
): void {
  const mark = writer.size
  if (resource.schemaUrl) writer.stringField(tags.RESOURCE_SCHEMA_URL, resource.schemaUrl)
  for (let index = scopes.length - 1; index >= 0; index--) {
    writeScopeSpans(writer, scopes[index], tally)
  }
  writeResourceField(writer, tags.RESOURCE, resource, tally)
  writer.messageField(tags.RESOURCE_SPANS, mark)
}

function writeScopeSpans(
  writer: ProtobufWriter,
  { scope, items: spans }: ScopeGroup<ReadableSpan>,
  tally: RequestTally,
): void {
  const mark = writer.size
  if (scope.schemaUrl) writer.stringField(tags.SCOPE_SCHEMA_URL, scope.schemaUrl)
  for (let index = spans.length - 1; index >= 0; index--) writeSpan(writer, spans[index], tally)
  writeScopeField(writer, tags.SCOPE, scope)
  writer.messageField(tags.SCOPE_SPANS, mark)
}

function writeSpan(writer: ProtobufWriter, span: ReadableSpan, tally: RequestTally): void {
  const mark = writer.size
  const { events, links, parentSpanContext: parent } = span
  const context = span.spanContext()
  writer.fixed32Field(tags.FLAGS, contextFlags(context.traceFlags, parent?.isRemote))
  writeStatus(writer, span.status)
  writer.varintField(tags.DROPPED_LINKS_COUNT, span.droppedLinksCount)
  for (let index = links.length - 1; index >= 0; index--) writeLink(writer, links[index])
  writer.varintField(tags.DROPPED_EVENTS_COUNT, span.droppedEventsCount)
  for (let index = events.length - 1; index >= 0; index--) writeEvent(writer, events[index])
  writer.varintField(tags.DROPPED_ATTRIBUTES_COUNT, span.droppedAttributesCount)
  writeAttributes(writer, tags.ATTRIBUTES, span.attributes)
  writer.timeField(tags.END_TIME, span.endTime)
  tally.addTime(writer.timeHigh, writer.timeLow)
  writer.timeField(tags.START_TIME, span.startTime)
  tally.addTime(writer.timeHigh, writer.timeLow)
  // The API counts kinds from 0, OTLP keeps 0 for "unspecified".
  const kind = (span.kind ?? -1) + 1
  if (kind !== 0) writer.varintField(tags.KIND, kind)
  spanNames.write(writer, span.name)
  if (parent?.spanId) writer.hexField(tags.PARENT_SPAN_ID, parent.spanId)
  const traceState = context.traceState?.serialize()
  if (traceState) writer.stringField(tags.TRACE_STATE, traceState)
  writer.hexField(tags.SPAN_ID, context.spanId)
  writer.hexField(tags.TRACE_ID, context.traceId)
  writer.messageField(tags.SPANS, mark)
  tally.addItem()
}

function writeStatus(writer: ProtobufWriter, status: SpanStatus): void {
  const mark = writer.size
  writer.varintField(tags.STATUS_CODE, status.code)
  if (status.message) writer.stringField(tags.STATUS_MESSAGE, status.message)
  writer.messageField(tags.STATUS, mark)
}

function writeEvent(writer: ProtobufWriter, event: TimedEvent): void {
  const mark = writer.size
  writer.varintField(tags.EVENT_DROPPED_ATTRIBUTES_COUNT, event.droppedAttributesCount ?? 0)
  writeAttributes(writer, tags.EVENT_ATTRIBUTES, event.attributes)
  eventNames.write(writer, event.name)
  writer.timeField(tags.EVENT_TIME, event.time)
  writer.messageField(tags.EVENTS, mark)
}

function writeLink(writer: ProtobufWriter, link: Link): void {
  const mark = writer.size
  const { context } = link
  writer.fixed32Field(tags.LINK_FLAGS, contextFlags(context.traceFlags, context.isRemote))
  writer.varintField(tags.LINK_DROPPED_ATTRIBUTES_COUNT, link.droppedAttributesCount ?? 0)
  writeAttributes(writer, tags.LINK_ATTRIBUTES, link.attributes)
  const traceState = context.traceState?.serialize()
  if (traceState) writer.stringField(tags.LINK_TRACE_STATE, traceState)
  writer.hexField(tags.LINK_SPAN_ID, context.spanId)
  writer.hexField(tags.LINK_TRACE_ID, context.traceId)
  writer.messageField(tags.LINKS, mark)
}

function contextFlags(traceFlags: number, isRemote: boolean | undefined): number {
  const flags = (traceFlags & TRACE_FLAGS_MASK) | CONTEXT_HAS_IS_REMOTE
  return isRemote ? flags | CONTEXT_IS_REMOTE : flags
}
