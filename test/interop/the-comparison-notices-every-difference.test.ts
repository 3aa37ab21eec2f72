// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../../src/otlp/signal'
import { encodeIndependently } from '../support/independent-decoder'
import { type Items, type Message, differences, itemsOf } from './support/items'

const NONE: Items = { traces: [], metrics: [], logs: [] }

const span = {
  traceId: Buffer.alloc(16, 1),
  spanId: Buffer.alloc(8, 2),
  name: 'charge',
  startTimeUnixNano: '1790000000000000000',
}
const point = { timeUnixNano: '1790000000000000000', asInt: '0' }
const record = { timeUnixNano: '1790000000000000000', body: { stringValue: 'paid' } }

const traces = (...spans: Message[]) =>
  items('traces', { resourceSpans: [{ scopeSpans: [{ spans }] }] })
const metrics = (name: string, ...dataPoints: Message[]) =>
  items('metrics', {
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name, gauge: { dataPoints } }] }] }],
  })
const logs = (service: string, ...logRecords: Message[]) =>
  items('logs', {
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
        scopeLogs: [{ logRecords }],
      },
    ],
  })

function items(signal: Signal, request: Message): Items {
  const none = { traces: [], metrics: [], logs: [] }
  return itemsOf({ ...none, [signal]: [encodeIndependently(signal, request)] })
}

test.each([
  ['one that is missing', traces(span), NONE],
  ['one that is there twice', traces(span), traces(span, span)],
  ['another id', traces(span), traces({ ...span, spanId: Buffer.alloc(8, 3) })],
  [
    'another nanosecond',
    traces(span),
    traces({ ...span, startTimeUnixNano: '1790000000000000001' }),
  ],
  ['another value', metrics('orders', point), metrics('orders', { ...point, asInt: '1' })],
  [
    'no value in place of 0',
    metrics('orders', point),
    metrics('orders', { ...point, asInt: undefined }),
  ],
  [
    'another type of value',
    metrics('orders', point),
    metrics('orders', { ...point, asInt: undefined, asDouble: 0 }),
  ],
  ['another name', metrics('orders', point), metrics('order', point)],
  ['another body', logs('shop', record), logs('shop', { ...record, body: { stringValue: '' } })],
  ['another resource', logs('shop', record), logs('cart', record)],
])('the comparison notices %s', (_, one, other) => {
  expect(differences(one, one)).toEqual([])
  expect(differences(one, other)).not.toEqual([])
  expect(differences(other, one)).not.toEqual([])
})
