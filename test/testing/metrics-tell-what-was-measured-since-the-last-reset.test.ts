// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Attributes, type Meter } from '@opentelemetry/api'
import { AggregationType, MeterProvider, type ViewOptions } from '@opentelemetry/sdk-metrics'
import fc from 'fast-check'
import { type CapturedMetric, startTestCapture } from '../../src/testing'
import { CapturingMetricReader } from '../../src/testing/capturing-metric-reader'
import { attachProviders, first } from './attached-providers'

const EXPONENTIAL: ViewOptions[] = [
  { instrumentName: 'exp', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } },
]

test('a counter, plain enough to compare as a whole', async () => {
  const tape = startTestCapture()
  const { meter } = attachProviders(tape)
  const orders = meter.createCounter('orders', { unit: '1', description: 'Orders placed' })
  orders.add(2, { kind: 'book' })
  orders.add(3, { kind: 'book' })
  orders.add(1, { kind: 'cd' })
  const [{ resource, ...metric }] = await tape.metrics()
  expect(resource).toEqual({ 'service.name': 'shop' })
  expect(metric).toStrictEqual({
    name: 'orders',
    description: 'Orders placed',
    unit: '1',
    kind: 'SUM',
    isMonotonic: true,
    serviceName: 'shop',
    scope: { name: 'shop-lib' },
    dataPoints: [
      { attributes: { kind: 'book' }, value: 5 },
      { attributes: { kind: 'cd' }, value: 1 },
    ],
  })
})

test('reading twice shows the same twice, and more after more', async () => {
  const tape = startTestCapture()
  const counter = attachProviders(tape).meter.createCounter('c')
  counter.add(1)
  const once = await tape.metrics()
  expect(await tape.metrics()).toEqual(once)
  counter.add(1)
  expect(first(await tape.metrics()).dataPoints).toEqual([{ attributes: {}, value: 2 }])
  expect(first(once).dataPoints).toEqual([{ attributes: {}, value: 1 }])
  // At the same time as well: each measurement is handed out by the SDK only once.
  counter.add(1)
  const both = await Promise.all([tape.metrics(), tape.metrics()])
  expect(both.map((metrics) => first(metrics).dataPoints)).toEqual([
    [{ attributes: {}, value: 3 }],
    [{ attributes: {}, value: 3 }],
  ])
})

test('after a reset counters and histograms start from nothing, levels stay levels', async () => {
  const tape = startTestCapture()
  const { meter } = attachProviders(tape)
  let requestsSoFar = 100
  const instruments = {
    counter: meter.createCounter('counter'),
    upDown: meter.createUpDownCounter('upDown'),
    histogram: meter.createHistogram('histogram', { advice: { explicitBucketBoundaries: [10] } }),
    gauge: meter.createGauge('gauge'),
  }
  meter.createObservableCounter('observed').addCallback((result) => result.observe(requestsSoFar))
  const measure = (value: number) => {
    instruments.counter.add(value)
    instruments.upDown.add(value)
    instruments.histogram.record(value)
    instruments.gauge.record(value)
    requestsSoFar += value
  }
  measure(7)
  await tape.reset()
  expect(await values(tape.metrics())).toEqual({ upDown: 7, observed: 0 })
  measure(20)
  expect(await values(tape.metrics())).toEqual({
    counter: 20,
    upDown: 27,
    histogram: { count: 1, sum: 20, min: 20, max: 20, boundaries: [10], bucketCounts: [0, 1] },
    gauge: 20,
    observed: 20,
  })
})

test('any measurements, read in any rounds, add up to what they are', async () => {
  const measurement = fc.record({
    value: fc.integer({ min: -1000, max: 1000 }),
    user: fc.constantFrom('ann', 'bob'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(measurement), { maxLength: 5 }), async (rounds) => {
      const tape = startTestCapture()
      const { meter } = attachProviders(tape, { views: EXPONENTIAL })
      const instruments = createInstruments(meter)
      for (const round of rounds) {
        for (const { value, user } of round) instruments.record(value, { user })
        await tape.metrics()
      }
      const metrics = await tape.metrics()
      for (const user of ['ann', 'bob']) {
        const all = rounds.flat().flatMap((each) => (each.user === user ? [each.value] : []))
        if (all.length > 0) expectToAddUp(metrics, user, all)
      }
    }),
    { numRuns: 60 },
  )
})

test('a reset does not overtake a reading that is under way', async () => {
  const tape = startTestCapture()
  const { meter } = attachProviders(tape)
  let letGo = () => {}
  const slowOnce = [new Promise<void>((resolve) => (letGo = resolve))]
  meter.createObservableGauge('slow').addCallback(() => slowOnce.pop())
  meter.createCounter('c').add(1)
  const reading = tape.metrics({ name: 'c' })
  await new Promise(setImmediate)
  const reset = tape.reset()
  await new Promise(setImmediate)
  letGo()
  expect(await values(reading)).toEqual({ c: 1 })
  await reset
  expect(await tape.metrics()).toEqual([])
})

