// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { fieldTag } from './field-tag'
import { LogRecord, REQUEST_SHAPES, ResourceLogs, ScopeLogs } from './schema'

// What stands before each field of a request of log records, for the encoder and the decoder.

export const RESOURCE_LOGS = fieldTag(REQUEST_SHAPES.logs, 'resourceLogs')
export const RESOURCE = fieldTag(ResourceLogs, 'resource')
export const SCOPE_LOGS = fieldTag(ResourceLogs, 'scopeLogs')
export const RESOURCE_SCHEMA_URL = fieldTag(ResourceLogs, 'schemaUrl')
export const SCOPE = fieldTag(ScopeLogs, 'scope')
export const LOG_RECORDS = fieldTag(ScopeLogs, 'logRecords')
export const SCOPE_SCHEMA_URL = fieldTag(ScopeLogs, 'schemaUrl')
export const TIME = fieldTag(LogRecord, 'timeUnixNano')
export const SEVERITY_NUMBER = fieldTag(LogRecord, 'severityNumber')
export const SEVERITY_TEXT = fieldTag(LogRecord, 'severityText')
export const BODY = fieldTag(LogRecord, 'body')
export const ATTRIBUTES = fieldTag(LogRecord, 'attributes')
export const DROPPED_ATTRIBUTES_COUNT = fieldTag(LogRecord, 'droppedAttributesCount')
export const FLAGS = fieldTag(LogRecord, 'flags')
export const TRACE_ID = fieldTag(LogRecord, 'traceId')
export const SPAN_ID = fieldTag(LogRecord, 'spanId')
export const OBSERVED_TIME = fieldTag(LogRecord, 'observedTimeUnixNano')
export const EVENT_NAME = fieldTag(LogRecord, 'eventName')
