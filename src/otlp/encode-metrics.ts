// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ValueType } from '@opentelemetry/api'
import { writeAttributes } from './encode-attributes'
import { writeResourceField, writeScopeField } from './encode-resource'
import { RequestTally } from './encode-tally'
import type { EncodedRequest } from './encoded-request'
import { fieldTag, packedFieldTag } from './field-tag'
import { writeMessage, type ProtobufWriter } from './protobuf-writer'
import { ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint } from './schema'
import {
  AggregationTemporality,
  DataPointType,
  type DataPoint,
  type ExponentialHistogram,
  type GaugeMetricData,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
  type ScopeMetrics,
  type SumMetricData,
} from './sdk-types'
import * as tags from './metric-tags'

const NumberPoint = {
  START_TIME: fieldTag(NumberDataPoint, 'startTimeUnixNano'),
  TIME: fieldTag(NumberDataPoint, 'timeUnixNano'),
  AS_DOUBLE: fieldTag(NumberDataPoint, 'asDouble'),
  AS_INT: fieldTag(NumberDataPoint, 'asInt'),
  ATTRIBUTES: fieldTag(NumberDataPoint, 'attributes'),
}

const HistogramPoint = {
  START_TIME: fieldTag(HistogramDataPoint, 'startTimeUnixNano'),
  TIME: fieldTag(HistogramDataPoint, 'timeUnixNano'),
  COUNT: fieldTag(HistogramDataPoint, 'count'),
  SUM: fieldTag(HistogramDataPoint, 'sum'),
  BUCKET_COUNTS: packedFieldTag(HistogramDataPoint, 'bucketCounts'),
  EXPLICIT_BOUNDS: packedFieldTag(HistogramDataPoint, 'explicitBounds'),
  ATTRIBUTES: fieldTag(HistogramDataPoint, 'attributes'),
  MIN: fieldTag(HistogramDataPoint, 'min'),
  MAX: fieldTag(HistogramDataPoint, 'max'),
}

const ExponentialPoint = {
  ATTRIBUTES: fieldTag(ExponentialHistogramDataPoint, 'attributes'),
  START_TIME: fieldTag(ExponentialHistogramDataPoint, 'startTimeUnixNano'),
  TIME: fieldTag(ExponentialHistogramDataPoint, 'timeUnixNano'),
  COUNT: fieldTag(ExponentialHistogramDataPoint, 'count'),
  SUM: fieldTag(ExponentialHistogramDataPoint, 'sum'),
  SCALE: fieldTag(ExponentialHistogramDataPoint, 'scale'),
  ZERO_COUNT: fieldTag(ExponentialHistogramDataPoint, 'zeroCount'),
  POSITIVE: fieldTag(ExponentialHistogramDataPoint, 'positive'),
  NEGATIVE: fieldTag(ExponentialHistogramDataPoint, 'negative'),
  MIN: fieldTag(ExponentialHistogramDataPoint, 'min'),
  MAX: fieldTag(ExponentialHistogramDataPoint, 'max'),
}

const PROTO_TEMPORALITY_DELTA = 1
const PROTO_TEMPORALITY_CUMULATIVE = 2
// ValueType.INT, by value: the API package is for types only here.
const VALUE_TYPE_INT: ValueType = 0
const TWO_TO_63 = 2 ** 63

/**
 * Encodes what one collection yielded as a protobuf `ExportMetricsServiceRequest`,
 * byte for byte as the SDK's own OTLP exporter would send it. What `encodeSpans`
 * says of odd attribute values holds here too.
 *
 * @throws TypeError if `resourceMetrics` is not what a metric exporter gets
 */
export function encodeMetrics(resourceMetrics: ResourceMetrics): Uint8Array {
  return encodeTallied(resourceMetrics, new RequestTally())
}

/**
 * The same, with what `summarizeRequest` would say of the bytes, for a fraction
 * of what it costs.
 *
 * @throws TypeError if `resourceMetrics` is not what a metric exporter gets
 */
