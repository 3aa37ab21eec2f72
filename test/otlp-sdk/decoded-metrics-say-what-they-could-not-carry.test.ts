// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { decodeMetrics } from '../../src/otlp/decode-metrics'
import { encodeIndependently } from '../support/independent-decoder'

const NO_RECORDED_VALUE = 1

function decodeOne(...metrics: object[]): ReturnType<typeof decodeMetrics> {
  const request = { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }
  return decodeMetrics(encodeIndependently('metrics', request))
}

function carried(decoded: ReturnType<typeof decodeMetrics>) {
  const { resourceMetrics, unsupportedItemCount, inexactItemCount } = decoded
  const metrics = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics[0].metrics)
  return {
    values: metrics.map(({ dataPoints }) => dataPoints.map(({ value }) => value)),
    unsupportedItemCount,
    inexactItemCount,
  }
}

test('summaries have no SDK object', () => {
  const summary = { dataPoints: [{ count: 1, sum: 2 }, { count: 3 }] }
  const gauge = { dataPoints: [{ asDouble: 1 }] }
  expect(carried(decodeOne({ name: 's', summary }, { name: 'g', gauge }))).toEqual({
    values: [[1]],
    unsupportedItemCount: 2,
    inexactItemCount: 0,
  })
})

test('a point without a value is no zero', () => {
  const dataPoints = [{ flags: NO_RECORDED_VALUE }, { asInt: 0 }, {}]
  expect(carried(decodeOne({ sum: { dataPoints } }))).toEqual({
    values: [[0]],
    unsupportedItemCount: 2,
    inexactItemCount: 0,
  })
  const gone = { histogram: { dataPoints: [{ count: 0, flags: NO_RECORDED_VALUE }] } }
  expect(carried(decodeOne(gone))).toEqual({
    values: [],
    unsupportedItemCount: 1,
    inexactItemCount: 0,
  })
})

test('exemplars, zero thresholds and the last bits of integers are left behind', () => {
  const exemplars = [{ asDouble: 1, timeUnixNano: 1 }]
  const decoded = decodeOne(
    { gauge: { dataPoints: [{ asDouble: 1, exemplars }, { asDouble: 2 }] } },
    { exponentialHistogram: { dataPoints: [{ zeroThreshold: 0.5 }, { zeroThreshold: 0 }] } },
    { sum: { dataPoints: [{ asInt: '9007199254740993' }, { asInt: '-9223372036854775808' }] } },
  )
  expect(decoded.unsupportedItemCount).toBe(0)
  expect(decoded.inexactItemCount).toBe(3)
  expect(carried(decoded).values[2]).toEqual([2 ** 53, -(2 ** 63)])
})

test('a metric of integers and doubles becomes one of doubles', () => {
  const types = (...dataPoints: object[]) =>
    decodeOne({ gauge: { dataPoints } }).resourceMetrics[0].scopeMetrics[0].metrics[0].descriptor
      .valueType
  expect([
    types({ asInt: 1 }, { asInt: 2 }),
    types({ asInt: 1 }, { asDouble: 2.5 }),
    types({ asDouble: 1 }),
    types(),
  ]).toEqual([0, 1, 1, 1])
})

test('buckets that are not packed are read as well', () => {
  // HistogramDataPoint { bucket_counts: 1, bucket_counts: 2, explicit_bounds: 0.5 }
  const point = Buffer.concat([
    Buffer.from('310100000000000000', 'hex'),
    Buffer.from('310200000000000000', 'hex'),
    Buffer.from('39000000000000e03f', 'hex'),
  ])
  const wrap = (tag: number, body: Buffer) => Buffer.concat([Buffer.from([tag, body.length]), body])
  const metric = wrap(0x4a, wrap(0x0a, point))
  const { resourceMetrics } = decodeMetrics(wrap(0x0a, wrap(0x12, wrap(0x12, metric))))
  const [{ dataPoints }] = resourceMetrics[0].scopeMetrics[0].metrics
  expect(dataPoints[0].value).toEqual({
    count: 0,
    buckets: { boundaries: [0.5], counts: [1, 2] },
  })
})

test('a metric that claims to be of two types is of the last one', () => {
  const first = encodeIndependently(
    'metrics',
    metricRequest({ gauge: { dataPoints: [{ asInt: 1 }] } }),
  )
  const merged = Buffer.from(first)
  // Metric { gauge … } followed, inside the same message, by sum { … }.
  const sum = Buffer.from('3a0b0a09310700000000000000', 'hex')
  const both = Buffer.concat([
    Buffer.from([0x0a, merged[1] + sum.length, 0x12, merged[3] + sum.length]),
    Buffer.from([0x12, merged[5] + sum.length]),
    merged.subarray(6),
    sum,
  ])
  expect(carried(decodeMetrics(both))).toEqual({
    values: [[7]],
    unsupportedItemCount: 1,
    inexactItemCount: 0,
  })
})

test('one entry of the request is one collection', () => {
  const entry = (name: string) => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: name } }] },
    scopeMetrics: [{ scope: { name: 'a' } }, { scope: { name: 'b' }, schemaUrl: 'https://b' }],
    schemaUrl: 'https://r',
  })
  const request = { resourceMetrics: [entry('shop'), entry('payment')] }
  const { resourceMetrics } = decodeMetrics(encodeIndependently('metrics', request))
  expect(resourceMetrics.map(({ resource }) => resource.attributes['service.name'])).toEqual([
    'shop',
    'payment',
  ])
  expect(resourceMetrics[1].resource.schemaUrl).toBe('https://r')
  expect(resourceMetrics[1].scopeMetrics).toEqual([
    { scope: { name: 'a' }, metrics: [] },
    { scope: { name: 'b', schemaUrl: 'https://b' }, metrics: [] },
  ])
})

function metricRequest(metric: object): object {
  return { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] }
}
