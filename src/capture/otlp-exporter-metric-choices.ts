// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { fromEnvironment } from '../options/environment'
import {
  type AggregationOption,
  AggregationTemporality,
  type InstrumentType,
} from '../otlp/sdk-types'
import type { MetricPreferences } from './otlp-exporter-options'

/** What a metric exporter tells the reader that collects for it. */
export interface MetricChoices {
  selectAggregationTemporality(instrumentType: InstrumentType): AggregationTemporality
  selectAggregation(instrumentType: InstrumentType): AggregationOption
}

type Temporality = 'delta' | 'cumulative' | 'lowmemory'

/** In the order of the SDK's `AggregationTemporalityPreference`. */
const TEMPORALITIES = ['delta', 'cumulative', 'lowmemory'] as const

/** What each preference makes delta; all else is cumulative. */
const DELTA: Readonly<Record<Temporality, ReadonlySet<InstrumentType>>> = {
  delta: new Set(['COUNTER', 'OBSERVABLE_COUNTER', 'GAUGE', 'OBSERVABLE_GAUGE', 'HISTOGRAM']),
  cumulative: new Set(),
  lowmemory: new Set(['COUNTER', 'HISTOGRAM']),
}

const SDK_DEFAULT: AggregationOption = Object.freeze({ type: 0 })
const EXPONENTIAL_HISTOGRAM: AggregationOption = Object.freeze({ type: 5 })

const HISTOGRAMS: Readonly<Record<string, AggregationOption>> = {
  explicit_bucket_histogram: SDK_DEFAULT,
  base2_exponential_bucket_histogram: EXPONENTIAL_HISTOGRAM,
}

export function metricChoices(preferences: MetricPreferences): MetricChoices {
  const delta = DELTA[temporalityOf(preferences.temporalityPreference)]
  return {
    selectAggregationTemporality: (instrumentType) =>
      delta.has(instrumentType) ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
    selectAggregation: preferences.aggregationPreference ?? aggregationFromEnvironment(),
  }
}

function temporalityOf(preference: MetricPreferences['temporalityPreference']): Temporality {
  if (typeof preference === 'number') return TEMPORALITIES[preference]
  return (
    preference ??
    fromEnvironment('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', parseTemporality) ??
    'cumulative'
  )
}

function parseTemporality(text: string): Temporality {
  const found = TEMPORALITIES.find((known) => known === text.toLowerCase())
  if (found) return found
  throw new RangeError(`'${text}' is none of cumulative, delta and lowmemory`)
}

function aggregationFromEnvironment(): MetricChoices['selectAggregation'] {
  const name = 'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION'
  const ofHistograms = fromEnvironment(name, parseHistogram) ?? SDK_DEFAULT
  return (instrumentType) => (instrumentType === 'HISTOGRAM' ? ofHistograms : SDK_DEFAULT)
}

function parseHistogram(text: string): AggregationOption {
  const known = text.toLowerCase()
  if (Object.hasOwn(HISTOGRAMS, known)) return HISTOGRAMS[known]
  throw new RangeError(`'${text}' is none of ${Object.keys(HISTOGRAMS).join(', ')}`)
}
