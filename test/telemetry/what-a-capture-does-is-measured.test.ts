// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'
import { metrics } from '@opentelemetry/api'
import { startCapture } from '../../src/capture/start-capture'
import { encodeCountedMetrics } from '../../src/otlp/encode-metrics'
import { followMeterProvider } from '../../src/telemetry/follow-meter-provider'
import { MemoryStore } from '../../src/storage/memory-store'
import { makeEncoded, recordSession } from '../support/recording'
import { TroubledStore } from '../support/stores/troubled-store'
import { type Measured, startMeasuring } from './measured'

let measured: Measured

beforeEach(() => {
  measured = startMeasuring()
})

afterEach(() => measured.stop())

test('what is captured, stored and lies in segments is what the metadata says', async () => {
  const capture = startCapture({ store: new MemoryStore() })
  for (let batch = 0; batch < 20; batch++) {
    capture.record('traces', () => makeEncoded('traces', { names: ['a', 'b', 'c'] }))
    capture.record('logs', () => makeEncoded('logs', { names: ['x'] }))
  }
  expect(await measured.sum('otel_tape.queue.size')).toBeGreaterThan(0)
  expect(await measured.sum('otel_tape.queue.capacity')).toBe(32 * 1024 * 1024)
  const metadata = await capture.stop()

  expect(metadata).toMatchObject({ capturedTraces: 60, capturedLogs: 20 })
  for (const name of ['otel_tape.item.captured', 'otel_tape.item.stored']) {
    const told = await measured.points(name)
    expect(told.map(({ attributes, value }) => [attributes['otel_tape.signal'], value])).toEqual([
      ['traces', 60],
      ['logs', 20],
    ])
  }
  const { traces, logs } = metadata.signals
  expect(await measured.sum('otel_tape.segment.stored')).toBe(traces.segments + logs.segments)
  expect(await measured.sum('otel_tape.segment.io')).toBe(metadata.totalSizeBytes)
  expect(await measured.points('otel_tape.item.dropped')).toEqual([])
  expect(await measured.sum('otel_tape.queue.size')).toBe(0)
  expect(await measured.sum('otel_tape.queue.capacity')).toBe(0)
})

test('a provider that is set after the capture was started is told the same', async () => {
  const captured = () => measured.sum('otel_tape.item.captured')
  const before = await captured()
  metrics.disable()
  followMeterProvider()
  const capture = startCapture({ store: new MemoryStore() })
  capture.record('traces', () => makeEncoded('traces', { names: ['before'] }))
  metrics.setGlobalMeterProvider(measured.provider)
  capture.record('traces', () => makeEncoded('traces', { names: ['after'] }))
  expect(await captured()).toBe(before + 2)
  await capture.stop()
})

test('a full queue drops, and what is left at the end is dropped as well: the sum is all', async () => {
  const dropped = (errorType: string) =>
    measured.sum('otel_tape.item.dropped', { 'error.type': errorType })
  const store = new TroubledStore('hanging')
  const capture = startCapture({ store, maxQueueBytes: 2_000, stopTimeoutMillis: 100 })
  for (let batch = 0; batch < 50; batch++) {
    capture.record('traces', () => makeEncoded('traces', { names: ['a', 'b'] }))
  }
  const atOnce = await dropped('queue_full')
  expect(atOnce).toBeGreaterThan(0)
  expect(atOnce).toBe(capture.status().signals.traces.droppedItems)
  expect(await measured.sum('otel_tape.queue.size')).toBeGreaterThan(0)
  const { signals } = await capture.stop()
  expect(await dropped('not_stored')).toBe(100 - atOnce)
  expect(signals.traces.droppedItems).toBe(100)
})

test('a session that must not be written drops what it was given', async () => {
  const store = new MemoryStore()
  await recordSession(store, 'over', [])
  const capture = startCapture({ store, sessionId: 'over' })
  capture.record('logs', () => makeEncoded('logs', { names: ['too late'] }))
  await expect(capture.ready).rejects.toMatchObject({ reason: 'SessionCompleted' })
  expect(await measured.sum('otel_tape.item.dropped', { 'error.type': 'session_refused' })).toBe(1)
  await capture.stop()
})

test('a batch that can not be encoded is counted', async () => {
  const capture = startCapture({ store: new MemoryStore() })
  capture.record('logs', () => {
    throw new Error('a getter that throws')
  })
  expect(await measured.sum('otel_tape.batch.failed', { 'otel_tape.signal': 'logs' })).toBe(1)
  await capture.stop()
})

test('items that sampling left out are counted, and are not captured', async () => {
  const before = await measured.sum('otel_tape.item.captured')
  const capture = startCapture({ store: new MemoryStore(), sampling: { ratio: 0.5 } })
  for (let index = 0; index < 100; index++) {
    const traceId = randomBytes(16).toString('hex')
    capture.record('traces', () => makeEncoded('traces', { names: ['a', 'b'], traceId }))
  }
  const { capturedTraces } = await capture.stop()
  expect(await measured.sum('otel_tape.item.sampled_out')).toBe(200 - capturedTraces)
  expect(await measured.sum('otel_tape.item.captured')).toBe(before + capturedTraces)
})

test('capturing what is measured does not feed itself', async () => {
  const capture = startCapture({ store: new MemoryStore() })
  const points: number[] = []
  const bytes: number[] = []
  for (let collection = 0; collection < 20; collection++) {
    const { resourceMetrics } = await measured.collect()
    capture.record('metrics', () => {
      const encoded = encodeCountedMetrics(resourceMetrics)
      points.push(encoded.summary.itemCount)
      bytes.push(encoded.body.length)
      return encoded
    })
  }
  // From the second collection on, the series that the first one made are there as well.
  expect(new Set(points.slice(2)).size).toBe(1)
  expect(bytes.at(-1)).toBe(bytes[2])
  await capture.stop()
})
