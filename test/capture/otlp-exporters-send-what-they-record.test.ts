// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { startCapture } from '../../src/capture/start-capture'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import type { ObjectStore } from '../../src/storage/object-store'
import { MemoryStore } from '../../src/storage/memory-store'
import { realLogRecords, realMetrics, realSpans } from '../otlp-sdk/real-telemetry'
import { decodeIndependently } from '../support/independent-decoder'
import { startOtlpBackend } from '../support/otlp-backend'
import { readAll } from '../support/recording'
import { exported } from './otlp-exporter-backend'

const SPANS = 2_000
const LOGS = 300

test('through the SDK: the backend gets and the session keeps the same bytes, of all items', async () => {
  const backend = await startOtlpBackend()
  const store = new MemoryStore()
  const capture = startCapture({ store, sessionId: 'own' })
  const { traces, metrics, logs } = capture.otlpExporters({ url: backend.url })
  await makeSpans(traces)
  await makeLogs(logs)
  await makeMetrics(metrics)
  const metadata = await capture.stop()
  await backend.close()

  expect(metadata).toMatchObject({
    status: 'completed',
    serviceNames: ['shop'],
    capturedTraces: SPANS,
    capturedLogs: LOGS,
    capturedMetrics: 6,
  })
  for (const signal of SIGNALS) {
    const sent = backend.received[signal].map((body) => body.toString('hex')).sort()
    expect(await storedBodies(store, 'own', signal)).toEqual(sent)
  }
  expect(backend.received.traces.length).toBeGreaterThan(1)
  const names = backend.received.traces.flatMap((body) =>
    namesIn(decodeIndependently('traces', body)),
  )
  expect(names.sort()).toEqual(Array.from({ length: SPANS }, (_, index) => `span ${index}`).sort())
})

test('the backend gets the bytes that the SDK exporters send of the same objects', async () => {
  const [sdk, ours] = [await startOtlpBackend(), await startOtlpBackend()]
  const capture = startCapture({ store: new MemoryStore(), sessionId: 'oracle' })
  const exporters = capture.otlpExporters({ url: ours.url })
  const spans = await realSpans()
  const collections = await realMetrics()
  const records = realLogRecords()

  const results = [
    await exported(new OTLPTraceExporter({ url: `${sdk.url}/v1/traces` }), spans),
    await exported(exporters.traces, spans),
    await exported(new OTLPLogExporter({ url: `${sdk.url}/v1/logs` }), records),
    await exported(exporters.logs, records),
  ]
  const sdkMetrics = new OTLPMetricExporter({ url: `${sdk.url}/v1/metrics` })
  for (const collection of collections) {
    results.push(await exported(sdkMetrics, collection))
    results.push(await exported(exporters.metrics, collection))
  }
  await capture.stop()
  await Promise.all([sdk.close(), ours.close()])

  expect(results).toEqual(results.map(() => ({ code: 0 })))
  expect(ours.received).toEqual(sdk.received)
  expect(sdk.received.metrics.length).toBe(collections.length)
})

test('a batch that was sent stays as it was while others are encoded', async () => {
  const backend = await startOtlpBackend()
  const store = new MemoryStore()
  const capture = startCapture({ store, sessionId: 'many', flushIntervalMillis: 3_600_000 })
  const { traces } = capture.otlpExporters({ url: backend.url })
  const spans = await realSpans()
  const batches = spans.map((_, index) => spans.slice(index))
  await Promise.all(batches.map((batch) => exported(traces, batch)))
  await capture.stop()
  await backend.close()

  const sent = backend.received.traces.map((body) => body.toString('hex')).sort()
  expect(await storedBodies(store, 'many', 'traces')).toEqual(sent)
  expect(new Set(sent).size).toBe(spans.length)
})

async function storedBodies(
  store: ObjectStore,
  sessionId: string,
  signal: Signal,
): Promise<string[]> {
  return (await readAll({ store, sessionId }))
    .filter((batch) => batch.signal === signal)
    .map(({ body }) => Buffer.from(body).toString('hex'))
    .sort()
}

const resource = resourceFromAttributes({ 'service.name': 'shop' })

type Exporters = ReturnType<ReturnType<typeof startCapture>['otlpExporters']>

async function makeSpans(exporter: Exporters['traces']): Promise<void> {
  const processor = new BatchSpanProcessor({ exporter, maxQueueSize: SPANS })
  const provider = new TracerProvider({ resource, spanProcessors: [processor] })
  const tracer = provider.getTracer('shop')
  for (let index = 0; index < SPANS; index++) tracer.startSpan(`span ${index}`).end()
  await provider.shutdown()
}

async function makeLogs(exporter: Exporters['logs']): Promise<void> {
  const processor = new BatchLogRecordProcessor({ exporter })
  const provider = new LoggerProvider({ resource, processors: [processor] })
  const logger = provider.getLogger('shop')
  for (let index = 0; index < LOGS; index++) logger.emit({ body: { index } })
  await provider.shutdown()
}

/** Two collections of three points. */
async function makeMetrics(exporter: Exporters['metrics']): Promise<void> {
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const provider = new MeterProvider({ resource, readers: [reader] })
  const meter = provider.getMeter('shop')
  meter.createCounter('orders').add(3, { tier: 'gold' })
  meter.createHistogram('latency').record(12.5)
  meter.createGauge('stock').record(7)
  await provider.forceFlush()
  await provider.shutdown()
}

interface SpanRequest {
  resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[]
}

function namesIn(request: object): string[] {
  return (request as SpanRequest).resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)),
  )
}
