// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { fieldTag, packedFieldTag } from './field-tag'
import {
  Buckets,
  ExponentialHistogram,
  Gauge,
  Histogram,
  Metric,
  REQUEST_SHAPES,
  ResourceMetrics,
  ScopeMetrics,
  Sum,
  Summary,
} from './schema'

// What stands before each field of a request of metrics, down to its data points.

export const RESOURCE_METRICS = fieldTag(REQUEST_SHAPES.metrics, 'resourceMetrics')
export const RESOURCE = fieldTag(ResourceMetrics, 'resource')
export const SCOPE_METRICS = fieldTag(ResourceMetrics, 'scopeMetrics')
export const RESOURCE_SCHEMA_URL = fieldTag(ResourceMetrics, 'schemaUrl')
export const SCOPE = fieldTag(ScopeMetrics, 'scope')
export const METRICS = fieldTag(ScopeMetrics, 'metrics')
export const SCOPE_SCHEMA_URL = fieldTag(ScopeMetrics, 'schemaUrl')
export const NAME = fieldTag(Metric, 'name')
export const DESCRIPTION = fieldTag(Metric, 'description')
export const UNIT = fieldTag(Metric, 'unit')
export const GAUGE = fieldTag(Metric, 'gauge')
export const SUM = fieldTag(Metric, 'sum')
export const HISTOGRAM = fieldTag(Metric, 'histogram')
export const EXPONENTIAL_HISTOGRAM = fieldTag(Metric, 'exponentialHistogram')
export const GAUGE_POINTS = fieldTag(Gauge, 'dataPoints')
export const SUM_POINTS = fieldTag(Sum, 'dataPoints')
export const SUM_TEMPORALITY = fieldTag(Sum, 'aggregationTemporality')
export const SUM_IS_MONOTONIC = fieldTag(Sum, 'isMonotonic')
export const HISTOGRAM_POINTS = fieldTag(Histogram, 'dataPoints')
export const HISTOGRAM_TEMPORALITY = fieldTag(Histogram, 'aggregationTemporality')
export const EXPONENTIAL_POINTS = fieldTag(ExponentialHistogram, 'dataPoints')
export const EXPONENTIAL_TEMPORALITY = fieldTag(ExponentialHistogram, 'aggregationTemporality')
export const BUCKETS_OFFSET = fieldTag(Buckets, 'offset')
export const BUCKETS_COUNTS = packedFieldTag(Buckets, 'bucketCounts')
export const SUMMARY = fieldTag(Metric, 'summary')
export const SUMMARY_POINTS = fieldTag(Summary, 'dataPoints')
