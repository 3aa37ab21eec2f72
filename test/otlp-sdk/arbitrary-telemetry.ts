// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Attributes, HrTime, Link, SpanContext } from '@opentelemetry/api'
import fc from 'fast-check'
import type {
  AnyValue,
  AnyValueMap,
  DataPoint,
  ExponentialHistogram,
  Histogram,
  InstrumentationScope,
  LogInstrumentationScope,
  MetricData,
  ReadableLogRecord,
  ReadableSpan,
  Resource,
  ResourceMetrics,
  TimedEvent,
} from '../../src/otlp/sdk-types'
import { anyCodePoint } from '../support/any-code-point'

// Generated SDK objects, with what the SDK would never make but its types allow.

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  // Lone surrogates among them.
  fc.string({ unit: anyCodePoint, maxLength: 12 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 })
    .map((units) => String.fromCharCode(...units)),
  fc.string({ minLength: 90, maxLength: 200 }),
)
const hex = (length: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((id) => id.length === length)
const count = fc.integer({ min: 0, max: 0xffff_ffff })
const bigCount = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const number = fc.oneof(
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 2 ** 63, -(2 ** 63)),
)

export const anyHrTime: fc.Arbitrary<HrTime> = fc.tuple(
  // Up to the last second that 64 bits of nanoseconds hold.
  fc.oneof(fc.integer({ min: 0, max: 18_446_744_072 }), fc.constantFrom(0, 1_700_000_000)),
  fc.integer({ min: 0, max: 999_999_999 }),
)

