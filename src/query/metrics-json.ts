// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// An `ExportMetricsServiceRequest` as the JSON mapping of OTLP writes it: what is at its default
// is absent, 64-bit integers are text, as are NaN and the infinities.

export interface MetricsRequestJson {
  resourceMetrics?: ResourceMetricsJson[]
}

export interface ResourceMetricsJson {
  resource?: { attributes?: KeyValueJson[] }
  scopeMetrics?: ScopeMetricsJson[]
}

export interface ScopeMetricsJson {
  scope?: { name?: string; version?: string; attributes?: KeyValueJson[] }
  metrics?: MetricJson[]
}

export interface MetricJson {
  name?: string
  description?: string
  unit?: string
  gauge?: { dataPoints?: NumberPointJson[] }
  sum?: {
    dataPoints?: NumberPointJson[]
    aggregationTemporality?: number
    isMonotonic?: boolean
  }
  histogram?: { dataPoints?: HistogramPointJson[]; aggregationTemporality?: number }
  exponentialHistogram?: {
    dataPoints?: ExponentialPointJson[]
    aggregationTemporality?: number
  }
  summary?: { dataPoints?: SummaryPointJson[] }
}

interface PointJson {
  attributes?: KeyValueJson[]
  startTimeUnixNano?: string
  timeUnixNano?: string
  flags?: number
}

export interface NumberPointJson extends PointJson {
  asDouble?: DoubleJson
  asInt?: string
  exemplars?: ExemplarJson[]
}

interface DistributionPointJson extends PointJson {
  count?: string
  sum?: DoubleJson
  min?: DoubleJson
  max?: DoubleJson
  exemplars?: ExemplarJson[]
}

export interface HistogramPointJson extends DistributionPointJson {
  bucketCounts?: string[]
  explicitBounds?: DoubleJson[]
}

export interface ExponentialPointJson extends DistributionPointJson {
  scale?: number
  zeroCount?: string
  zeroThreshold?: DoubleJson
  positive?: BucketsJson
  negative?: BucketsJson
}

export interface BucketsJson {
  offset?: number
  bucketCounts?: string[]
}

export interface SummaryPointJson extends PointJson {
  count?: string
  sum?: DoubleJson
  quantileValues?: { quantile?: DoubleJson; value?: DoubleJson }[]
}

export interface ExemplarJson {
  filteredAttributes?: KeyValueJson[]
  timeUnixNano?: string
  asDouble?: DoubleJson
  asInt?: string
  /** Of hexadecimal digits, as are span ids. */
  traceId?: string
  spanId?: string
}

export type DoubleJson = number | 'NaN' | 'Infinity' | '-Infinity'

export interface KeyValueJson {
  key?: string
  value?: AnyValueJson
}

export interface AnyValueJson {
  stringValue?: string
  boolValue?: boolean
  intValue?: string
  doubleValue?: DoubleJson
  arrayValue?: { values?: AnyValueJson[] }
  kvlistValue?: { values?: KeyValueJson[] }
  /** Base64. */
  bytesValue?: string
}
