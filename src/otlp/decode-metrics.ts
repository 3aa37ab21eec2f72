// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ValueType } from '@opentelemetry/api'
import { DecodedResource, OtlpReader, readResource, readScope, type Draft } from './decode-common'
import {
  readExponentialPoint,
  readHistogramPoint,
  readNumberPoint,
  type DecodedDataPoint,
} from './decode-data-points'
import {
  AggregationTemporality,
  DataPointType,
  type DataPoint,
  type InstrumentationScope,
  type MetricData,
  type MetricDescriptor,
  type ResourceMetrics,
  type ScopeMetrics,
} from './sdk-types'
import * as tags from './metric-tags'

const PROTO_TEMPORALITY_DELTA = 1
// ValueType, by value: the API package is for types only here.
const INT: ValueType = 0
const DOUBLE: ValueType = 1

/** What a request's metrics are as SDK objects, and what they are not. */
export interface DecodedMetrics {
  /** One per entry of the request; an exporter takes one per call. */
  readonly resourceMetrics: ResourceMetrics[]
  /**
   * Data points that are not in `resourceMetrics`, because the SDK has no
   * object for them: summaries, and points without a value.
   */
  readonly unsupportedItemCount: number
  /**
   * Data points that are in `resourceMetrics`, but without their exemplars,
   * their zero threshold, or the last bits of an integer beyond 2^53.
   */
  readonly inexactItemCount: number
}

/**
 * Decodes a protobuf `ExportMetricsServiceRequest` to what any SDK metric
 * exporter takes. What `decodeSpans` says of attributes holds here too.
 * A metric that mixes integers and doubles becomes one of doubles.
 *
 * @example
 * const { resourceMetrics, unsupportedItemCount } = decodeMetrics(body)
 * for (const metrics of resourceMetrics) exporter.export(metrics, callback)
 * failedItems += unsupportedItemCount
 *
 * @throws MalformedOtlpError if the bytes are no such request
 */
export function decodeMetrics(body: Uint8Array): DecodedMetrics {
  const reader = new OtlpReader(body)
  const decoded: Draft<DecodedMetrics> = {
    resourceMetrics: [],
    unsupportedItemCount: 0,
    inexactItemCount: 0,
  }
  while (reader.next()) {
    if (reader.tag === tags.RESOURCE_METRICS) readResourceMetrics(reader, decoded)
    else reader.skip()
  }
  return decoded
}

function readResourceMetrics(reader: OtlpReader, decoded: Draft<DecodedMetrics>): void {
  const outerEnd = reader.enter()
  const resource = new DecodedResource()
  const scopeMetrics: ScopeMetrics[] = []
  while (reader.next()) {
    if (reader.tag === tags.RESOURCE) readResource(reader, resource)
    else if (reader.tag === tags.SCOPE_METRICS) scopeMetrics.push(readScopeMetrics(reader, decoded))
    else if (reader.tag === tags.RESOURCE_SCHEMA_URL) resource.schemaUrl = reader.string()
    else reader.skip()
  }
  reader.leave(outerEnd)
  decoded.resourceMetrics.push({ resource, scopeMetrics })
}

