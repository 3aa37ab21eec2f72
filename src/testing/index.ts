// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

export { startTestCapture } from './test-capture'
export type { TestCapture, TestCaptureOptions, WaitOptions } from './test-capture'
export { TestCaptureError, WaitTimeoutError } from './test-capture-error'
export type { TestCaptureErrorCode } from './test-capture-error'
export type { AttributesMatch, LogMatch, MetricMatch, SpanMatch, TextMatch } from './match'
export type {
  CapturedEvent,
  CapturedLink,
  CapturedLog,
  CapturedSpan,
  CapturedSpanKind,
  CapturedStatus,
  CapturedStatusCode,
  OpenSpan,
} from './captured-telemetry'
export type { CapturedScope, CapturedSource } from './captured-source'
export type {
  CapturedExponentialHistogram,
  CapturedGauge,
  CapturedHistogram,
  CapturedMetric,
  CapturedSum,
  ExponentialBuckets,
  ExponentialHistogramPoint,
  HistogramPoint,
  NumberPoint,
} from './captured-metric'
export type { PlainAttributes } from './plain-value'
export type { MetricCollection, MetricProducer, TestMetricReader } from './capturing-metric-reader'
export type { TestLogRecordProcessor, TestSpanProcessor } from './test-processors'
