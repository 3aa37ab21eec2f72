// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'
import { ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { type Capture, startCapture } from '../../src/capture/start-capture'
import { completeSession, loadSession } from '../../src/session/catalogue'
import { metadataKey } from '../../src/session/session-keys'
import { MemoryStore } from '../../src/storage/memory-store'
import { encodeRequestJson, type JsonObject } from '../support/arbitrary-otlp'
import { decodeIndependently } from '../support/independent-decoder'
import { makeEncoded, readAll } from '../support/recording'
import { itemsOf } from '../otlp/json-request'

const RATIO = 0.3
const THRESHOLD = BigInt(2 ** 56) - BigInt(Math.round(RATIO * 2 ** 56))

function isKept(traceId: string): boolean {
  return BigInt(`0x${traceId.slice(-14)}`) >= THRESHOLD
}

const remotes: SpanContext[] = Array.from({ length: 300 }, () => ({
  traceId: randomBytes(16).toString('hex'),
  spanId: randomBytes(8).toString('hex'),
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
}))

test('services with captures and batches of their own keep the same traces, with their logs', async () => {
  const store = new MemoryStore()
  const services = ['cart', 'payment']
  const captures = services.map(() =>
    startCapture({ store, sessionId: 'sampled', sampling: { ratio: RATIO } }),
  )
  await Promise.all([useService('cart', captures[0], 7), useService('payment', captures[1], 512)])
  await captures[0].stop()
  const { signals } = await captures[1].stop()

  const kept = remotes.filter(({ traceId }) => isKept(traceId)).map(({ traceId }) => traceId)
  expect(kept.length).toBeGreaterThan(40)
  const stored = await readAll({ store, sessionId: 'sampled' })
  const idsOf = (signal: string): string[] =>
    stored
      .filter((batch) => batch.signal === signal)
      .flatMap(({ signal, body }) => itemsOf(decodeIndependently(signal, body)))
      .map(({ traceId }) => Buffer.from((traceId ?? []) as Uint8Array).toString('hex'))
      .sort()
  // Each service made one span in each trace, and a log record in it; and one log record in none.
  expect(idsOf('traces')).toEqual([...kept, ...kept].sort())
  expect(idsOf('logs')).toEqual(['', '', ...kept, ...kept].sort())
  const made = 2 * remotes.length
  const sampledOut = made - 2 * kept.length
  expect(signals.traces).toMatchObject({ items: made - sampledOut, sampledOutItems: sampledOut })
  expect(signals.logs).toMatchObject({ items: made + 2 - sampledOut, sampledOutItems: sampledOut })
  expect(signals.traces.droppedItems + signals.logs.droppedItems).toBe(0)
  expect(signals.metrics.sampledOutItems).toBe(undefined)
})

async function useService(
  name: string,
  capture: Capture,
  maxExportBatchSize: number,
): Promise<void> {
  const resource = resourceFromAttributes({ 'service.name': name })
  const limits = { maxExportBatchSize, maxQueueSize: 2_048, scheduledDelayMillis: 60_000 }
  const exporter = capture.spanExporter()
  const tracers = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter, ...limits })],
  })
  const loggers = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: capture.logRecordExporter(), ...limits })],
  })
  loggers.getLogger('shop').emit({ body: 'in no trace' })
  for (const remote of remotes) {
    const context = trace.setSpanContext(ROOT_CONTEXT, remote)
    loggers.getLogger('shop').emit({ body: 'in a trace', context })
    tracers.getTracer('shop').startSpan('x', {}, context).end()
  }
  await Promise.all([tracers.shutdown(), loggers.shutdown()])
}

const SAMPLED_OUT = { traceId: '0'.repeat(31) + '1' }
const KEPT = { traceId: 'f'.repeat(32) }

function spans(...ids: JsonObject[]): Uint8Array {
  return encodeRequestJson('traces', { resourceSpans: [{ scopeSpans: [{ spans: ids }] }] })
}

test('raw OTLP: the reference says what was kept', async () => {
  const capture = startCapture({ store: 'memory:', sampling: { ratio: 0.5 } })
  const some = await capture.captureOTLPData(spans(SAMPLED_OUT, KEPT), 'traces')
  expect(some).toMatchObject({ recordCount: 1, sizeBytes: spans(KEPT).length })
  expect(some.key).toMatch(/traces-/)
  const none = await capture.captureOTLPData(spans(SAMPLED_OUT, SAMPLED_OUT), 'traces')
  expect(none).toMatchObject({ recordCount: 0, sizeBytes: 0, key: '' })
  const { signals } = await capture.stop()
  expect(signals.traces).toMatchObject({
    items: 1,
    batches: 1,
    sampledOutItems: 3,
    droppedItems: 0,
  })
})

test('a session of which nothing is kept says so, also when it is counted anew', async () => {
  const store = new MemoryStore()
  const capture = startCapture({ store, sessionId: 'nothing', sampling: { ratio: 0 } })
  capture.record('traces', () => makeEncoded('traces', { names: ['a', 'b'] }))
  await capture.flush()
  expect((await loadSession(store, 'nothing')).signals.traces.sampledOutItems).toBe(2)
  const { signals } = await capture.stop()
  expect(signals.traces).toMatchObject({ items: 0, batches: 0, sampledOutItems: 2 })
  // What counts a session anew reads its segments, in which there is nothing of it.
  await store.put(metadataKey('nothing'), Buffer.from('damaged'))
  const counted = await completeSession(store, 'nothing')
  expect(counted.signals.traces).toMatchObject({ items: 0, sampledOutItems: 2 })
})
