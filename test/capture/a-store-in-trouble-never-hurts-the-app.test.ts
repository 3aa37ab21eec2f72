// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { startCapture } from '../../src/capture/start-capture'
import type { ExportResult, ReadableSpan, SpanExporter } from '../../src/otlp/sdk-types'
import { useWarnings } from '../support/collect-warnings'
import { TroubledStore } from '../support/stores/troubled-store'
import { makeBatch, makeEncoded, readAll } from '../support/recording'

const warnings = useWarnings()

class CountingExporter implements SpanExporter {
  spans = 0
  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.spans += spans.length
    done({ code: 0 })
  }
  async shutdown(): Promise<void> {}
}

test.each([
  ['down', 200_000],
  ['hanging', 20_000],
  ['full', 20_000],
] as const)(
  'with a store that is %s from the start, all of %d spans reach the inner exporter',
  async (trouble, spans) => {
    const store = new TroubledStore(trouble)
    const maxQueueBytes = 4 * 1024 * 1024
    const capture = startCapture({
      store,
      sessionId: 'trouble',
      maxQueueBytes,
      flushIntervalMillis: 20,
      stopTimeoutMillis: 300,
    })
    const inner = new CountingExporter()
    const processor = new BatchSpanProcessor({
      exporter: capture.spanExporter(inner),
      maxQueueSize: 4096,
    })
    const tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer('load')
    const payload = 'x'.repeat(200)
    for (let span = 0; span < spans; span++) {
      tracer.startSpan(`span ${span}`, { attributes: { payload } }).end()
      if (span % 2048 === 2047) await processor.forceFlush()
    }
    await processor.forceFlush()
    expect(inner.spans).toBe(spans)

    const stopped = await capture.stop()
    expect(stopped).toMatchObject({ status: 'failed', capturedTraces: 0 })
    expect(stopped.signals.traces.droppedItems).toBe(spans)
    expect(warnings.length).toBeLessThanOrEqual(1)
    await expect(capture.ready).rejects.toMatchObject({ reason: 'StorageFailure' })
  },
  60_000,
)

test('what waits in memory stays under maxQueueBytes', async () => {
  const store = new TroubledStore('hanging')
  const maxQueueBytes = 1024 * 1024
  const capture = startCapture({ store, sessionId: 'q', maxQueueBytes, stopTimeoutMillis: 50 })
  const encoded = makeEncoded('logs', { names: ['y'.repeat(10_000)] })
  for (let batch = 0; batch < 1000; batch++) capture.record('logs', () => encoded)
  const { items, uncompressedBytes, droppedItems } = capture.status().signals.logs
  expect(uncompressedBytes).toBeLessThanOrEqual(maxQueueBytes)
  expect(items + droppedItems).toBe(1000)
  expect(items).toBeGreaterThan(90)
  await capture.stop()
})

test('raw data is accepted though the store hangs', async () => {
  const store = new TroubledStore('hanging')
  const capture = startCapture({ store, sessionId: 'raw', stopTimeoutMillis: 50 })
  const { body } = makeBatch('logs', { names: ['a'] })
  for (let batch = 0; batch < 20; batch++) {
    expect(await capture.captureOTLPData(body, 'logs')).toMatchObject({ recordCount: 1 })
  }
  expect(await capture.stop()).toMatchObject({ signals: { logs: { droppedItems: 20 } } })
})

test('a store that comes back gets what waited for it', async () => {
  const store = new TroubledStore('none')
  const capture = startCapture({ store, sessionId: 'back', stopTimeoutMillis: 2000 })
  await capture.ready
  store.trouble = 'down'
  const encoded = makeEncoded('traces', { names: ['a', 'b'] })
  for (let batch = 0; batch < 50; batch++) capture.record('traces', () => encoded)
  await expect(capture.flush()).rejects.toMatchObject({ reason: 'StorageFailure' })
  store.trouble = 'none'
  expect(await capture.stop()).toMatchObject({ status: 'completed', capturedTraces: 100 })
  expect(await readAll({ store, sessionId: 'back' })).toHaveLength(50)
}, 30_000)

test('one warning a minute, which counts what was held back', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] })
  try {
    const store = new TroubledStore('down')
    const maxQueueBytes = 1000
    const capture = startCapture({ store, sessionId: 'quiet', maxQueueBytes })
    const encoded = makeEncoded('logs', { names: ['z'.repeat(600)] })
    const tenMinutes = 10
    for (let minute = 0; minute < tenMinutes; minute++) {
      for (let batch = 0; batch < 600; batch++) {
        capture.record('logs', () => encoded)
        await jest.advanceTimersByTimeAsync(100)
      }
    }
    expect(warnings.length).toBeGreaterThan(1)
    expect(warnings.length).toBeLessThanOrEqual(tenMinutes + 1)
    expect(warnings.at(-1)).toMatch(/and \d+ warnings before/)
    await capture.stop()
  } finally {
    jest.useRealTimers()
  }
}, 30_000)

test('spans that can not be encoded and exporters that throw change nothing for the app', async () => {
  const capture = startCapture({ store: 'memory:', sessionId: 'odd' })
  const span = new Proxy({} as ReadableSpan, {
    get: () => {
      throw new Error('a getter that throws')
    },
  })
  const results: ExportResult[] = []
  capture.spanExporter().export([span], (result) => results.push(result))
  const thrower: SpanExporter = {
    export: () => {
      throw new Error('inner')
    },
    shutdown: async () => undefined,
  }
  capture.spanExporter(thrower).export([], (result) => results.push(result))
  expect(results).toEqual([{ code: 0 }, { code: 1, error: new Error('inner') }])
  await capture.stop()
})
