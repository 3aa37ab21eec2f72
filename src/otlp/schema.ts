// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from './signal'

/**
 * How a field is written, and what it means where the meaning matters to us:
 * a `time` is a fixed64 that a shift moves, a `traceId` or `spanId` is bytes
 * that JSON spells in hex and that a rewrite replaces.
 */
export type FieldKind =
  | 'bool'
  | 'bytes'
  | 'double'
  | 'enum'
  | 'fixed32'
  | 'fixed64'
  | 'int64'
  | 'message'
  | 'sfixed64'
  | 'sint32'
  | 'spanId'
  | 'string'
  | 'time'
  | 'traceId'
  | 'uint32'
  | 'uint64'

export interface FieldShape {
  readonly number: number
  /** As protobuf's JSON mapping spells it: lowerCamelCase. */
  readonly jsonName: string
  readonly kind: FieldKind
  readonly repeated: boolean
  /** Absent and default differ: `optional` fields and members of a oneof. */
  readonly hasPresence: boolean
  /** Of kind `message`. */
  readonly message?: MessageShape
  /** Of kind `enum`: value names by number. */
  readonly names?: Readonly<Record<number, string>>
}

export interface MessageShape {
  readonly name: string
  readonly fields: readonly FieldShape[]
  /** `fields` by number; holes where a number is not in use. */
  readonly byNumber: readonly (FieldShape | undefined)[]
}

// The messages of opentelemetry-proto 1.10, collector/*/v1 down to common/v1,
// without the fields that only profiles use.

class Message implements MessageShape {
  readonly fields: FieldShape[] = []
  readonly byNumber: (FieldShape | undefined)[] = []

  constructor(readonly name: string) {}

  field(number: number, jsonName: string, kind: FieldKind, extra: FieldExtra = {}): this {
    const field = { number, jsonName, kind, repeated: false, hasPresence: false, ...extra }
    this.fields.push(field)
    this.byNumber[number] = field
    return this
  }

  message(number: number, jsonName: string, message: MessageShape): this {
    return this.field(number, jsonName, 'message', { message, hasPresence: true })
  }

  messages(number: number, jsonName: string, message: MessageShape): this {
    return this.field(number, jsonName, 'message', { message, repeated: true })
  }
}

type FieldExtra = Partial<Pick<FieldShape, 'repeated' | 'hasPresence' | 'message' | 'names'>>

const REPEATED: FieldExtra = { repeated: true }
const PRESENCE: FieldExtra = { hasPresence: true }

export const AnyValue = new Message('AnyValue')
export const ArrayValue = new Message('ArrayValue').messages(1, 'values', AnyValue)
export const KeyValue = new Message('KeyValue')
  .field(1, 'key', 'string')
  .message(2, 'value', AnyValue)
export const KeyValueList = new Message('KeyValueList').messages(1, 'values', KeyValue)
AnyValue.field(1, 'stringValue', 'string', PRESENCE)
  .field(2, 'boolValue', 'bool', PRESENCE)
  .field(3, 'intValue', 'int64', PRESENCE)
  .field(4, 'doubleValue', 'double', PRESENCE)
  .message(5, 'arrayValue', ArrayValue)
  .message(6, 'kvlistValue', KeyValueList)
  .field(7, 'bytesValue', 'bytes', PRESENCE)

export const InstrumentationScope = new Message('InstrumentationScope')
  .field(1, 'name', 'string')
  .field(2, 'version', 'string')
  .messages(3, 'attributes', KeyValue)
  .field(4, 'droppedAttributesCount', 'uint32')

export const EntityRef = new Message('EntityRef')
  .field(1, 'schemaUrl', 'string')
  .field(2, 'type', 'string')
  .field(3, 'idKeys', 'string', REPEATED)
  .field(4, 'descriptionKeys', 'string', REPEATED)

export const Resource = new Message('Resource')
  .messages(1, 'attributes', KeyValue)
  .field(2, 'droppedAttributesCount', 'uint32')
  .messages(3, 'entityRefs', EntityRef)

export const Status = new Message('Status').field(2, 'message', 'string').field(3, 'code', 'enum', {
  names: { 0: 'STATUS_CODE_UNSET', 1: 'STATUS_CODE_OK', 2: 'STATUS_CODE_ERROR' },
})

export const SpanEvent = new Message('Span.Event')
  .field(1, 'timeUnixNano', 'time')
  .field(2, 'name', 'string')
  .messages(3, 'attributes', KeyValue)
  .field(4, 'droppedAttributesCount', 'uint32')