export function encodeCountedMetrics(resourceMetrics: ResourceMetrics): EncodedRequest {
  const tally = new RequestTally()
  const body = encodeTallied(resourceMetrics, tally)
  return { body, summary: tally.summary() }
}

function encodeTallied(resourceMetrics: ResourceMetrics, tally: RequestTally): Uint8Array {
  const { resource, scopeMetrics } = resourceMetrics
  return writeMessage((writer) => {
    const mark = writer.size
    if (resource.schemaUrl) writer.stringField(tags.RESOURCE_SCHEMA_URL, resource.schemaUrl)
    for (let index = scopeMetrics.length - 1; index >= 0; index--) {
      writeScopeMetrics(writer, scopeMetrics[index], tally)
    }
    writeResourceField(writer, tags.RESOURCE, resource, tally)
    writer.messageField(tags.RESOURCE_METRICS, mark)
  })
}

function writeScopeMetrics(
  writer: ProtobufWriter,
  { scope, metrics }: ScopeMetrics,
  tally: RequestTally,
): void {
  const mark = writer.size
  if (scope.schemaUrl) writer.stringField(tags.SCOPE_SCHEMA_URL, scope.schemaUrl)
  for (let index = metrics.length - 1; index >= 0; index--) {
    writeMetric(writer, metrics[index], tally)
  }
  writeScopeField(writer, tags.SCOPE, scope)
  writer.messageField(tags.SCOPE_METRICS, mark)
}

function writeMetric(writer: ProtobufWriter, metric: MetricData, tally: RequestTally): void {
  const mark = writer.size
  const { name, description, unit } = metric.descriptor
  writeMetricPoints(writer, metric, tally)
  if (unit) writer.stringField(tags.UNIT, unit)
  if (description) writer.stringField(tags.DESCRIPTION, description)
  writer.stringField(tags.NAME, name)
  writer.messageField(tags.METRICS, mark)
}

function writeMetricPoints(writer: ProtobufWriter, metric: MetricData, tally: RequestTally): void {
  const mark = writer.size
  const temporality = protoTemporality(metric.aggregationTemporality)
  switch (metric.dataPointType) {
    case DataPointType.GAUGE:
      writeNumberPoints(writer, tags.GAUGE_POINTS, metric, tally)
      writer.messageField(tags.GAUGE, mark)
      return
    case DataPointType.SUM:
      if (metric.isMonotonic) writer.varintField(tags.SUM_IS_MONOTONIC, 1)
      if (temporality) writer.varintField(tags.SUM_TEMPORALITY, temporality)
      writeNumberPoints(writer, tags.SUM_POINTS, metric, tally)
      writer.messageField(tags.SUM, mark)
      return
    case DataPointType.HISTOGRAM:
      if (temporality) writer.varintField(tags.HISTOGRAM_TEMPORALITY, temporality)
      for (let index = metric.dataPoints.length - 1; index >= 0; index--) {
        writeHistogramPoint(writer, metric.dataPoints[index], tally)
      }
      writer.messageField(tags.HISTOGRAM, mark)
      return
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      if (temporality) writer.varintField(tags.EXPONENTIAL_TEMPORALITY, temporality)
      for (let index = metric.dataPoints.length - 1; index >= 0; index--) {
        writeExponentialPoint(writer, metric.dataPoints[index], tally)
      }
      writer.messageField(tags.EXPONENTIAL_HISTOGRAM, mark)
  }
}

function writeNumberPoints(
  writer: ProtobufWriter,
  tag: number,
  { descriptor, dataPoints }: SumMetricData | GaugeMetricData,
  tally: RequestTally,
): void {
  const isInt = descriptor.valueType === VALUE_TYPE_INT
  for (let index = dataPoints.length - 1; index >= 0; index--) {
    const mark = writer.size
    writeNumberPoint(writer, dataPoints[index], isInt)
    writePointTimes(writer, NumberPoint, dataPoints[index], tally)
    writer.messageField(tag, mark)
  }
}

