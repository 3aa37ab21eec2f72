// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Attributes } from '@opentelemetry/api'
import type { ReadableSpan, TimedEvent } from '../../otlp/sdk-types'
import { attributesJson, keyJson, nanoJson, textJson, valueJson } from './json-values'
import type { LineSink } from './line-sink'
import { SemanticColumns } from './semantic-columns'
import type { Sources } from './sources'
import { lineStart, membersOf } from './stored-tables'

const SPAN = membersOf('spans')
const EVENT = membersOf('span_events')
const LINK = membersOf('span_links')

const KINDS = Object.freeze(['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'])
const STATUS_CODES = Object.freeze(['UNSET', 'OK', 'ERROR'])

/** Spans, their events and their links as lines of their tables. */
export class SpanRows {
  readonly #sink: LineSink
  readonly #sources: Sources
  readonly #semantics = new SemanticColumns()

  constructor(sink: LineSink, sources: Sources) {
    this.#sink = sink
    this.#sources = sources
  }

  add(span: ReadableSpan): void {
    const { resource, instrumentationScope: scope } = span
    const source = this.#sources.idOf(resource, scope, () => ({
      resourceAttributes: resource.attributes,
      scope,
    }))
    const start = lineStart(source)
    this.#sink.add('spans', start + this.#spanMembers(span) + this.#attributeMembers(span) + '}\n')
    if (span.events.length > 0) this.#addEvents(span, start)
    if (span.links.length > 0) this.#addLinks(span, start)
  }

  #spanMembers(span: ReadableSpan): string {
    const { traceId, spanId, traceState } = span.spanContext()
    const { parentSpanContext: parent, status, events, links } = span
    let line =
      `${SPAN.trace_id}"${traceId}"${SPAN.span_id}"${spanId}"${SPAN.name}${textJson(span.name)}` +
      `${SPAN.kind}"${KINDS[span.kind] ?? 'UNSPECIFIED'}"` +
      `${SPAN.status_code}"${STATUS_CODES[status.code] ?? 'UNSET'}"` +
      `${SPAN.start_time_unix_nano}${nanoJson(span.startTime)}` +
      `${SPAN.end_time_unix_nano}${nanoJson(span.endTime)}`
    if (parent) line += `${SPAN.parent_span_id}"${parent.spanId}"`
    if (status.message) line += SPAN.status_message + textJson(status.message)
    const state = traceState?.serialize()
    if (state) line += SPAN.trace_state + textJson(state)
    if (links.length > 0) line += SPAN.link_count + links.length
    if (events.length > 0) line += SPAN.event_count + events.length + exceptionMembers(events)
    return line + droppedMembers(span)
  }

  #attributeMembers({ attributes }: ReadableSpan): string {
    const semantics = this.#semantics
    let members = ''
    for (const name of Object.keys(attributes)) {
      const value = attributes[name]
      const json = valueJson(value)
      members += `${members === '' ? '' : ','}${keyJson(name)}${json}`
      semantics.see(name, value, json)
    }
    return `${semantics.take()}${SPAN.attributes}{${members}}`
  }

  #addEvents(span: ReadableSpan, start: string): void {
    const { traceId, spanId } = span.spanContext()
    const owner = `${start}${EVENT.trace_id}"${traceId}"${EVENT.span_id}"${spanId}"${EVENT.span_name}${textJson(span.name)}`
    for (const { name, time, attributes = {}, droppedAttributesCount } of span.events) {
      let line = `${owner}${EVENT.name}${textJson(name)}${EVENT.time_unix_nano}${nanoJson(time)}`
      const { type, message } = exceptionOf(attributes)
      if (type !== undefined) line += EVENT.exception_type + type
      if (message !== undefined) line += EVENT.exception_message + message
      if (droppedAttributesCount) line += EVENT.dropped_attributes_count + droppedAttributesCount
      this.#sink.add('span_events', `${line}${EVENT.attributes}${attributesJson(attributes)}}\n`)
    }
  }

  #addLinks(span: ReadableSpan, start: string): void {
    const { traceId, spanId } = span.spanContext()
    const owner = `${start}${LINK.trace_id}"${traceId}"${LINK.span_id}"${spanId}"`
    for (const { context, attributes = {}, droppedAttributesCount } of span.links) {
      let line =
        `${owner}${LINK.linked_trace_id}"${context.traceId}"` +
        `${LINK.linked_span_id}"${context.spanId}"`
      const state = context.traceState?.serialize()
      if (state) line += LINK.linked_trace_state + textJson(state)
      if (droppedAttributesCount) line += LINK.dropped_attributes_count + droppedAttributesCount
      this.#sink.add('span_links', `${line}${LINK.attributes}${attributesJson(attributes)}}\n`)
    }
  }
}

/** Of the first exception that a span recorded. */
function exceptionMembers(events: readonly TimedEvent[]): string {
  for (const { attributes } of events) {
    const { type, message } = exceptionOf(attributes ?? {})
    if (type === undefined && message === undefined) continue
    return (
      (type === undefined ? '' : SPAN.exception_type + type) +
      (message === undefined ? '' : SPAN.exception_message + message)
    )
  }
  return ''
}

interface ExceptionJson {
  readonly type?: string
  readonly message?: string
}

/** What attributes of an event, or of a log record, say of an exception, as JSON. */
export function exceptionOf(attributes: Attributes): ExceptionJson {
  const { 'exception.type': type, 'exception.message': message } = attributes
  return {
    type: type == null ? undefined : valueJson(type),
    message: message == null ? undefined : valueJson(message),
  }
}

function droppedMembers(span: ReadableSpan): string {
  const { droppedAttributesCount, droppedEventsCount, droppedLinksCount } = span
  let line = ''
  if (droppedAttributesCount) line += SPAN.dropped_attributes_count + droppedAttributesCount
  if (droppedEventsCount) line += SPAN.dropped_events_count + droppedEventsCount
  if (droppedLinksCount) line += SPAN.dropped_links_count + droppedLinksCount
  return line
}
