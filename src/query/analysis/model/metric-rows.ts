// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type {
  ExemplarJson,
  ExponentialPointJson,
  HistogramPointJson,
  KeyValueJson,
  MetricJson,
  MetricsRequestJson,
  NumberPointJson,
  SummaryPointJson,
} from '../../metrics-json'
import type { ExemplarColumns, MetricSeries, MetricSeriesKind } from '../session-model'
import { describeAttributes, plainAttributes } from './attributes-json'
import { type CounterTime, CounterRates } from './counter-rates'
import { GrowingColumns } from './growing-columns'
import type { ResourceNumbers, ResourceTable } from './resource-numbers'
import type { SpanRows } from './span-rows'
import { wordsOf } from './span-rows'
import type { TraceIds } from './trace-ids'

const MAX_SERIES = 20_000
const DELTA = 1

interface SeriesDraft {
  readonly number: number
  readonly named: Omit<MetricSeries, 'timesMillis' | 'values'>
  readonly times: number[]
  readonly values: number[]
  readonly rates: CounterRates
}

type DistributionPoint = HistogramPointJson | ExponentialPointJson | SummaryPointJson

/** When something was measured, as the model counts. */
export type TimeOfPoint = (point: {
  timeUnixNano?: string
  startTimeUnixNano?: string
}) => CounterTime