function readScopeMetrics(reader: OtlpReader, decoded: Draft<DecodedMetrics>): ScopeMetrics {
  const outerEnd = reader.enter()
  const scope: Draft<InstrumentationScope> = { name: '' }
  const metrics: MetricData[] = []
  while (reader.next()) {
    if (reader.tag === tags.METRICS) {
      const metric = readMetric(reader, decoded)
      if (metric) metrics.push(metric)
    } else if (reader.tag === tags.SCOPE) readScope(reader, scope)
    else if (reader.tag === tags.SCOPE_SCHEMA_URL) scope.schemaUrl = reader.string()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { scope, metrics }
}

function readMetric(reader: OtlpReader, decoded: Draft<DecodedMetrics>): MetricData | undefined {
  const outerEnd = reader.enter()
  const draft = new MetricDraft()
  while (reader.next()) readMetricField(reader, draft)
  reader.leave(outerEnd)
  const metric = draft.finish()
  decoded.unsupportedItemCount += draft.unsupportedItemCount
  decoded.inexactItemCount += draft.inexactItemCount
  return metric
}

function readMetricField(reader: OtlpReader, draft: MetricDraft): void {
  switch (reader.tag) {
    case tags.NAME:
      draft.descriptor.name = reader.string()
      return
    case tags.DESCRIPTION:
      draft.descriptor.description = reader.string()
      return
    case tags.UNIT:
      draft.descriptor.unit = reader.string()
      return
    case tags.GAUGE:
      draft.become(DataPointType.GAUGE)
      readGauge(reader, draft)
      return
    case tags.SUM:
      draft.become(DataPointType.SUM)
      readSum(reader, draft)
      return
    case tags.HISTOGRAM:
      draft.become(DataPointType.HISTOGRAM)
      readHistogram(reader, draft)
      return
    case tags.EXPONENTIAL_HISTOGRAM:
      draft.become(DataPointType.EXPONENTIAL_HISTOGRAM)
      readExponentialHistogram(reader, draft)
      return
    case tags.SUMMARY:
      draft.become(undefined)
      readSummary(reader, draft)
      return
    default:
      reader.skip()
  }
}

function readGauge(reader: OtlpReader, draft: MetricDraft): void {
  const outerEnd = reader.enter()
  while (reader.next()) {
    if (reader.tag === tags.GAUGE_POINTS) draft.add(readNumberPoint(reader))
    else reader.skip()
  }
  reader.leave(outerEnd)
}

function readSum(reader: OtlpReader, draft: MetricDraft): void {
  const outerEnd = reader.enter()
  while (reader.next()) {
    if (reader.tag === tags.SUM_POINTS) draft.add(readNumberPoint(reader))
    else if (reader.tag === tags.SUM_TEMPORALITY) draft.setTemporality(reader.uint32())
    else if (reader.tag === tags.SUM_IS_MONOTONIC) draft.isMonotonic = reader.bool()
    else reader.skip()
  }
  reader.leave(outerEnd)
}

function readHistogram(reader: OtlpReader, draft: MetricDraft): void {
  const outerEnd = reader.enter()
  while (reader.next()) {
    if (reader.tag === tags.HISTOGRAM_POINTS) draft.add(readHistogramPoint(reader))
    else if (reader.tag === tags.HISTOGRAM_TEMPORALITY) draft.setTemporality(reader.uint32())
    else reader.skip()
  }
  reader.leave(outerEnd)
}

function readExponentialHistogram(reader: OtlpReader, draft: MetricDraft): void {
  const outerEnd = reader.enter()
  while (reader.next()) {
    if (reader.tag === tags.EXPONENTIAL_POINTS) draft.add(readExponentialPoint(reader))
    else if (reader.tag === tags.EXPONENTIAL_TEMPORALITY) draft.setTemporality(reader.uint32())
    else reader.skip()
  }
  reader.leave(outerEnd)
}

function readSummary(reader: OtlpReader, draft: MetricDraft): void {
  const outerEnd = reader.enter()
  while (reader.next()) {
    if (reader.tag === tags.SUMMARY_POINTS) draft.unsupportedItemCount++
    reader.skip()
  }
  reader.leave(outerEnd)
}

class MetricDraft {
  readonly descriptor: Draft<MetricDescriptor> = {
    name: '',
    description: '',
    unit: '',
    valueType: DOUBLE,
  }
  isMonotonic = false
  unsupportedItemCount = 0
  inexactItemCount = 0
  #dataPointType: DataPointType | undefined
  #dataPoints: DataPoint<unknown>[] = []
  #intCount = 0
  #aggregationTemporality: AggregationTemporality = AggregationTemporality.CUMULATIVE

  // A metric is of one type; if bytes name several, the last one holds.
  become(dataPointType: DataPointType | undefined): void {
    if (this.#dataPointType === dataPointType) return
    this.unsupportedItemCount += this.#dataPoints.length
    this.inexactItemCount = 0
    this.#intCount = 0
    this.#dataPoints = []
    this.#dataPointType = dataPointType
  }

  add(decoded: DecodedDataPoint<unknown>): void {
    if (!decoded.hasValue) {
      this.unsupportedItemCount++
      return
    }
    this.#dataPoints.push(decoded.point)
    if (decoded.isInt) this.#intCount++
    if (!decoded.isExact) this.inexactItemCount++
  }

  setTemporality(proto: number): void {
    this.#aggregationTemporality =
      proto === PROTO_TEMPORALITY_DELTA
        ? AggregationTemporality.DELTA
        : AggregationTemporality.CUMULATIVE
  }

  /** Returns undefined if nothing is left of the metric that the SDK has an object for. */
  finish(): MetricData | undefined {
    const dataPoints = this.#dataPoints
    const dataPointType = this.#dataPointType
    if (dataPointType === undefined) return undefined
    if (dataPoints.length === 0 && this.unsupportedItemCount > 0) return undefined
    if (dataPoints.length > 0 && this.#intCount === dataPoints.length) {
      this.descriptor.valueType = INT
    }
    const metric = {
      descriptor: this.descriptor,
      aggregationTemporality: this.#aggregationTemporality,
      dataPointType,
      dataPoints,
      ...(dataPointType === DataPointType.SUM ? { isMonotonic: this.isMonotonic } : {}),
    }
    // The points were read by the reader that belongs to `dataPointType`.
    return metric as MetricData
  }
}