export const SpanLink = new Message('Span.Link')
  .field(1, 'traceId', 'traceId')
  .field(2, 'spanId', 'spanId')
  .field(3, 'traceState', 'string')
  .messages(4, 'attributes', KeyValue)
  .field(5, 'droppedAttributesCount', 'uint32')
  .field(6, 'flags', 'fixed32')

export const Span = new Message('Span')
  .field(1, 'traceId', 'traceId')
  .field(2, 'spanId', 'spanId')
  .field(3, 'traceState', 'string')
  .field(4, 'parentSpanId', 'spanId')
  .field(5, 'name', 'string')
  .field(6, 'kind', 'enum', {
    names: {
      0: 'SPAN_KIND_UNSPECIFIED',
      1: 'SPAN_KIND_INTERNAL',
      2: 'SPAN_KIND_SERVER',
      3: 'SPAN_KIND_CLIENT',
      4: 'SPAN_KIND_PRODUCER',
      5: 'SPAN_KIND_CONSUMER',
    },
  })
  .field(7, 'startTimeUnixNano', 'time')
  .field(8, 'endTimeUnixNano', 'time')
  .messages(9, 'attributes', KeyValue)
  .field(10, 'droppedAttributesCount', 'uint32')
  .messages(11, 'events', SpanEvent)
  .field(12, 'droppedEventsCount', 'uint32')
  .messages(13, 'links', SpanLink)
  .field(14, 'droppedLinksCount', 'uint32')
  .message(15, 'status', Status)
  .field(16, 'flags', 'fixed32')

export const ScopeSpans = new Message('ScopeSpans')
  .message(1, 'scope', InstrumentationScope)
  .messages(2, 'spans', Span)
  .field(3, 'schemaUrl', 'string')

export const ResourceSpans = new Message('ResourceSpans')
  .message(1, 'resource', Resource)
  .messages(2, 'scopeSpans', ScopeSpans)
  .field(3, 'schemaUrl', 'string')

export const Exemplar = new Message('Exemplar')
  .field(2, 'timeUnixNano', 'time')
  .field(3, 'asDouble', 'double', PRESENCE)
  .field(4, 'spanId', 'spanId')
  .field(5, 'traceId', 'traceId')
  .field(6, 'asInt', 'sfixed64', PRESENCE)
  .messages(7, 'filteredAttributes', KeyValue)

export const NumberDataPoint = new Message('NumberDataPoint')
  .field(2, 'startTimeUnixNano', 'time')
  .field(3, 'timeUnixNano', 'time')
  .field(4, 'asDouble', 'double', PRESENCE)
  .messages(5, 'exemplars', Exemplar)
  .field(6, 'asInt', 'sfixed64', PRESENCE)
  .messages(7, 'attributes', KeyValue)
  .field(8, 'flags', 'uint32')

export const HistogramDataPoint = new Message('HistogramDataPoint')
  .field(2, 'startTimeUnixNano', 'time')
  .field(3, 'timeUnixNano', 'time')
  .field(4, 'count', 'fixed64')
  .field(5, 'sum', 'double', PRESENCE)
  .field(6, 'bucketCounts', 'fixed64', REPEATED)
  .field(7, 'explicitBounds', 'double', REPEATED)
  .messages(8, 'exemplars', Exemplar)
  .messages(9, 'attributes', KeyValue)
  .field(10, 'flags', 'uint32')
  .field(11, 'min', 'double', PRESENCE)
  .field(12, 'max', 'double', PRESENCE)

export const Buckets = new Message('ExponentialHistogramDataPoint.Buckets')
  .field(1, 'offset', 'sint32')
  .field(2, 'bucketCounts', 'uint64', REPEATED)

export const ExponentialHistogramDataPoint = new Message('ExponentialHistogramDataPoint')
  .messages(1, 'attributes', KeyValue)
  .field(2, 'startTimeUnixNano', 'time')
  .field(3, 'timeUnixNano', 'time')
  .field(4, 'count', 'fixed64')
  .field(5, 'sum', 'double', PRESENCE)
  .field(6, 'scale', 'sint32')
  .field(7, 'zeroCount', 'fixed64')
  .message(8, 'positive', Buckets)
  .message(9, 'negative', Buckets)
  .field(10, 'flags', 'uint32')
  .messages(11, 'exemplars', Exemplar)
  .field(12, 'min', 'double', PRESENCE)
  .field(13, 'max', 'double', PRESENCE)
  .field(14, 'zeroThreshold', 'double')

