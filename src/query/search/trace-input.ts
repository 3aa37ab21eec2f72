// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { HrTime } from '@opentelemetry/api'
import type { ReadableSpan } from '../../otlp/sdk-types'

/**
 * A point in time: nanoseconds since the Unix epoch, ISO 8601 text (without a zone: UTC), a
 * `Date`, or the `[seconds, nanoseconds]` of the SDK.
 */
export type TimeInput = bigint | number | string | Date | Readonly<HrTime>

/** Attributes by their keys, or as the list of OTLP/JSON. */
export type AttributesInput =
  Readonly<Record<string, unknown>> | readonly { readonly key: string; readonly value?: unknown }[]

export interface EventInput {
  readonly name: string
  readonly timeUnixNano?: TimeInput
  readonly time?: TimeInput
  readonly attributes?: AttributesInput
}

/**
 * A span as OTLP/JSON, or the earlier `start_time` form, describes it. One of the three start
 * times has to be there; the end may be missing.
 */
export interface SpanInput {
  readonly name: string
  readonly spanId?: string
  readonly span_id?: string
  readonly parentSpanId?: string | null
  readonly parent_span_id?: string | null
  readonly startTimeUnixNano?: TimeInput
  readonly start_time?: TimeInput
  readonly startTime?: TimeInput
  readonly endTimeUnixNano?: TimeInput
  readonly end_time?: TimeInput
  readonly endTime?: TimeInput
  readonly kind?: number | string
  readonly status?: { readonly code?: number | string; readonly message?: string } | string
  readonly attributes?: AttributesInput
  readonly events?: readonly EventInput[]
  readonly resource?: { readonly attributes?: AttributesInput }
  readonly serviceName?: string
  readonly service_name?: string
}

/** A trace to index, or those spans of one that are known by now. */
export type TraceInput =
  | readonly ReadableSpan[]
  | {
      readonly traceId?: string
      readonly trace_id?: string
      readonly spans: readonly (SpanInput | ReadableSpan)[]
      /** Of all spans that name none themselves. */
      readonly serviceName?: string
      /** Of its content, made by another means than the index's embedder. */
      readonly embedding?: Float32Array | readonly number[]
    }