export const anyValue: fc.Arbitrary<AnyValue> = fc.letrec<{ value: AnyValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    number,
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value

const attributes = fc
  .dictionary(fc.oneof(text, fc.constantFrom('__proto__', '7', 'a.key')), anyValue, {
    maxKeys: 5,
    noNullPrototype: true,
  })
  // API 1.10 declares every value `unknown`: its SDK has all of these.
  .map((generated) => generated as Attributes)

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const resource: fc.Arbitrary<Resource> = fc
  .record({ attributes, schemaUrl: optional(text) })
  .map((fields) => ({ ...fields, merge: unused, getRawAttributes: unused }))

const scope: fc.Arbitrary<LogInstrumentationScope> = fc.record({
  name: text,
  version: optional(text),
  schemaUrl: optional(text),
  attributes: optional(attributes as fc.Arbitrary<AnyValueMap>),
  droppedAttributesCount: optional(count),
})

const plainScope: fc.Arbitrary<InstrumentationScope> = fc.record({
  name: text,
  version: optional(text),
  schemaUrl: optional(text),
})

const spanContext: fc.Arbitrary<SpanContext> = fc
  .record({
    traceId: hex(32),
    spanId: hex(16),
    traceFlags: fc.integer({ min: 0, max: 0xff }),
    isRemote: fc.constantFrom(undefined, true, false),
    traceState: optional(text),
  })
  .map(({ traceState, ...rest }) => ({
    ...rest,
    ...(traceState !== undefined && {
      traceState: { serialize: () => traceState, get: unused, set: unused, unset: unused },
    }),
  }))

const timedEvent: fc.Arbitrary<TimedEvent> = fc.record({
  time: anyHrTime,
  name: text,
  attributes: optional(attributes),
  droppedAttributesCount: optional(count),
})

const link: fc.Arbitrary<Link> = fc.record({
  context: spanContext,
  attributes: optional(attributes),
  droppedAttributesCount: optional(count),
})

/** Resources and scopes to share among items: identity decides how items are grouped. */
const owners = fc.record({
  resources: fc.array(resource, { minLength: 1, maxLength: 3 }),
  scopes: fc.array(scope, { minLength: 1, maxLength: 3 }),
})

function owned<Item extends object>(
  item: fc.Arbitrary<Item>,
): fc.Arbitrary<(Item & { resource: Resource; instrumentationScope: LogInstrumentationScope })[]> {
  const placed = fc.array(fc.tuple(item, fc.nat(2), fc.nat(2)), { maxLength: 6 })
  return fc.tuple(owners, placed).map(([{ resources, scopes }, items]) =>
    items.map(([fields, resourceIndex, scopeIndex]) => ({
      ...fields,
      resource: resources[resourceIndex % resources.length],
      instrumentationScope: scopes[scopeIndex % scopes.length],
    })),
  )
}

export const anySpans: fc.Arbitrary<ReadableSpan[]> = owned(
  fc.record({
    name: text,
    kind: fc.integer({ min: 0, max: 4 }),
    spanContext: spanContext.map((fixed) => () => fixed),
    parentSpanContext: optional(spanContext),
    startTime: anyHrTime,
    endTime: anyHrTime,
    status: fc.record({ code: fc.integer({ min: 0, max: 2 }), message: optional(text) }),
    attributes,
    links: fc.array(link, { maxLength: 2 }),
    events: fc.array(timedEvent, { maxLength: 2 }),
    duration: anyHrTime,
    ended: fc.constant(true),
    droppedAttributesCount: count,
    droppedEventsCount: count,
    droppedLinksCount: count,
  }),
)

export const anyLogRecords: fc.Arbitrary<ReadableLogRecord[]> = owned(
  fc.record({
    hrTime: anyHrTime,
    hrTimeObserved: anyHrTime,
    spanContext: optional(spanContext),
    severityText: optional(text),
    severityNumber: optional(fc.integer({ min: 0, max: 24 })),
    body: anyValue,
    eventName: optional(text),
    attributes: attributes,
    droppedAttributesCount: count,
  }),
)

function dataPoints<T>(value: fc.Arbitrary<T>): fc.Arbitrary<DataPoint<T>[]> {
  const point = fc.record({ startTime: anyHrTime, endTime: anyHrTime, attributes, value })
  return fc.array(point, { maxLength: 3 })
}

const histogram: fc.Arbitrary<Histogram> = fc.record({
  buckets: fc.record({
    boundaries: fc.array(fc.double(), { maxLength: 4 }),
    counts: fc.array(bigCount, { maxLength: 5 }),
  }),
  sum: optional(fc.double()),
  count: bigCount,
  min: optional(fc.double()),
  max: optional(fc.double()),
})

const buckets = fc.record({ offset: int32, bucketCounts: fc.array(bigCount, { maxLength: 5 }) })

const exponentialHistogram: fc.Arbitrary<ExponentialHistogram> = fc.record({
  count: bigCount,
  sum: optional(fc.double()),
  scale: int32,
  zeroCount: bigCount,
  positive: buckets,
  negative: buckets,
  min: optional(fc.double()),
  max: optional(fc.double()),
})

const described = (valueType: 0 | 1) => ({
  descriptor: fc.record({
    name: text,
    description: text,
    unit: text,
    valueType: fc.constant(valueType),
  }),
  aggregationTemporality: fc.constantFrom(0 as const, 1 as const),
})

const metric: fc.Arbitrary<MetricData> = fc.oneof(
  ...([0, 1] as const).flatMap((valueType) => {
    const value = valueType === 0 ? fc.maxSafeInteger() : fc.double()
    return [
      fc.record({
        ...described(valueType),
        dataPointType: fc.constant(2 as const),
        dataPoints: dataPoints(value),
      }),
      fc.record({
        ...described(valueType),
        dataPointType: fc.constant(3 as const),
        isMonotonic: fc.boolean(),
        dataPoints: dataPoints(value),
      }),
    ]
  }),
  fc.record({
    ...described(1),
    dataPointType: fc.constant(0 as const),
    dataPoints: dataPoints(histogram),
  }),
  fc.record({
    ...described(1),
    dataPointType: fc.constant(1 as const),
    dataPoints: dataPoints(exponentialHistogram),
  }),
)

export const anyResourceMetrics: fc.Arbitrary<ResourceMetrics> = fc.record({
  resource,
  scopeMetrics: fc.array(
    fc.record({ scope: plainScope, metrics: fc.array(metric, { maxLength: 3 }) }),
    { maxLength: 3 },
  ),
})

function unused(): never {
  throw new Error('not for encoders')
}