export const ValueAtQuantile = new Message('SummaryDataPoint.ValueAtQuantile')
  .field(1, 'quantile', 'double')
  .field(2, 'value', 'double')

export const SummaryDataPoint = new Message('SummaryDataPoint')
  .field(2, 'startTimeUnixNano', 'time')
  .field(3, 'timeUnixNano', 'time')
  .field(4, 'count', 'fixed64')
  .field(5, 'sum', 'double')
  .messages(6, 'quantileValues', ValueAtQuantile)
  .messages(7, 'attributes', KeyValue)
  .field(8, 'flags', 'uint32')

const TEMPORALITY: FieldExtra = {
  names: {
    0: 'AGGREGATION_TEMPORALITY_UNSPECIFIED',
    1: 'AGGREGATION_TEMPORALITY_DELTA',
    2: 'AGGREGATION_TEMPORALITY_CUMULATIVE',
  },
}

export const Gauge = new Message('Gauge').messages(1, 'dataPoints', NumberDataPoint)
export const Sum = new Message('Sum')
  .messages(1, 'dataPoints', NumberDataPoint)
  .field(2, 'aggregationTemporality', 'enum', TEMPORALITY)
  .field(3, 'isMonotonic', 'bool')
export const Histogram = new Message('Histogram')
  .messages(1, 'dataPoints', HistogramDataPoint)
  .field(2, 'aggregationTemporality', 'enum', TEMPORALITY)
export const ExponentialHistogram = new Message('ExponentialHistogram')
  .messages(1, 'dataPoints', ExponentialHistogramDataPoint)
  .field(2, 'aggregationTemporality', 'enum', TEMPORALITY)
export const Summary = new Message('Summary').messages(1, 'dataPoints', SummaryDataPoint)

export const Metric = new Message('Metric')
  .field(1, 'name', 'string')
  .field(2, 'description', 'string')
  .field(3, 'unit', 'string')
  .message(5, 'gauge', Gauge)
  .message(7, 'sum', Sum)
  .message(9, 'histogram', Histogram)
  .message(10, 'exponentialHistogram', ExponentialHistogram)
  .message(11, 'summary', Summary)
  .messages(12, 'metadata', KeyValue)

export const ScopeMetrics = new Message('ScopeMetrics')
  .message(1, 'scope', InstrumentationScope)
  .messages(2, 'metrics', Metric)
  .field(3, 'schemaUrl', 'string')

export const ResourceMetrics = new Message('ResourceMetrics')
  .message(1, 'resource', Resource)
  .messages(2, 'scopeMetrics', ScopeMetrics)
  .field(3, 'schemaUrl', 'string')

export const LogRecord = new Message('LogRecord')
  .field(1, 'timeUnixNano', 'time')
  .field(2, 'severityNumber', 'enum', { names: severityNames() })
  .field(3, 'severityText', 'string')
  .message(5, 'body', AnyValue)
  .messages(6, 'attributes', KeyValue)
  .field(7, 'droppedAttributesCount', 'uint32')
  .field(8, 'flags', 'fixed32')
  .field(9, 'traceId', 'traceId')
  .field(10, 'spanId', 'spanId')
  .field(11, 'observedTimeUnixNano', 'time')
  .field(12, 'eventName', 'string')

export const ScopeLogs = new Message('ScopeLogs')
  .message(1, 'scope', InstrumentationScope)
  .messages(2, 'logRecords', LogRecord)
  .field(3, 'schemaUrl', 'string')

export const ResourceLogs = new Message('ResourceLogs')
  .message(1, 'resource', Resource)
  .messages(2, 'scopeLogs', ScopeLogs)
  .field(3, 'schemaUrl', 'string')

/** `Export…ServiceRequest` by signal. */
export const REQUEST_SHAPES: Readonly<Record<Signal, MessageShape>> = Object.freeze({
  traces: new Message('ExportTraceServiceRequest').messages(1, 'resourceSpans', ResourceSpans),
  metrics: new Message('ExportMetricsServiceRequest').messages(
    1,
    'resourceMetrics',
    ResourceMetrics,
  ),
  logs: new Message('ExportLogsServiceRequest').messages(1, 'resourceLogs', ResourceLogs),
})

function severityNames(): Record<number, string> {
  const names: Record<number, string> = { 0: 'SEVERITY_NUMBER_UNSPECIFIED' }
  const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']
  levels.forEach((level, index) => {
    for (let step = 1; step <= 4; step++) {
      names[index * 4 + step] = `SEVERITY_NUMBER_${level}${step === 1 ? '' : step}`
    }
  })
  return names
}
