// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { TracerProvider } from '@opentelemetry/sdk-trace'
import { startTestCapture } from '../../src/testing'
import { attachProviders } from './attached-providers'

test('each sees its own provider only', async () => {
  const shop = startTestCapture()
  const bank = startTestCapture()
  const shopProviders = attachProviders(shop, { serviceName: 'shop' })
  const bankProviders = attachProviders(bank, { serviceName: 'bank' })
  shopProviders.startSpan('order').end()
  bankProviders.startSpan('transfer').end()
  shopProviders.meter.createCounter('orders').add(1)
  bankProviders.meter.createCounter('transfers').add(1)
  await shop.reset()
  expect(shop.spans()).toEqual([])
  expect(await shop.metrics()).toEqual([])
  expect(bank.spans().map((span) => span.name)).toEqual(['transfer'])
  expect((await bank.metrics()).map((metric) => metric.name)).toEqual(['transfers'])
})

test('two of them on one provider see the same, and reset apart', async () => {
  const [a, b] = [startTestCapture(), startTestCapture()]
  const provider = new TracerProvider({ spanProcessors: [a.spanProcessor(), b.spanProcessor()] })
  provider.getTracer('x').startSpan('one').end()
  await a.reset()
  provider.getTracer('x').startSpan('two').end()
  expect(a.spans().map((span) => span.name)).toEqual(['two'])
  expect(b.spans().map((span) => span.name)).toEqual(['one', 'two'])
})

test('one capture may hear several services, each by its name', async () => {
  const tape = startTestCapture()
  const shop = attachProviders(tape, { serviceName: 'shop' })
  const bank = attachProviders(tape, { serviceName: 'bank' })
  const order = shop.startSpan('order')
  bank.startSpan('transfer', order).end()
  order.end()
  shop.meter.createCounter('calls').add(1)
  bank.meter.createCounter('calls').add(2)
  const [transfer] = tape.spans({ serviceName: 'bank' })
  expect(transfer.parent).toMatchObject({ name: 'order', serviceName: 'shop' })
  expect(await tape.metrics({ serviceName: 'bank' })).toMatchObject([
    { name: 'calls', dataPoints: [{ value: 2 }] },
  ])
  expect(await tape.metrics({ name: 'calls' })).toHaveLength(2)
})

test('a capture that is attached to one provider twice sees each span once', () => {
  const tape = startTestCapture()
  attachProviders(tape, { spanProcessors: [tape.spanProcessor()] })
    .startSpan('span')
    .end()
  expect(tape.spans()).toHaveLength(1)
})

test('a metric reader that is given to two providers says what to do', () => {
  const tape = startTestCapture()
  const reader = tape.metricReader()
  reader.setMetricProducer({ collect: () => Promise.reject(new Error('unused')) })
  expect(() =>
    reader.setMetricProducer({ collect: () => Promise.reject(new Error('unused')) }),
  ).toThrow('call tape.metricReader() once for each')
})
