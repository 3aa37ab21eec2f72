// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type {
  BucketsJson,
  DoubleJson,
  ExemplarJson,
  ExponentialPointJson,
  HistogramPointJson,
  MetricJson,
  MetricsRequestJson,
  NumberPointJson,
  ResourceMetricsJson,
  SummaryPointJson,
} from '../metrics-json'
import { attributesJson, attributesOf, doubleJson, textJson } from './json-values'
import type { LineSink } from './line-sink'
import type { Sources } from './sources'
import { lineStart, membersOf } from './stored-tables'

const POINT = membersOf('metric_points')
const EXEMPLAR = membersOf('exemplars')

const TEMPORALITIES = Object.freeze(['unspecified', 'delta', 'cumulative'])

type AnyPoint = NumberPointJson | HistogramPointJson | ExponentialPointJson | SummaryPointJson

/** Data points of metrics, and their exemplars, as lines of their tables. */
export class MetricRows {
  readonly #sink: LineSink
  readonly #sources: Sources
  #nextPointId: number

  constructor(sink: LineSink, sources: Sources, nextPointId: number) {
    this.#sink = sink
    this.#sources = sources
    this.#nextPointId = nextPointId
  }

  /** Returns how many points that were. */
  add({ resourceMetrics = [] }: MetricsRequestJson): number {
    const first = this.#nextPointId
    for (const group of resourceMetrics) this.#addGroup(group)
    return this.#nextPointId - first
  }

  #addGroup(group: ResourceMetricsJson): void {
    const resourceAttributes = attributesOf(group.resource?.attributes)
    for (const scopeMetrics of group.scopeMetrics ?? []) {
      const { name, version, attributes } = scopeMetrics.scope ?? {}
      const source = this.#sources.idOf(group, scopeMetrics, () => ({
        resourceAttributes,
        scope: { name, version, attributes: attributesOf(attributes) },
      }))
      for (const metric of scopeMetrics.metrics ?? []) this.#addMetric(metric, lineStart(source))
    }
  }

  #addMetric(metric: MetricJson, start: string): void {
    const { gauge, sum, histogram, exponentialHistogram: exponential, summary } = metric
    const of = (kind: string, temporality?: number): string =>
      start + metricMembers(metric, kind, temporality)
    if (gauge) this.#addPoints(gauge.dataPoints, of('gauge'), numberMembers, metric)
    if (sum) {
      const monotonic = POINT.is_monotonic + String(sum.isMonotonic ?? false)
      const line = of('sum', sum.aggregationTemporality ?? 0) + monotonic
      this.#addPoints(sum.dataPoints, line, numberMembers, metric)
    }
    if (histogram) {
      const line = of('histogram', histogram.aggregationTemporality ?? 0)
      this.#addPoints(histogram.dataPoints, line, histogramMembers, metric)
    }
    if (exponential) {
      const line = of('exponential_histogram', exponential.aggregationTemporality ?? 0)
      this.#addPoints(exponential.dataPoints, line, exponentialMembers, metric)
    }
    if (summary) this.#addPoints(summary.dataPoints, of('summary'), summaryMembers, metric)
  }

  #addPoints<P extends AnyPoint>(
    points: readonly P[] | undefined,
    metricLine: string,
    valueMembers: (point: P) => string,
    { name = '' }: MetricJson,
  ): void {
    for (const point of points ?? []) {
      const id = this.#nextPointId++
      const { startTimeUnixNano = '0', timeUnixNano = '0', flags, attributes } = point
      let line =
        metricLine +
        POINT.point_id +
        id +
        POINT.start_time_unix_nano +
        startTimeUnixNano +
        POINT.time_unix_nano +
        timeUnixNano +
        valueMembers(point)
      if (flags) line += POINT.flags + flags
      line += POINT.attributes + attributesJson(attributesOf(attributes))
      this.#sink.add('metric_points', `${line}}\n`)
      if (!('exemplars' in point)) continue
      const owner =
        sourceOf(metricLine) + EXEMPLAR.point_id + id + EXEMPLAR.metric_name + textJson(name)
      for (const exemplar of point.exemplars ?? []) this.#addExemplar(exemplar, owner)
    }
  }

  #addExemplar(exemplar: ExemplarJson, owner: string): void {
    const { timeUnixNano = '0', traceId, spanId, filteredAttributes } = exemplar
    let line = owner + EXEMPLAR.time_unix_nano + timeUnixNano
    const { asDouble, asInt } = exemplar
    if (asDouble !== undefined) line += EXEMPLAR.value + doubleJson(asDouble)
    if (asInt !== undefined) line += EXEMPLAR.value + asInt + EXEMPLAR.value_int + asInt
    if (traceId) line += `${EXEMPLAR.trace_id}"${traceId}"`
    if (spanId) line += `${EXEMPLAR.span_id}"${spanId}"`
    line += EXEMPLAR.attributes + attributesJson(attributesOf(filteredAttributes))
    this.#sink.add('exemplars', `${line}}\n`)
  }
}

