// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { writeAnyValueField, writeAttributes } from './encode-attributes'
import { groupByOwner, type ResourceGroup, type ScopeGroup } from './encode-groups'
import { writeResourceField, writeScopeField } from './encode-resource'
import { RequestTally } from './encode-tally'
import type { EncodedRequest } from './encoded-request'
import { writeMessage, type ProtobufWriter } from './protobuf-writer'
import type { ReadableLogRecord } from './sdk-types'
import * as tags from './log-record-tags'

/**
 * Encodes log records as a protobuf `ExportLogsServiceRequest`, byte for byte
 * as the SDK's own OTLP exporter would send them. What `encodeSpans` says of
 * odd attribute values holds for them, and for bodies.
 *
 * @throws TypeError if an element is not a log record
 */
export function encodeLogRecords(logRecords: readonly ReadableLogRecord[]): Uint8Array {
  return encodeTallied(logRecords, new RequestTally())
}

/**
 * The same, with what `summarizeRequest` would say of the bytes, for a fraction
 * of what it costs.
 *
 * @throws TypeError if an element is not a log record
 */
export function encodeCountedLogRecords(logRecords: readonly ReadableLogRecord[]): EncodedRequest {
  const tally = new RequestTally()
  const body = encodeTallied(logRecords, tally)
  return { body, summary: tally.summary() }
}

function encodeTallied(logRecords: readonly ReadableLogRecord[], tally: RequestTally): Uint8Array {
  const groups = groupByOwner(logRecords)
  return writeMessage((writer) => {
    for (let index = groups.length - 1; index >= 0; index--) {
      writeResourceLogs(writer, groups[index], tally)
    }
  })
}

function writeResourceLogs(
  writer: ProtobufWriter,
  { resource, scopes }: ResourceGroup<ReadableLogRecord>,
  tally: RequestTally,
): void {
  const mark = writer.size
  if (resource.schemaUrl) writer.stringField(tags.RESOURCE_SCHEMA_URL, resource.schemaUrl)
  for (let index = scopes.length - 1; index >= 0; index--) {
    writeScopeLogs(writer, scopes[index], tally)
  }
  writeResourceField(writer, tags.RESOURCE, resource, tally)
  writer.messageField(tags.RESOURCE_LOGS, mark)
}

function writeScopeLogs(
  writer: ProtobufWriter,
  { scope, items: logRecords }: ScopeGroup<ReadableLogRecord>,
  tally: RequestTally,
): void {
  const mark = writer.size
  if (scope.schemaUrl) writer.stringField(tags.SCOPE_SCHEMA_URL, scope.schemaUrl)
  for (let index = logRecords.length - 1; index >= 0; index--) {
    writeLogRecord(writer, logRecords[index], tally)
  }
  writeScopeField(writer, tags.SCOPE, scope)
  writer.messageField(tags.SCOPE_LOGS, mark)
}

function writeLogRecord(
  writer: ProtobufWriter,
  logRecord: ReadableLogRecord,
  tally: RequestTally,
): void {
  const mark = writer.size
  const context = logRecord.spanContext
  if (logRecord.eventName) writer.stringField(tags.EVENT_NAME, logRecord.eventName)
  writer.timeField(tags.OBSERVED_TIME, logRecord.hrTimeObserved)
  const { timeHigh: observedHigh, timeLow: observedLow } = writer
  if (context?.spanId) writer.hexField(tags.SPAN_ID, context.spanId)
  if (context?.traceId) writer.hexField(tags.TRACE_ID, context.traceId)
  if (context?.traceFlags) writer.fixed32Field(tags.FLAGS, context.traceFlags)
  writer.varintField(tags.DROPPED_ATTRIBUTES_COUNT, logRecord.droppedAttributesCount)
  writeAttributes(writer, tags.ATTRIBUTES, logRecord.attributes)
  // No body and an empty body differ: undefined and null.
  if (logRecord.body !== undefined) writeAnyValueField(writer, tags.BODY, logRecord.body)
  if (logRecord.severityText) writer.stringField(tags.SEVERITY_TEXT, logRecord.severityText)
  if (logRecord.severityNumber) writer.varintField(tags.SEVERITY_NUMBER, logRecord.severityNumber)
  writer.timeField(tags.TIME, logRecord.hrTime)
  const hasTime = tally.addTime(writer.timeHigh, writer.timeLow)
  if (!hasTime) tally.addTime(observedHigh, observedLow)
  writer.messageField(tags.LOG_RECORDS, mark)
  tally.addItem()
}