test('an observable callback that throws is told, and does not hide the rest for ever', async () => {
  const tape = startTestCapture()
  const { meter } = attachProviders(tape)
  meter.createCounter('fine').add(1)
  const broken = meter.createObservableGauge('broken')
  const callback = () => {
    throw new Error('no such device')
  }
  broken.addCallback(callback)
  await expect(tape.metrics()).rejects.toMatchObject({
    code: 'COLLECT_FAILED',
    message: expect.stringContaining('Error: no such device') as string,
  })
  broken.removeCallback(callback)
  expect(await values(tape.metrics())).toEqual({ fine: 1 })
  broken.addCallback(callback)
  await expect(tape.reset()).resolves.toBeUndefined()
})

test('an observable callback that never settles does not hold up the test for ever', async () => {
  const reader = new CapturingMetricReader(20)
  const provider = new MeterProvider({ readers: [reader] })
  const observable = provider.getMeter('m').createObservableGauge('stuck')
  observable.addCallback(() => new Promise<void>(() => undefined))
  await expect(reader.metrics()).rejects.toMatchObject({
    code: 'COLLECT_FAILED',
    message: expect.stringContaining('longer than 20 ms') as string,
  })
})

test('a capture without a reader, or whose reader has no provider, says so', async () => {
  const tape = startTestCapture()
  await expect(tape.metrics()).rejects.toMatchObject({ code: 'NO_METRIC_READER' })
  tape.metricReader()
  await expect(tape.metrics()).rejects.toMatchObject({
    code: 'NO_METRIC_READER',
    message: expect.stringContaining('tape.metricReader()') as string,
  })
})

test('what was measured stays readable after the provider is shut down', async () => {
  const tape = startTestCapture()
  const { meter, meterProvider } = attachProviders(tape)
  meter.createCounter('c').add(4)
  await meterProvider.forceFlush()
  await meterProvider.shutdown()
  expect(await values(tape.metrics())).toEqual({ c: 4 })
})

test('metrics can be asked for by match and by predicate', async () => {
  const tape = startTestCapture()
  const { meter } = attachProviders(tape)
  meter.createCounter('orders', { unit: '1' }).add(1)
  meter.createHistogram('latency', { unit: 'ms' }).record(1)
  const names = async (metrics: Promise<CapturedMetric[]>) => (await metrics).map((m) => m.name)
  expect(await names(tape.metrics({ name: /^lat/ }))).toEqual(['latency'])
  expect(await names(tape.metrics({ kind: 'SUM', unit: '1', serviceName: 'shop' }))).toEqual([
    'orders',
  ])
  expect(await names(tape.metrics((metric) => metric.kind === 'HISTOGRAM'))).toEqual(['latency'])
})

function createInstruments(meter: Meter) {
  const sum = meter.createUpDownCounter('sum')
  const count = meter.createCounter('count')
  const histogram = meter.createHistogram('hist', {
    advice: { explicitBucketBoundaries: [0, 10, 100] },
  })
  const exponential = meter.createHistogram('exp')
  return {
    record(value: number, attributes: Attributes) {
      sum.add(value, attributes)
      count.add(1, attributes)
      histogram.record(Math.abs(value), attributes)
      exponential.record(Math.abs(value), attributes)
    },
  }
}

// The oracle is arithmetic on the measurements themselves, by the definitions of OTLP.
function expectToAddUp(metrics: CapturedMetric[], user: string, values: number[]): void {
  const point = (name: string) => pointOf(metrics, name, user)
  const sizes = values.map(Math.abs)
  const statistics = {
    count: sizes.length,
    sum: sum(sizes),
    min: Math.min(...sizes),
    max: Math.max(...sizes),
  }
  expect(point('sum')).toMatchObject({ value: sum(values) })
  expect(point('count')).toMatchObject({ value: values.length })
  expect(point('hist')).toMatchObject({
    ...statistics,
    bucketCounts: [
      sizes.filter((v) => v <= 0).length,
      sizes.filter((v) => v > 0 && v <= 10).length,
      sizes.filter((v) => v > 10 && v <= 100).length,
      sizes.filter((v) => v > 100).length,
    ],
  })
  expect(point('exp')).toMatchObject({ ...statistics, zeroCount: sizes.filter((v) => !v).length })
  const exponential = metrics.find((metric) => metric.name === 'exp')
  if (exponential?.kind !== 'EXPONENTIAL_HISTOGRAM') throw new Error('The view was not applied.')
  const { scale, positive } = first(
    exponential.dataPoints.filter(({ attributes }) => attributes.user === user),
  )
  const counted: Record<number, number> = {}
  positive.bucketCounts.forEach((count, i) => {
    if (count > 0) counted[positive.offset + i] = count
  })
  const expected: Record<number, number> = {}
  for (const size of sizes.filter((v) => v > 0)) {
    const index = Math.ceil(Math.log2(size) * 2 ** scale) - 1
    expected[index] = (expected[index] ?? 0) + 1
  }
  expect(counted).toEqual(expected)
}

function pointOf(metrics: CapturedMetric[], name: string, user: string): unknown {
  const points: readonly { attributes: Readonly<Record<string, unknown>> }[] =
    metrics.find((metric) => metric.name === name)?.dataPoints ?? []
  return points.find(({ attributes }) => attributes.user === user)
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** Metrics of one point each, by name. */
async function values(metrics: Promise<CapturedMetric[]>): Promise<Record<string, unknown>> {
  return Object.fromEntries(
    (await metrics).map(({ name, dataPoints }) => {
      const { attributes, ...point } = first<{ attributes: unknown; value?: number }>(dataPoints)
      expect(attributes).toEqual({})
      return [name, point.value ?? point]
    }),
  )
}