/** What a line begins with, up to the source. */
function sourceOf(line: string): string {
  return line.slice(0, line.indexOf(','))
}

function metricMembers(metric: MetricJson, kind: string, temporality?: number): string {
  const { name = '', description, unit } = metric
  let line = `${POINT.metric_name}${textJson(name)}${POINT.kind}"${kind}"`
  if (description) line += POINT.description + textJson(description)
  if (unit) line += POINT.unit + textJson(unit)
  if (temporality === undefined) return line
  return `${line}${POINT.temporality}"${TEMPORALITIES[temporality] ?? 'unspecified'}"`
}

function numberMembers({ asDouble, asInt }: NumberPointJson): string {
  if (asDouble !== undefined) return POINT.value + doubleJson(asDouble)
  return asInt === undefined ? '' : POINT.value + asInt + POINT.value_int + asInt
}

interface Distribution {
  count?: string
  sum?: DoubleJson
  min?: DoubleJson
  max?: DoubleJson
}

function distributionMembers({ count = '0', sum, min, max }: Distribution): string {
  let line = POINT.count + count
  if (sum !== undefined) line += POINT.sum + doubleJson(sum)
  if (min !== undefined) line += POINT.min + doubleJson(min)
  if (max !== undefined) line += POINT.max + doubleJson(max)
  return line
}

function histogramMembers(point: HistogramPointJson): string {
  const { explicitBounds = [], bucketCounts = [] } = point
  const bounds = `${POINT.bucket_bounds}[${explicitBounds.map(doubleJson).join(',')}]`
  return `${distributionMembers(point)}${bounds}${POINT.bucket_counts}[${bucketCounts.join(',')}]`
}

function exponentialMembers(point: ExponentialPointJson): string {
  const { scale = 0, zeroCount = '0', zeroThreshold = 0, positive = {}, negative = {} } = point
  return (
    distributionMembers(point) +
    POINT.scale +
    scale +
    POINT.zero_count +
    zeroCount +
    POINT.zero_threshold +
    doubleJson(zeroThreshold) +
    POINT.positive_offset +
    (positive.offset ?? 0) +
    POINT.positive_counts +
    countsJson(positive) +
    POINT.negative_offset +
    (negative.offset ?? 0) +
    POINT.negative_counts +
    countsJson(negative)
  )
}

function countsJson({ bucketCounts = [] }: BucketsJson): string {
  return `[${bucketCounts.join(',')}]`
}

function summaryMembers({ count, sum = 0, quantileValues = [] }: SummaryPointJson): string {
  const quantiles = quantileValues.map(
    ({ quantile = 0, value = 0 }) =>
      `{"quantile":${doubleJson(quantile)},"value":${doubleJson(value)}}`,
  )
  return `${distributionMembers({ count, sum })}${POINT.quantiles}[${quantiles.join(',')}]`
}
