// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  AggregationTemporality,
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '../otlp/sdk-types'
import type {
  CapturedMetric,
  ExponentialHistogramPoint,
  HistogramPoint,
  NumberPoint,
} from './captured-metric'
import { captureSource } from './captured-source'
import { mergeExponentialHistograms, mergeHistograms, mergeSums } from './merge-points'
import { type PlainAttributes, plainAttributes } from './plain-value'

type WithoutPoints<M> = M extends CapturedMetric ? Omit<M, 'dataPoints'> : never
type Header = WithoutPoints<CapturedMetric>

/** One metric of one scope: its points by their attributes. */
interface Series {
  readonly header: Header
  readonly points: Map<string, { readonly attributes: PlainAttributes }>
}

/**
 * Puts together what one reader collects, so that reading metrics twice shows
 * the same twice: collecting, with delta temporality, hands out each
 * measurement only once.
 */
export class MetricAccumulator {
  readonly #series = new Map<string, Series>()

  add({ resource, scopeMetrics }: ResourceMetrics): void {
    for (const { scope, metrics } of scopeMetrics) {
      const source = captureSource(resource, scope)
      for (const metric of metrics) this.#addMetric(metric, source)
    }
  }

  /** New arrays at every call; those handed out before do not change. */
  metrics(): CapturedMetric[] {
    return [...this.#series.values()].map(
      // #addMetric gives each header the points of its kind.
      ({ header, points }) =>
        ({ ...header, dataPoints: [...points.values()] }) as unknown as CapturedMetric,
    )
  }

  clear(): void {
    this.#series.clear()
  }

  #addMetric(metric: MetricData, source: ReturnType<typeof captureSource>): void {
    const { name, description, unit } = metric.descriptor
    const identity = { name, description, unit, ...source }
    const isDelta = metric.aggregationTemporality === AggregationTemporality.DELTA
    switch (metric.dataPointType) {
      case DataPointType.SUM: {
        const header: Header = { ...identity, kind: 'SUM', isMonotonic: metric.isMonotonic }
        this.#addPoints(header, metric.dataPoints.map(numberPoint), isDelta && mergeSums)
        break
      }
      case DataPointType.GAUGE:
        this.#addPoints({ ...identity, kind: 'GAUGE' }, metric.dataPoints.map(numberPoint), false)
        break
      case DataPointType.HISTOGRAM:
        this.#addPoints(
          { ...identity, kind: 'HISTOGRAM' },
          metric.dataPoints.map(histogramPoint),
          isDelta && mergeHistograms,
        )
        break
      case DataPointType.EXPONENTIAL_HISTOGRAM:
        this.#addPoints(
          { ...identity, kind: 'EXPONENTIAL_HISTOGRAM' },
          metric.dataPoints.map(exponentialHistogramPoint),
          isDelta && mergeExponentialHistograms,
        )
        break
    }
  }

  /** @param merge how deltas add up; false where the latest point says it all */
  #addPoints<P extends { readonly attributes: PlainAttributes }>(
    header: Header,
    points: readonly P[],
    merge: false | ((known: P, later: P) => P),
  ): void {
    const { name, unit, kind, scope } = header
    const key = JSON.stringify([name, unit, kind, scope.name, scope.version])
    const series = this.#series.get(key) ?? { header, points: new Map() }
    this.#series.set(key, series)
    for (const point of points) {
      const pointKey = keyOfAttributes(point.attributes)
      // Points of one series are all of the kind that its key names.
      const known = series.points.get(pointKey) as P | undefined
      series.points.set(pointKey, merge && known ? merge(known, point) : point)
    }
  }
}

interface SdkPoint<T> {
  readonly attributes: object
  readonly value: T
}

function numberPoint({ attributes, value }: SdkPoint<number>): NumberPoint {
  return { attributes: plainAttributes(attributes), value }
}

function histogramPoint({ attributes, value }: SdkPoint<Histogram>): HistogramPoint {
  const { buckets, ...statistics } = value
  return {
    attributes: plainAttributes(attributes),
    ...withoutUndefined(statistics),
    boundaries: [...buckets.boundaries],
    bucketCounts: [...buckets.counts],
  }
}

function exponentialHistogramPoint({
  attributes,
  value: { count, sum, min, max, scale, zeroCount, positive, negative },
}: SdkPoint<ExponentialHistogram>): ExponentialHistogramPoint {
  return {
    attributes: plainAttributes(attributes),
    ...withoutUndefined({ count, sum, min, max }),
    scale,
    zeroCount,
    positive: { offset: positive.offset, bucketCounts: [...positive.bucketCounts] },
    negative: { offset: negative.offset, bucketCounts: [...negative.bucketCounts] },
  }
}

function withoutUndefined<T extends object>(members: T): T {
  // Leaves out keys, all of which T declares optional where they may be undefined.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T
}

function keyOfAttributes(attributes: PlainAttributes): string {
  return JSON.stringify(
    Object.keys(attributes)
      .sort()
      .map((key) => [key, attributes[key]]),
  )
}
