// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Attributes } from '@opentelemetry/api'
import type { ReadableLogRecord } from '../../otlp/sdk-types'
import { attributesJson, nanoJson, textJson, valueText } from './json-values'
import type { LineSink } from './line-sink'
import type { Sources } from './sources'
import { exceptionOf } from './span-rows'
import { lineStart, membersOf } from './stored-tables'

const LOG = membersOf('logs')

/** Log records as lines of their table. */
export class LogRows {
  readonly #sink: LineSink
  readonly #sources: Sources

  constructor(sink: LineSink, sources: Sources) {
    this.#sink = sink
    this.#sources = sources
  }

  add(record: ReadableLogRecord): void {
    const { resource, instrumentationScope: scope } = record
    const source = this.#sources.idOf(resource, scope, () => ({
      resourceAttributes: resource.attributes,
      scope,
    }))
    const line = lineStart(source) + timeMembers(record) + contentMembers(record)
    const attributes = attributesJson(record.attributes)
    this.#sink.add('logs', `${line}${LOG.attributes}${attributes}}\n`)
  }
}

function timeMembers({ hrTime, hrTimeObserved, spanContext }: ReadableLogRecord): string {
  let line =
    LOG.time_unix_nano + nanoJson(hrTime) + LOG.observed_time_unix_nano + nanoJson(hrTimeObserved)
  // Hexadecimal digits: there is nothing to escape.
  if (spanContext?.traceId) line += `${LOG.trace_id}"${spanContext.traceId}"`
  if (spanContext?.spanId) line += `${LOG.span_id}"${spanContext.spanId}"`
  return line
}

function contentMembers(record: ReadableLogRecord): string {
  const { severityNumber, severityText, body, eventName, droppedAttributesCount } = record
  // Of attributes only two are looked at, of any type.
  const { type, message } = exceptionOf(record.attributes as Attributes)
  let line = ''
  if (severityNumber) line += LOG.severity_number + (severityNumber | 0)
  if (severityText) line += LOG.severity_text + textJson(severityText)
  if (body !== undefined && body !== null) line += LOG.body + textJson(valueText(body))
  if (eventName) line += LOG.event_name + textJson(eventName)
  if (type !== undefined) line += LOG.exception_type + type
  if (message !== undefined) line += LOG.exception_message + message
  if (droppedAttributesCount) line += LOG.dropped_attributes_count + droppedAttributesCount
  return line
}
