// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  type Context,
  type Meter,
  type MeterProvider,
  ROOT_CONTEXT,
  context,
  createNoopMeter,
  metrics,
  trace,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { AggregationType } from '@opentelemetry/sdk-metrics'
import { createCounter, createUpDownCounter } from '../../src/telemetry/counter'
import { followMeterProvider } from '../../src/telemetry/follow-meter-provider'
import { createHistogram } from '../../src/telemetry/histogram'
import { createLevel } from '../../src/telemetry/level'
import { collectWarnings } from '../support/collect-warnings'
import { createMeasured, startMeasuring } from './measured'

const described = { unit: '{thing}', description: 'Things.' }
const counted = createCounter({ name: 'test.counted', ...described, attributes: ['kind'] })
const level = createLevel({
  ...{ name: 'test.level', kind: 'UpDownCounter', combine: 'sum' },
  ...described,
})
const timed = createHistogram({
  ...{ name: 'test.timed', attributes: ['kind'], boundaries: [] },
  ...described,
})

afterEach(() => {
  metrics.disable()
  context.disable()
  followMeterProvider()
})

test('what happened before the provider was set is told as well', async () => {
  const series = counted.series({ kind: 'early' })
  followMeterProvider()
  series.add(2)
  const measured = startMeasuring()
  followMeterProvider()
  series.add(3)
  expect(await measured.sum('test.counted', { kind: 'early' })).toBe(5)
  await measured.stop()
})

test('another provider gets everything, and the one before nothing more', async () => {
  const stop = level.watch(() => 7)
  const before = startMeasuring()
  followMeterProvider()
  expect(await before.sum('test.level')).toBe(7)

  metrics.disable()
  followMeterProvider()
  expect(timed.isKept).toBe(false)
  const after = startMeasuring()
  followMeterProvider()
  timed.record(1, { kind: 'after' })

  expect(await after.sum('test.level')).toBe(7)
  expect(await after.sum('test.timed')).toBe(1)
  expect(await before.points('test.timed')).toEqual([])
  stop()
  expect(await after.points('test.level')).toMatchObject([{ value: 0 }])
  await Promise.all([before.stop(), after.stop()])
})

test('a provider that comes back is asked no more often than once', async () => {
  let reads = 0
  const stop = level.watch(() => ++reads)
  const measured = createMeasured()
  for (let times = 0; times < 10; times++) {
    metrics.setGlobalMeterProvider(measured.provider)
    followMeterProvider()
    followMeterProvider()
    metrics.disable()
    followMeterProvider()
  }
  metrics.setGlobalMeterProvider(measured.provider)
  followMeterProvider()
  await measured.points()
  expect(reads).toBe(1)
  stop()
  await measured.stop()
})

test('without a provider, nothing is kept and nobody is asked', () => {
  followMeterProvider()
  const read = jest.fn(() => 1)
  const stop = level.watch(read)
  expect(timed.isKept).toBe(false)
  timed.record(1, {})
  expect(read).not.toHaveBeenCalled()
  stop()
})

test('a view drops all of it, as the documentation says', async () => {
  const drop = { meterName: 'otel-tape', aggregation: { type: AggregationType.DROP as const } }
  const measured = createMeasured([drop])
  metrics.setGlobalMeterProvider(measured.provider)
  followMeterProvider()
  counted.series({ kind: 'dropped' }).add(1)
  timed.record(1, {})
  expect(await measured.points()).toEqual([])
  await measured.stop()
})

test('a provider whose meters do nothing is as good as none', () => {
  metrics.setGlobalMeterProvider({ getMeter: () => createNoopMeter() })
  followMeterProvider()
  expect(timed.isKept).toBe(false)
})

test('a provider that throws is warned of once, and hurts nobody', () => {
  using warnings = collectWarnings()
  const broken: MeterProvider = {
    getMeter: () => {
      throw new Error('no meters today')
    },
  }
  metrics.setGlobalMeterProvider(broken)
  for (let times = 0; times < 3; times++) followMeterProvider()
  expect(warnings.lines).toEqual([expect.stringContaining('no meters today')])
  expect(timed.isKept).toBe(false)
})

test('a histogram that throws is measured no more', () => {
  using warnings = collectWarnings()
  const histogram = {
    record: () => {
      throw new Error('out of buckets')
    },
  }
  metrics.setGlobalMeterProvider({ getMeter: () => meterWith(histogram) })
  followMeterProvider()
  for (let times = 0; times < 3; times++) timed.record(1, {})
  expect(warnings.lines).toEqual([expect.stringContaining('out of buckets')])
})

test("no span of the app's is in the context that a value is recorded in", () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const contexts: (Context | undefined)[] = []
  const record = (_value: number, _attributes: unknown, given?: Context) => contexts.push(given)
  metrics.setGlobalMeterProvider({ getMeter: () => meterWith({ record }) })
  followMeterProvider()
  const spanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }
  context.with(trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext(spanContext)), () => {
    timed.record(1, {})
  })
  expect(contexts).toEqual([ROOT_CONTEXT])
})

test('what goes down as well is told when it is back at nothing', async () => {
  const underWay = createUpDownCounter({
    ...{ name: 'test.under_way', attributes: ['kind'] },
    ...described,
  })
  const measured = startMeasuring()
  followMeterProvider()
  const series = underWay.series({ kind: 'a' })
  series.add(3)
  expect(await measured.points('test.under_way')).toMatchObject([{ value: 3, unit: '{thing}' }])
  series.add(-3)
  expect(await measured.points('test.under_way')).toMatchObject([{ value: 0 }])
  await measured.stop()
})

test('what makes up attributes without end shares one series from the thousandth on', async () => {
  const measured = startMeasuring()
  followMeterProvider()
  const many = createCounter({ name: 'test.many', ...described, attributes: ['kind'] })
  for (let kind = 0; kind < 3_000; kind++) many.series({ kind }).add(1)
  const points = await measured.points('test.many')
  expect(points).toHaveLength(1_001)
  expect(await measured.sum('test.many', { 'otel.metric.overflow': true })).toBe(2_000)
  expect(await measured.sum('test.many')).toBe(3_000)
  await measured.stop()
})

test('two copies of the module count together', async () => {
  let again: typeof import('../../src/telemetry/counter') | undefined
  jest.isolateModules(() => {
    again = require('../../src/telemetry/counter') as typeof import('../../src/telemetry/counter')
  })
  expect(again?.createCounter).not.toBe(createCounter)
  const other = again?.createCounter({ name: 'test.counted', ...described, attributes: ['kind'] })
  const measured = startMeasuring()
  followMeterProvider()
  counted.series({ kind: 'shared' }).add(1)
  other?.series({ kind: 'shared' }).add(2)
  expect(await measured.sum('test.counted', { kind: 'shared' })).toBe(3)
  await measured.stop()
})

/** A meter that is none but for its histograms. */
function meterWith(histogram: { record: (...values: never[]) => unknown }): Meter {
  const meter = Object.create(createNoopMeter()) as Meter
  return Object.assign(meter, { createHistogram: () => histogram })
}