// The time of a point is that of the measurement; its start is where the
// interval began, and does not count.
function writePointTimes(
  writer: ProtobufWriter,
  point: { TIME: number; START_TIME: number },
  { startTime, endTime }: DataPoint<unknown>,
  tally: RequestTally,
): void {
  writer.timeField(point.TIME, endTime)
  tally.addItem()
  tally.addTime(writer.timeHigh, writer.timeLow)
  writer.timeField(point.START_TIME, startTime)
}

function writeNumberPoint(
  writer: ProtobufWriter,
  { attributes, value }: DataPoint<number>,
  isInt: boolean,
): void {
  writeAttributes(writer, NumberPoint.ATTRIBUTES, attributes)
  // An observable instrument may be declared an integer and report 1.5: the
  // point says what was reported, not what was declared.
  if (isInt && Number.isInteger(value) && value >= -TWO_TO_63 && value < TWO_TO_63) {
    writer.fixed64Field(NumberPoint.AS_INT, value)
  } else {
    writer.doubleField(NumberPoint.AS_DOUBLE, value)
  }
}

function writeHistogramPoint(
  writer: ProtobufWriter,
  point: DataPoint<Histogram>,
  tally: RequestTally,
): void {
  const mark = writer.size
  const { buckets, count, sum, min, max } = point.value
  const { boundaries, counts } = buckets
  if (max !== undefined) writer.doubleField(HistogramPoint.MAX, max)
  if (min !== undefined) writer.doubleField(HistogramPoint.MIN, min)
  writeAttributes(writer, HistogramPoint.ATTRIBUTES, point.attributes)
  if (boundaries.length > 0) writer.packedDoubleField(HistogramPoint.EXPLICIT_BOUNDS, boundaries)
  if (counts.length > 0) writer.packedFixed64Field(HistogramPoint.BUCKET_COUNTS, counts)
  if (sum !== undefined) writer.doubleField(HistogramPoint.SUM, sum)
  writer.fixed64Field(HistogramPoint.COUNT, count)
  writePointTimes(writer, HistogramPoint, point, tally)
  writer.messageField(tags.HISTOGRAM_POINTS, mark)
}

function writeExponentialPoint(
  writer: ProtobufWriter,
  point: DataPoint<ExponentialHistogram>,
  tally: RequestTally,
): void {
  const mark = writer.size
  const { count, sum, scale, zeroCount, positive, negative, min, max } = point.value
  if (max !== undefined) writer.doubleField(ExponentialPoint.MAX, max)
  if (min !== undefined) writer.doubleField(ExponentialPoint.MIN, min)
  writeBuckets(writer, ExponentialPoint.NEGATIVE, negative)
  writeBuckets(writer, ExponentialPoint.POSITIVE, positive)
  writer.fixed64Field(ExponentialPoint.ZERO_COUNT, zeroCount)
  if (scale !== 0) writer.sint32Field(ExponentialPoint.SCALE, scale)
  if (sum !== undefined) writer.doubleField(ExponentialPoint.SUM, sum)
  writer.fixed64Field(ExponentialPoint.COUNT, count)
  writePointTimes(writer, ExponentialPoint, point, tally)
  writeAttributes(writer, ExponentialPoint.ATTRIBUTES, point.attributes)
  writer.messageField(tags.EXPONENTIAL_POINTS, mark)
}

function writeBuckets(
  writer: ProtobufWriter,
  tag: number,
  { offset, bucketCounts }: ExponentialHistogram['positive'],
): void {
  const mark = writer.size
  if (bucketCounts.length > 0) writer.packedInt64Field(tags.BUCKETS_COUNTS, bucketCounts)
  if (offset !== 0) writer.sint32Field(tags.BUCKETS_OFFSET, offset)
  writer.messageField(tag, mark)
}

function protoTemporality(temporality: AggregationTemporality): number | undefined {
  switch (temporality) {
    case AggregationTemporality.DELTA:
      return PROTO_TEMPORALITY_DELTA
    case AggregationTemporality.CUMULATIVE:
      return PROTO_TEMPORALITY_CUMULATIVE
    default:
      return undefined
  }
}
