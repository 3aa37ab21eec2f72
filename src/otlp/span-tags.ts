// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { fieldTag } from './field-tag'
import {
  REQUEST_SHAPES,
  ResourceSpans,
  ScopeSpans,
  Span,
  SpanEvent,
  SpanLink,
  Status,
} from './schema'

// What stands before each field of a request of spans, for the encoder and the decoder.

export const RESOURCE_SPANS = fieldTag(REQUEST_SHAPES.traces, 'resourceSpans')
export const RESOURCE = fieldTag(ResourceSpans, 'resource')
export const SCOPE_SPANS = fieldTag(ResourceSpans, 'scopeSpans')
export const RESOURCE_SCHEMA_URL = fieldTag(ResourceSpans, 'schemaUrl')
export const SCOPE = fieldTag(ScopeSpans, 'scope')
export const SPANS = fieldTag(ScopeSpans, 'spans')
export const SCOPE_SCHEMA_URL = fieldTag(ScopeSpans, 'schemaUrl')
export const TRACE_ID = fieldTag(Span, 'traceId')
export const SPAN_ID = fieldTag(Span, 'spanId')
export const TRACE_STATE = fieldTag(Span, 'traceState')
export const PARENT_SPAN_ID = fieldTag(Span, 'parentSpanId')
export const NAME = fieldTag(Span, 'name')
export const KIND = fieldTag(Span, 'kind')
export const START_TIME = fieldTag(Span, 'startTimeUnixNano')
export const END_TIME = fieldTag(Span, 'endTimeUnixNano')
export const ATTRIBUTES = fieldTag(Span, 'attributes')
export const DROPPED_ATTRIBUTES_COUNT = fieldTag(Span, 'droppedAttributesCount')
export const EVENTS = fieldTag(Span, 'events')
export const DROPPED_EVENTS_COUNT = fieldTag(Span, 'droppedEventsCount')
export const LINKS = fieldTag(Span, 'links')
export const DROPPED_LINKS_COUNT = fieldTag(Span, 'droppedLinksCount')
export const STATUS = fieldTag(Span, 'status')
export const FLAGS = fieldTag(Span, 'flags')
export const STATUS_MESSAGE = fieldTag(Status, 'message')
export const STATUS_CODE = fieldTag(Status, 'code')
export const EVENT_TIME = fieldTag(SpanEvent, 'timeUnixNano')
export const EVENT_NAME = fieldTag(SpanEvent, 'name')
export const EVENT_ATTRIBUTES = fieldTag(SpanEvent, 'attributes')
export const EVENT_DROPPED_ATTRIBUTES_COUNT = fieldTag(SpanEvent, 'droppedAttributesCount')
export const LINK_TRACE_ID = fieldTag(SpanLink, 'traceId')
export const LINK_SPAN_ID = fieldTag(SpanLink, 'spanId')
export const LINK_TRACE_STATE = fieldTag(SpanLink, 'traceState')
export const LINK_ATTRIBUTES = fieldTag(SpanLink, 'attributes')
export const LINK_DROPPED_ATTRIBUTES_COUNT = fieldTag(SpanLink, 'droppedAttributesCount')
export const LINK_FLAGS = fieldTag(SpanLink, 'flags')
