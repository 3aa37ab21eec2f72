// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { SpanContext } from '@opentelemetry/api'
import {
  DecodedResource,
  OtlpReader,
  readAnyValue,
  readAttribute,
  readResource,
  readScope,
  type Draft,
} from './decode-common'
import type { AnyValue, LogInstrumentationScope, ReadableLogRecord, Resource } from './sdk-types'
import * as tags from './log-record-tags'

const TRACE_FLAGS_MASK = 0xff

/**
 * Decodes a protobuf `ExportLogsServiceRequest` to log records that any SDK
 * log record exporter takes, with what `decodeSpans` says of identity and of
 * what SDK objects cannot hold. A record without a body has `undefined`, one
 * with an empty body `null`.
 *
 * @throws MalformedOtlpError if the bytes are no such request
 */
export function decodeLogRecords(body: Uint8Array): ReadableLogRecord[] {
  const reader = new OtlpReader(body)
  const logRecords: ReadableLogRecord[] = []
  while (reader.next()) {
    if (reader.tag === tags.RESOURCE_LOGS) readResourceLogs(reader, logRecords)
    else reader.skip()
  }
  return logRecords
}

function readResourceLogs(reader: OtlpReader, logRecords: ReadableLogRecord[]): void {
  const outerEnd = reader.enter()
  const resource = new DecodedResource()
  while (reader.next()) {
    if (reader.tag === tags.RESOURCE) readResource(reader, resource)
    else if (reader.tag === tags.SCOPE_LOGS) readScopeLogs(reader, resource, logRecords)
    else if (reader.tag === tags.RESOURCE_SCHEMA_URL) resource.schemaUrl = reader.string()
    else reader.skip()
  }
  reader.leave(outerEnd)
}

function readScopeLogs(
  reader: OtlpReader,
  resource: Resource,
  logRecords: ReadableLogRecord[],
): void {
  const outerEnd = reader.enter()
  // Filled as its fields come up; the records hold it already.
  const scope: Draft<LogInstrumentationScope> = { name: '' }
  while (reader.next()) {
    if (reader.tag === tags.LOG_RECORDS) logRecords.push(readLogRecord(reader, resource, scope))
    else if (reader.tag === tags.SCOPE) readScope(reader, scope)
    else if (reader.tag === tags.SCOPE_SCHEMA_URL) scope.schemaUrl = reader.string()
    else reader.skip()
  }
  reader.leave(outerEnd)
}

function readLogRecord(
  reader: OtlpReader,
  resource: Resource,
  instrumentationScope: LogInstrumentationScope,
): ReadableLogRecord {
  const outerEnd = reader.enter()
  const logRecord: Draft<ReadableLogRecord> = {
    hrTime: [0, 0],
    hrTimeObserved: [0, 0],
    resource,
    instrumentationScope,
    attributes: {},
    droppedAttributesCount: 0,
  }
  const context: SpanContext = { traceId: '', spanId: '', traceFlags: 0 }
  while (reader.next()) readLogRecordField(reader, logRecord, context)
  reader.leave(outerEnd)
  if (context.traceId || context.spanId || context.traceFlags) logRecord.spanContext = context
  return logRecord
}

function readLogRecordField(
  reader: OtlpReader,
  logRecord: Draft<ReadableLogRecord>,
  context: SpanContext,
): void {
  switch (reader.tag) {
    case tags.TIME:
      logRecord.hrTime = reader.hrTime()
      return
    case tags.SEVERITY_NUMBER:
      logRecord.severityNumber = reader.uint32()
      return
    case tags.SEVERITY_TEXT:
      logRecord.severityText = reader.string()
      return
    case tags.BODY:
      // As the SDK's type has it: `unknown` or every kind of value that is read.
      logRecord.body = readAnyValue(reader) as AnyValue
      return
    case tags.ATTRIBUTES:
      readAttribute(reader, logRecord.attributes)
      return
    case tags.DROPPED_ATTRIBUTES_COUNT:
      logRecord.droppedAttributesCount = reader.uint32()
      return
    case tags.FLAGS:
      context.traceFlags = reader.fixed32() & TRACE_FLAGS_MASK
      return
    case tags.TRACE_ID:
      context.traceId = reader.hex()
      return
    case tags.SPAN_ID:
      context.spanId = reader.hex()
      return
    case tags.OBSERVED_TIME:
      logRecord.hrTimeObserved = reader.hrTime()
      return
    case tags.EVENT_NAME:
      logRecord.eventName = reader.string()
      return
    default:
      reader.skip()
  }
}
