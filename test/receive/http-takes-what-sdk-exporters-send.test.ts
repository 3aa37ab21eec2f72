// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SpanKind } from '@opentelemetry/api'
import { SeverityNumber } from '@opentelemetry/api-logs'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
  type ReadableLogRecord,
} from '@opentelemetry/sdk-logs'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base'
import type { Signal } from '../../src/otlp/signal'
import {
  createTestIntake,
  decodeWithDefaults,
  startTestEndpoint,
  type TestEndpoint,
} from './http-fixture'

const intake = createTestIntake()
let receiver: TestEndpoint
let spans: ReadableSpan[]
let metrics: ResourceMetrics
let logs: ReadableLogRecord[]

beforeAll(async () => {
  receiver = await startTestEndpoint({ intake })
  spans = await makeSpans()
  metrics = await makeMetrics()
  logs = await makeLogs()
})
afterEach(() => {
  intake.taken.length = 0
  expect([receiver.budget.usedBytes, receiver.refused]).toEqual([0, []])
})
afterAll(() => receiver[Symbol.asyncDispose]())

describe.each(['none', 'gzip'])('OTLP/proto exporters with compression %s', (compression) => {
  test.each<[Signal, () => Promise<unknown>, () => Uint8Array]>([
    [
      'traces',
      () => exported(new OTLPTraceExporter(optionsFor('traces', compression)), spans),
      () => present(ProtobufTraceSerializer.serializeRequest(spans)),
    ],
    [
      'metrics',
      () => exported(new OTLPMetricExporter(optionsFor('metrics', compression)), metrics),
      () => present(ProtobufMetricsSerializer.serializeRequest(metrics)),
    ],
    [
      'logs',
      () => exported(new OTLPLogExporter(optionsFor('logs', compression)), logs),
      () => present(ProtobufLogsSerializer.serializeRequest(logs)),
    ],
  ])('%s arrive to the byte, and the exporter is told so', async (signal, send, expected) => {
    expect(await send()).toEqual({ code: 0 })
    expect(intake.taken.map((taken) => taken.signal)).toEqual([signal])
    expect(Buffer.compare(intake.taken[0].body, expected())).toBe(0)
  })
})

describe('OTLP/JSON of the SDK', () => {
  test.each<[Signal, () => [json: Uint8Array, protobuf: Uint8Array]]>([
    [
      'traces',
      () => [
        present(JsonTraceSerializer.serializeRequest(spans)),
        present(ProtobufTraceSerializer.serializeRequest(spans)),
      ],
    ],
    [
      'metrics',
      () => [
        present(JsonMetricsSerializer.serializeRequest(metrics)),
        present(ProtobufMetricsSerializer.serializeRequest(metrics)),
      ],
    ],
    [
      'logs',
      () => [
        present(JsonLogsSerializer.serializeRequest(logs)),
        present(ProtobufLogsSerializer.serializeRequest(logs)),
      ],
    ],
  ])('%s are what its OTLP/protobuf says', async (signal, serialize) => {
    const [json, protobuf] = serialize()
    const response = await fetch(`${receiver.url}/v1/${signal}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: json,
    })
    expect([response.status, await response.json()]).toEqual([200, {}])
    expect(decodeWithDefaults(signal, intake.taken[0].body)).toEqual(
      decodeWithDefaults(signal, protobuf),
    )
  })
})

function optionsFor(signal: Signal, compression: string) {
  // Its enum is exported by none of the packages that take it.
  return { url: `${receiver.url}/v1/${signal}`, compression: compression as never }
}

async function exported<Items>(
  exporter: {
    export(items: Items, done: (result: unknown) => void): void
    shutdown(): Promise<void>
  },
  items: Items,
): Promise<unknown> {
  const result = await new Promise((resolve) => exporter.export(items, resolve))
  await exporter.shutdown()
  return result
}

function present(bytes: Uint8Array | undefined): Uint8Array {
  if (!bytes) throw new Error('nothing was serialized')
  return bytes
}

const resource = resourceFromAttributes({ 'service.name': 'checkout', replicas: 3 })
const ATTRIBUTES = { text: 'zażółć 🛒', count: 2 ** 40, share: 0.5, ok: true, list: ['a', 'b'] }

async function makeSpans(): Promise<ReadableSpan[]> {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({
    resource,
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  })
  const tracer = provider.getTracer('shop', '1.2.3')
  for (let count = 0; count < 100; count++) {
    const span = tracer.startSpan(`order ${count}`, {
      kind: SpanKind.SERVER,
      attributes: ATTRIBUTES,
    })
    span.addEvent('paid', { amount: 12.5 })
    span.end()
  }
  await provider.forceFlush()
  return exporter.getFinishedSpans()
}

async function makeMetrics(): Promise<ResourceMetrics> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })
  const provider = new MeterProvider({ resource, readers: [reader] })
  const meter = provider.getMeter('shop')
  meter.createCounter('orders').add(3, { country: 'PL' })
  meter.createUpDownCounter('carts').add(-1.5)
  meter.createHistogram('duration').record(12)
  await provider.forceFlush()
  const [collected] = exporter.getMetrics()
  await provider.shutdown()
  return collected
}

async function makeLogs(): Promise<ReadableLogRecord[]> {
  const exporter = new InMemoryLogRecordExporter()
  const provider = new LoggerProvider({
    resource,
    processors: [new SimpleLogRecordProcessor({ exporter })],
  })
  const logger = provider.getLogger('shop')
  logger.emit({ severityNumber: SeverityNumber.WARN, body: 'no stock', attributes: ATTRIBUTES })
  logger.emit({ body: { nested: { list: [1, 'two', null] } }, eventName: 'stock.checked' })
  await provider.forceFlush()
  return exporter.getFinishedLogRecords()
}
