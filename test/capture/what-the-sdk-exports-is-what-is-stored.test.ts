// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { SIGNALS } from '../../src/otlp/signal'
import { type Capture, startCapture } from '../../src/capture/start-capture'
import { MemoryStore } from '../../src/storage/memory-store'
import { type OtlpBackend, startOtlpBackend } from '../support/otlp-backend'
import { readAll } from '../support/recording'

const resource = resourceFromAttributes({ 'service.name': 'shop', 'service.version': '1.2' })

let backend: OtlpBackend
beforeEach(async () => {
  backend = await startOtlpBackend()
})
afterEach(() => backend.close())

test('through real OTLP exporters: the backend and the session hold the same bytes', async () => {
  const store = new MemoryStore()
  const capture = startCapture({ store, sessionId: 'sdk', enabledFlags: ['paymentFailure'] })
  await makeSpans(capture)
  await makeLogs(capture)
  await makeMetrics(capture, AggregationTemporality.CUMULATIVE)
  await makeMetrics(capture, AggregationTemporality.DELTA)
  const metadata = await capture.stop()

  expect(metadata).toMatchObject({
    status: 'completed',
    enabledFlags: ['paymentFailure'],
    serviceNames: ['shop'],
    capturedTraces: 3,
    capturedLogs: 9,
  })
  expect(metadata.capturedMetrics).toBeGreaterThanOrEqual(2 * 8)
  const stored = await readAll({ store, sessionId: 'sdk' })
  for (const signal of SIGNALS) {
    const bodies = stored.filter((batch) => batch.signal === signal).map(({ body }) => body)
    expect(bodies.map((body) => Buffer.from(body).toString('hex')).sort()).toEqual(
      backend.received[signal].map((body) => body.toString('hex')).sort(),
    )
    expect(bodies.length).toBeGreaterThan(0)
  }
})

async function makeSpans(capture: Capture): Promise<void> {
  const inner = new OTLPTraceExporter({ url: `${backend.url}/v1/traces` })
  const provider = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: capture.spanExporter(inner) })],
    spanLimits: { attributeCountLimit: 4, eventCountLimit: 1, linkCountLimit: 1 },
  })
  const tracer = provider.getTracer('shop', '2.0', { schemaUrl: 'https://example.org/schema' })
  const parent = tracer.startSpan('checkout', { kind: SpanKind.SERVER }, ROOT_CONTEXT)
  parent.setAttributes({ text: 'é', int: 7, double: 1.5, flag: true, list: ['a', 'b'], more: 1 })
  parent.addEvent('kept', { at: 1 }).addEvent('dropped')
  const remote = {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  }
  const context = trace.setSpan(ROOT_CONTEXT, parent)
  const child = tracer.startSpan(
    'pay',
    { links: [{ context: remote }, { context: remote }] },
    context,
  )
  child.recordException(new Error('declined'))
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'declined' })
  child.end()
  parent.end()
  const ofRemote = trace.setSpanContext(ROOT_CONTEXT, remote)
  tracer.startSpan('downstream', {}, ofRemote).end()
  await provider.shutdown()
}

async function makeLogs(capture: Capture): Promise<void> {
  const inner = new OTLPLogExporter({ url: `${backend.url}/v1/logs` })
  const provider = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: capture.logRecordExporter(inner) })],
  })
  const logger = provider.getLogger('shop')
  const bodies = ['text', 7, 1.5, true, null, ['a', 1, null], { deep: { er: [1] } }, undefined]
  for (const body of bodies) logger.emit({ body, severityNumber: 9, severityText: 'INFO' })
  logger.emit({ body: new Uint8Array([1, 2, 3]), eventName: 'bytes', attributes: { a: { b: 1 } } })
  await provider.shutdown()
}

async function makeMetrics(capture: Capture, temporality: AggregationTemporality): Promise<void> {
  const inner = new OTLPMetricExporter({
    url: `${backend.url}/v1/metrics`,
    temporalityPreference: temporality,
  })
  const reader = new PeriodicExportingMetricReader({
    exporter: capture.metricExporter(inner),
    exportIntervalMillis: 3_600_000,
  })
  const provider = new MeterProvider({
    resource,
    readers: [reader],
    views: [
      {
        instrumentName: 'exponential',
        aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
      },
    ],
  })
  const meter = provider.getMeter('shop')
  meter.createCounter('counter').add(3, { route: '/a' })
  meter.createUpDownCounter('updown').add(-2)
  meter.createHistogram('histogram', { unit: 'ms' }).record(12.5)
  meter.createHistogram('exponential').record(0.001)
  meter.createGauge('gauge').record(-1.5)
  meter.createObservableGauge('observed gauge').addCallback((result) => result.observe(4))
  meter.createObservableCounter('observed counter').addCallback((result) => result.observe(5))
  meter.createObservableUpDownCounter('observed').addCallback((result) => result.observe(6))
  await provider.shutdown()
}
