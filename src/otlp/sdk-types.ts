// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type {
  Attributes,
  HrTime,
  Link,
  SpanContext,
  SpanKind,
  SpanStatus,
  ValueType,
} from '@opentelemetry/api'

// What the OpenTelemetry SDK hands to an exporter, told by structure: SDK 2.x
// and 3.x keep these types in packages of different names, and an app has one
// or the other. Both are assignable to and from the types here, so our public
// surface names neither. Only the API package is named, of which an app has
// exactly one.

/** Whether an export succeeded; `error` may say why it did not. */
export interface ExportResult {
  code: ExportResultCode
  error?: Error
}

export const ExportResultCode = Object.freeze({ SUCCESS: 0, FAILED: 1 })
export type ExportResultCode = (typeof ExportResultCode)[keyof typeof ExportResultCode]

/**
 * What an attribute of a log record, or its body, may be. API 1.10 (SDK 3.x)
 * declares every attribute value `unknown`, before it the values are spelled
 * out: this follows the API that is installed, to fit the SDK beside it.
 */
export type AnyValue = unknown extends Attributes[string] ? unknown : SpelledOutValue

type SpelledOutValue =
  | string
  | number
  | boolean
  | Uint8Array
  | SpelledOutValue[]
  | { [key: string]: SpelledOutValue }
  | null
  | undefined

export interface AnyValueMap {
  [attributeKey: string]: AnyValue
}

/** Who produced the telemetry. */
export interface Resource {
  readonly attributes: Attributes
  readonly schemaUrl?: string
  /** True as long as a detector still owes attributes. */
  readonly asyncAttributesPending?: boolean
  waitForAsyncAttributes?(): Promise<void>
  merge(other: Resource | null): Resource
  getRawAttributes(): RawResourceAttribute[]
}

export type RawResourceAttribute = [
  string,
  Attributes[string] | undefined | Promise<Attributes[string] | undefined>,
]

/** The library whose tracer, meter or logger produced the telemetry. */
export interface InstrumentationScope {
  readonly name: string
  readonly version?: string
  readonly schemaUrl?: string
}

/** Loggers carry attributes in their scope, tracers and meters (so far) do not. */
export interface LogInstrumentationScope extends InstrumentationScope {
  attributes?: AnyValueMap
  droppedAttributesCount?: number
}

export interface TimedEvent {
  time: HrTime
  name: string
  attributes?: Attributes
  droppedAttributesCount?: number
}

/** A span that has ended, as a span exporter gets it. */
export interface ReadableSpan {
  readonly name: string
  readonly kind: SpanKind
  readonly spanContext: () => SpanContext
  readonly parentSpanContext?: SpanContext
  readonly startTime: HrTime
  readonly endTime: HrTime
  readonly status: SpanStatus
  readonly attributes: Attributes
  readonly links: Link[]
  readonly events: TimedEvent[]
  readonly duration: HrTime
  readonly ended: boolean
  readonly resource: Resource
  readonly instrumentationScope: InstrumentationScope
  readonly droppedAttributesCount: number
  readonly droppedEventsCount: number
  readonly droppedLinksCount: number
}

export interface SpanExporter {
  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void
  shutdown(): Promise<void>
  forceFlush?(): Promise<void>
}

/** A log record as a log record exporter gets it. */
export interface ReadableLogRecord {
  readonly hrTime: HrTime
  readonly hrTimeObserved: HrTime
  readonly spanContext?: SpanContext
  readonly severityText?: string
  readonly severityNumber?: number
  readonly body?: AnyValue
  readonly eventName?: string
  readonly resource: Resource
  readonly instrumentationScope: LogInstrumentationScope
  readonly attributes: AnyValueMap
  readonly droppedAttributesCount: number
}

export interface LogRecordExporter {
  export(logs: ReadableLogRecord[], resultCallback: (result: ExportResult) => void): void
  shutdown(): Promise<void>
  forceFlush(): Promise<void>
}

export const AggregationTemporality = Object.freeze({ DELTA: 0, CUMULATIVE: 1 })
export type AggregationTemporality =
  (typeof AggregationTemporality)[keyof typeof AggregationTemporality]

/** The kind of a metric's points. */
export const DataPointType = Object.freeze({
  HISTOGRAM: 0,
  EXPONENTIAL_HISTOGRAM: 1,
  GAUGE: 2,
  SUM: 3,
})
export type DataPointType = (typeof DataPointType)[keyof typeof DataPointType]

export interface MetricDescriptor {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly valueType: ValueType
}

export interface DataPoint<T> {
  readonly startTime: HrTime
  readonly endTime: HrTime
  readonly attributes: Attributes
  readonly value: T
}

export interface Histogram {
  buckets: { boundaries: number[]; counts: number[] }
  sum?: number
  count: number
  min?: number
  max?: number
}

export interface ExponentialHistogram {
  count: number
  sum?: number
  scale: number
  zeroCount: number
  positive: { offset: number; bucketCounts: number[] }
  negative: { offset: number; bucketCounts: number[] }
  min?: number
  max?: number
}

interface BaseMetricData {
  readonly descriptor: MetricDescriptor
  readonly aggregationTemporality: AggregationTemporality
}

export interface SumMetricData extends BaseMetricData {
  readonly dataPointType: typeof DataPointType.SUM
  readonly dataPoints: DataPoint<number>[]
  readonly isMonotonic: boolean
}

export interface GaugeMetricData extends BaseMetricData {
  readonly dataPointType: typeof DataPointType.GAUGE
  readonly dataPoints: DataPoint<number>[]
}

export interface HistogramMetricData extends BaseMetricData {
  readonly dataPointType: typeof DataPointType.HISTOGRAM
  readonly dataPoints: DataPoint<Histogram>[]
}

export interface ExponentialHistogramMetricData extends BaseMetricData {
  readonly dataPointType: typeof DataPointType.EXPONENTIAL_HISTOGRAM
  readonly dataPoints: DataPoint<ExponentialHistogram>[]
}

export type MetricData =
  SumMetricData | GaugeMetricData | HistogramMetricData | ExponentialHistogramMetricData

export interface ScopeMetrics {
  scope: InstrumentationScope
  metrics: MetricData[]
}

/** What one collection of one metric reader yields. */
export interface ResourceMetrics {
  resource: Resource
  scopeMetrics: ScopeMetrics[]
}

export type InstrumentType =
  | 'COUNTER'
  | 'GAUGE'
  | 'HISTOGRAM'
  | 'UP_DOWN_COUNTER'
  | 'OBSERVABLE_COUNTER'
  | 'OBSERVABLE_GAUGE'
  | 'OBSERVABLE_UP_DOWN_COUNTER'

/** How a metric reader is asked to aggregate; `type` is the SDK's AggregationType. */
export type AggregationOption =
  /* default, drop, sum, last value */
  | { type: 0 }
  | { type: 1 }
  | { type: 2 }
  | { type: 3 }
  /* explicit buckets */
  | { type: 4; options?: { recordMinMax?: boolean; boundaries: number[] } }
  /* exponential buckets */
  | { type: 5; options?: { recordMinMax?: boolean; maxSize?: number } }

export interface PushMetricExporter {
  export(metrics: ResourceMetrics, resultCallback: (result: ExportResult) => void): void
  forceFlush(): Promise<void>
  selectAggregationTemporality?(instrumentType: InstrumentType): AggregationTemporality
  selectAggregation?(instrumentType: InstrumentType): AggregationOption
  shutdown(): Promise<void>
}