/** Takes data points down as series of numbers that can be compared. */
export class MetricRows {
  readonly leftOut = { metricPoints: 0, exemplars: 0 }
  readonly #series = new Map<string, SeriesDraft>()
  readonly #exemplars = new GrowingColumns((capacity) => ({
    series: new Uint32Array(capacity),
    trace: new Int32Array(capacity),
    idHigh: new Uint32Array(capacity),
    idLow: new Uint32Array(capacity),
    timeMillis: new Float64Array(capacity),
    value: new Float64Array(capacity),
  }))
  readonly #resources: ResourceTable
  readonly #traceIds: TraceIds
  readonly #maxPoints: number
  #points = 0

  constructor(resources: ResourceTable, traceIds: TraceIds, maxPoints: number) {
    this.#resources = resources
    this.#traceIds = traceIds
    this.#maxPoints = maxPoints
  }

  /** How many points were in it. */
  add(request: MetricsRequestJson, timeOf: TimeOfPoint): number {
    let points = 0
    for (const { resource, scopeMetrics = [] } of request.resourceMetrics ?? []) {
      const sender = this.#resources.numbersOf(plainAttributes(resource?.attributes))
      for (const { metrics = [] } of scopeMetrics) {
        for (const metric of metrics) points += this.#addMetric(metric, sender, timeOf)
      }
    }
    return points
  }

  finishedSeries(): MetricSeries[] {
    return [...this.#series.values()].map(({ named, times, values }) => ({
      ...named,
      timesMillis: Float64Array.from(times),
      values: Float64Array.from(values),
    }))
  }

  finishedExemplars(spans: SpanRows): ExemplarColumns {
    const { count, series, trace, idHigh, idLow, timeMillis, value } = this.#exemplars.finished()
    const span = Int32Array.from({ length: count }, (_, row) => {
      if (trace[row] < 0 || (idHigh[row] | idLow[row]) === 0) return -1
      const found = spans.find(trace[row], idHigh[row], idLow[row])
      return found < 0 ? -2 : found
    })
    return { count, series, trace, span, timeMillis, value }
  }

  #addMetric(metric: MetricJson, sender: ResourceNumbers, timeOf: TimeOfPoint): number {
    const { sum, gauge, histogram, exponentialHistogram, summary } = metric
    const gauges = gauge?.dataPoints ?? []
    for (const point of gauges) {
      this.#addNumber('gauge', metric, sender, point, timeOf(point), false)
    }
    const sums = sum?.dataPoints ?? []
    const kind = sum?.isMonotonic === true ? 'rate' : 'gauge'
    for (const point of sums) {
      const isDelta = sum?.aggregationTemporality === DELTA
      this.#addNumber(kind, metric, sender, point, timeOf(point), isDelta)
    }
    const temporality = (histogram ?? exponentialHistogram)?.aggregationTemporality
    const distributions: readonly DistributionPoint[] =
      (histogram ?? exponentialHistogram ?? summary)?.dataPoints ?? []
    for (const point of distributions) {
      this.#addDistribution(metric, sender, point, timeOf(point), temporality === DELTA)
    }
    return gauges.length + sums.length + distributions.length
  }

  #addNumber(
    kind: 'gauge' | 'rate',
    metric: MetricJson,
    sender: ResourceNumbers,
    point: NumberPointJson,
    time: CounterTime,
    isDelta: boolean,
  ): void {
    const series = this.#seriesOf(kind, metric, sender, point.attributes)
    if (series === undefined) return
    const value = numberOf(point.asDouble) ?? numberOf(point.asInt)
    if (kind === 'gauge') this.#addPoint(series, time.timeMillis, value)
    else {
      const grown = series.rates.growth(time, [value ?? 0], isDelta)
      if (grown) this.#addPoint(series, time.timeMillis, grown.by[0] / grown.seconds)
    }
    this.#addExemplars(series, point.exemplars, time.timeMillis)
  }

  /** Two series: how many there were, and their mean. */
  #addDistribution(
    metric: MetricJson,
    sender: ResourceNumbers,
    point: DistributionPoint,
    time: CounterTime,
    isDelta: boolean,
  ): void {
    const counts = this.#seriesOf('count', metric, sender, point.attributes)
    const means = this.#seriesOf('mean', metric, sender, point.attributes)
    if (counts === undefined || means === undefined) return
    const sum = numberOf(point.sum)
    const grown = counts.rates.growth(time, [numberOf(point.count) ?? 0, sum ?? 0], isDelta)
    if (grown) {
      const [count, total] = grown.by
      this.#addPoint(counts, time.timeMillis, count / grown.seconds)
      if (count > 0 && sum !== undefined) this.#addPoint(means, time.timeMillis, total / count)
    }
    if ('exemplars' in point) this.#addExemplars(means, point.exemplars, time.timeMillis)
  }

  #seriesOf(
    kind: MetricSeriesKind,
    { name = '', unit = '' }: MetricJson,
    { service, instance }: ResourceNumbers,
    of: readonly KeyValueJson[] | undefined,
  ): SeriesDraft | undefined {
    const attributes = describeAttributes(of)
    const key = `${kind} ${instance} ${name}\n${attributes}`
    const known = this.#series.get(key)
    if (known) return known
    if (this.#series.size >= MAX_SERIES) {
      this.leftOut.metricPoints++
      return undefined
    }
    const number = this.#series.size
    const named = { name, unit, service, instance, kind, attributes }
    const series = { number, named, times: [], values: [], rates: new CounterRates() }
    this.#series.set(key, series)
    return series
  }

  #addPoint({ times, values }: SeriesDraft, timeMillis: number, value: number | undefined): void {
    if (value === undefined || !Number.isFinite(value)) return
    if (++this.#points > this.#maxPoints) {
      this.leftOut.metricPoints++
      return
    }
    times.push(timeMillis)
    values.push(value)
  }

  #addExemplars(series: SeriesDraft, exemplars: ExemplarJson[] = [], timeMillis: number): void {
    for (const { traceId = '', spanId, asDouble, asInt } of exemplars) {
      if (this.#exemplars.count >= this.#maxPoints) {
        this.leftOut.exemplars++
        continue
      }
      const row = this.#exemplars.add()
      const { columns } = this.#exemplars
      columns.series[row] = series.number
      columns.trace[row] = traceId === '' ? -1 : this.#traceIds.numberOf(traceId)
      ;[columns.idHigh[row], columns.idLow[row]] = wordsOf(spanId)
      columns.timeMillis[row] = timeMillis
      columns.value[row] = numberOf(asDouble) ?? numberOf(asInt) ?? NaN
    }
  }
}

function numberOf(value: number | string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}
