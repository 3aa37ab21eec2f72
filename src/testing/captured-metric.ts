// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { CapturedSource } from './captured-source'
import type { PlainAttributes } from './plain-value'

interface MetricIdentity extends CapturedSource {
  readonly name: string
  readonly description: string
  readonly unit: string
}

export interface NumberPoint {
  readonly attributes: PlainAttributes
  readonly value: number
}

export interface HistogramPoint {
  readonly attributes: PlainAttributes
  readonly count: number
  readonly sum?: number
  readonly min?: number
  readonly max?: number
  /** Upper bounds, inclusive, of all buckets but the last. */
  readonly boundaries: readonly number[]
  /** One more than there are boundaries. */
  readonly bucketCounts: readonly number[]
}

/** Bucket `i` counts values in (base^(offset+i), base^(offset+i+1)], base being 2^(2^-scale). */
export interface ExponentialBuckets {
  readonly offset: number
  readonly bucketCounts: readonly number[]
}

export interface ExponentialHistogramPoint {
  readonly attributes: PlainAttributes
  readonly count: number
  readonly sum?: number
  readonly min?: number
  readonly max?: number
  readonly scale: number
  readonly zeroCount: number
  readonly positive: ExponentialBuckets
  readonly negative: ExponentialBuckets
}

/** A counter (monotonic: what was added since the last reset) or an up-down counter (its level). */
export interface CapturedSum extends MetricIdentity {
  readonly kind: 'SUM'
  readonly isMonotonic: boolean
  readonly dataPoints: readonly NumberPoint[]
}

/** The last value of each set of attributes. */
export interface CapturedGauge extends MetricIdentity {
  readonly kind: 'GAUGE'
  readonly dataPoints: readonly NumberPoint[]
}

/** What was recorded since the last reset. */
export interface CapturedHistogram extends MetricIdentity {
  readonly kind: 'HISTOGRAM'
  readonly dataPoints: readonly HistogramPoint[]
}

/** What was recorded since the last reset. */
export interface CapturedExponentialHistogram extends MetricIdentity {
  readonly kind: 'EXPONENTIAL_HISTOGRAM'
  readonly dataPoints: readonly ExponentialHistogramPoint[]
}

export type CapturedMetric =
  CapturedSum | CapturedGauge | CapturedHistogram | CapturedExponentialHistogram
