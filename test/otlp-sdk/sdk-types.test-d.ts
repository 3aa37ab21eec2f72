// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Nothing here runs: the type check of the repository is the test. Each line
// fails to compile when an SDK type and ours drift apart.

import type * as core from '@opentelemetry/core'
import type * as resources from '@opentelemetry/resources'
import type * as sdkLogs from '@opentelemetry/sdk-logs'
import type * as sdkMetrics from '@opentelemetry/sdk-metrics'
import type * as sdkTrace from '@opentelemetry/sdk-trace'
import type * as ours from '../../src/otlp/sdk-types'

type MutuallyAssignable<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never

export const proofs: true[] = [
  true satisfies MutuallyAssignable<core.ExportResult, ours.ExportResult>,
  true satisfies MutuallyAssignable<core.InstrumentationScope, ours.InstrumentationScope>,
  true satisfies MutuallyAssignable<resources.Resource, ours.Resource>,
  true satisfies MutuallyAssignable<sdkTrace.TimedEvent, ours.TimedEvent>,
  true satisfies MutuallyAssignable<sdkTrace.ReadableSpan, ours.ReadableSpan>,
  true satisfies MutuallyAssignable<sdkTrace.SpanExporter, ours.SpanExporter>,
  true satisfies MutuallyAssignable<sdkLogs.ReadableLogRecord, ours.ReadableLogRecord>,
  true satisfies MutuallyAssignable<sdkLogs.LogRecordExporter, ours.LogRecordExporter>,
  true satisfies MutuallyAssignable<sdkMetrics.MetricData, ours.MetricData>,
  true satisfies MutuallyAssignable<sdkMetrics.ResourceMetrics, ours.ResourceMetrics>,
  true satisfies MutuallyAssignable<sdkMetrics.PushMetricExporter, ours.PushMetricExporter>,
  true satisfies MutuallyAssignable<sdkMetrics.AggregationOption, ours.AggregationOption>,
  true satisfies MutuallyAssignable<sdkMetrics.AggregationTemporality, ours.AggregationTemporality>,
]

// The optional methods are compared by the lines above only loosely (methods
// are bivariant): a reader takes what they return, so that is checked by itself.
type Returned<T, K extends keyof T> = T[K] extends ((...args: never[]) => infer R) | undefined
  ? R
  : never
export const returned: true[] = [
  true satisfies MutuallyAssignable<
    Returned<sdkMetrics.PushMetricExporter, 'selectAggregation'>,
    Returned<ours.PushMetricExporter, 'selectAggregation'>
  >,
  true satisfies MutuallyAssignable<
    Returned<sdkMetrics.PushMetricExporter, 'selectAggregationTemporality'>,
    Returned<ours.PushMetricExporter, 'selectAggregationTemporality'>
  >,
]
