// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  context,
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  ValueType,
  type Meter,
} from '@opentelemetry/api'
import { SeverityNumber } from '@opentelemetry/api-logs'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
  type ReadableLogRecord,
} from '@opentelemetry/sdk-logs'
import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  MetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace'

// Telemetry that the real SDK made, with everything its API lets one say.

const REMOTE_PARENT = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
  traceState: createTraceState('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'),
}

export async function realSpans(): Promise<ReadableSpan[]> {
  const checkout = await spansOf('checkout', 'https://opentelemetry.io/schemas/1.30.0')
  const payment = await spansOf('payment', undefined)
  // Interleaved, so that grouping has something to do.
  return checkout.flatMap((span, index) => [span, payment[index]])
}

async function spansOf(service: string, schemaUrl: string | undefined): Promise<ReadableSpan[]> {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({
    resource: resourceFromAttributes(
      { 'service.name': service, 'process.pid': 4711, 'host.up': true, 'process.args': ['a', 'b'] },
      schemaUrl === undefined ? undefined : { schemaUrl },
    ),
    spanLimits: { attributeCountLimit: 9, eventCountLimit: 2, linkCountLimit: 2 },
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  })
  const http = provider.getTracer('http', '0.223.0', { schemaUrl: 'https://example.com/scope' })
  const bare = provider.getTracer('')
  for (const kind of [SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT, SpanKind.PRODUCER]) {
    http.startSpan(`kind ${kind}`, { kind }).end()
    bare.startSpan('').end()
  }
  fullSpan(http)
  await provider.forceFlush()
  const spans = exporter.getFinishedSpans()
  await provider.shutdown()
  return spans
}

function fullSpan(tracer: ReturnType<TracerProvider['getTracer']>): void {
  const parent = trace.setSpanContext(ROOT_CONTEXT, REMOTE_PARENT)
  const link = { context: REMOTE_PARENT, attributes: { 'link.kind': 'follows', n: 1 } }
  const local = { traceId: REMOTE_PARENT.traceId, spanId: '00f067aa0ba902b7', traceFlags: 0 }
  const span = tracer.startSpan(
    'PUT /warenkörbe/{id} 🛒',
    {
      kind: SpanKind.CONSUMER,
      links: [link, { context: local }, link],
      startTime: [1_700_000_000, 1],
    },
    parent,
  )
  span.setAttributes({
    text: 'grüße, 世界 🌍',
    '': '',
    long: 'x'.repeat(5_000),
    longer: 'ü'.repeat(5_000),
    int: 42,
    negative: -1,
    big: Number.MAX_SAFE_INTEGER,
    double: 0.1,
    list: ['a', null, undefined, 'b'],
  })
  span.setAttribute('one too many', true)
  span.addEvent('', {}, [1_700_000_000, 2])
  span.addEvent('exception', { 'exception.type': 'RangeError', ok: false }, [1_700_000_001, 0])
  span.addEvent('one too many')
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'out of stock' })
  span.end([1_700_000_002, 999_999_999])
  context.with(trace.setSpan(ROOT_CONTEXT, span), () => {
    const child = tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, span))
    child.setAttributes({
      nan: NaN,
      infinity: -Infinity,
      minusZero: -0,
      twoTo63: 2 ** 63,
      minusTwoTo63: -(2 ** 63),
      beyondSafe: 2 ** 60,
      tiny: Number.MIN_VALUE,
      doubles: [1, 1.5, -2],
    })
    child.setStatus({ code: SpanStatusCode.OK })
    child.end()
  })
}

class ManualReader extends MetricReader {
  protected override onShutdown(): Promise<void> {
    return Promise.resolve()
  }
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve()
  }
}

/** Three collections by two readers, delta and cumulative, of every kind of instrument. */
export async function realMetrics(): Promise<ResourceMetrics[]> {
  const readers = [AggregationTemporality.DELTA, AggregationTemporality.CUMULATIVE].map(
    (temporality) => new ManualReader({ aggregationTemporalitySelector: () => temporality }),
  )
  const provider = new MeterProvider({
    resource: resourceFromAttributes(
      { 'service.name': 'checkout' },
      { schemaUrl: 'https://opentelemetry.io/schemas/1.30.0' },
    ),
    readers,
    views: [
      {
        instrumentName: '*.exponential',
        aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
      },
      {
        instrumentName: 'sizes.without.extremes',
        aggregation: {
          type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
          options: { recordMinMax: false, boundaries: [] },
        },
      },
    ],
  })
  const record = instruments(provider.getMeter('meter', '1.2.3', { schemaUrl: 'https://scope' }))
  instruments(provider.getMeter('other meter'))()
  const collected: ResourceMetrics[] = []
  for (let round = 0; round < 3; round++) {
    record()
    for (const reader of readers) collected.push((await reader.collect()).resourceMetrics)
  }
  await provider.shutdown()
  return collected
}

function instruments(meter: Meter): () => void {
  const int = { valueType: ValueType.INT }
  const requests = meter.createCounter('requests', { ...int, unit: '1', description: 'done' })
  const spent = meter.createCounter('spent', { unit: 'EUR' })
  const open = meter.createUpDownCounter('open', int)
  const level = meter.createGauge('level')
  const durations = meter.createHistogram('durations', { unit: 'ms' })
  const exponential = meter.createHistogram('sizes.exponential')
  const noExtremes = meter.createHistogram('sizes.without.extremes')
  meter.createObservableCounter('o.counter', int).addCallback((r) => r.observe(7, { a: 1 }))
  meter.createObservableGauge('o.gauge').addCallback((r) => r.observe(NaN, { b: ['x', 'y'] }))
  meter.createObservableUpDownCounter('o.updown', int).addCallback((r) => r.observe(-(2 ** 40)))
  let round = 0
  return () => {
    round++
    requests.add(round, { route: '/', method: 'GET' })
    requests.add(2 ** 40, { route: '/ü' })
    spent.add(0.1 * round)
    open.add(-3)
    level.record(-0.5, { room: 'cellar' })
    for (const value of [0, 1, 7.5, 99, 1e4, 1e7]) {
      durations.record(value * round, { route: '/' })
      exponential.record(value * round, { route: '/' })
      noExtremes.record(value)
    }
  }
}

export function realLogRecords(): ReadableLogRecord[] {
  const exporter = new InMemoryLogRecordExporter()
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ 'service.name': 'checkout' }),
    logRecordLimits: { attributeCountLimit: 6 },
    processors: [new SimpleLogRecordProcessor({ exporter })],
  })
  const logger = provider.getLogger('winston', '3.0.0', {
    schemaUrl: 'https://scope',
    attributes: { 'scope.attribute': 'yes' },
  })
  for (const body of BODIES) logger.emit({ body })
  logger.emit({ severityNumber: SeverityNumber.WARN3, severityText: 'warning', body: 'careful' })
  logger.emit({
    eventName: 'user.login',
    context: trace.setSpanContext(ROOT_CONTEXT, REMOTE_PARENT),
    timestamp: [1_700_000_000, 1],
    observedTimestamp: [1_700_000_000, 2],
    attributes: {
      map: { nested: { deeper: [1, 'two', [3], { four: null }] } },
      bytes: new Uint8Array([0, 127, 128, 255]),
      mixed: [1, 'two', null, true],
      empty: {},
      none: [],
      text: 'ok',
      'one too many': 1,
    },
  })
  provider.getLogger('').emit({ body: 'without a scope name' })
  return exporter.getFinishedLogRecords()
}

const BODIES = [
  'text',
  '',
  'grüße 🌍',
  1,
  -1,
  0.5,
  2 ** 53,
  true,
  false,
  new Uint8Array([1, 2, 3]),
  new Uint8Array(),
  ['a', 1, null, undefined, [true], { b: 2 }],
  [],
  { a: { b: { c: [] } }, d: undefined, e: null, '': 0 },
  {},
  null,
  undefined,
]

/** The same object with some properties replaced, by values its type may not allow. */
export function variantOf<T extends object>(
  original: T,
  replaced: Partial<Record<keyof T, unknown>>,
): T {
  const descriptors = Object.fromEntries(
    Object.entries(replaced).map(([name, value]) => [name, { value, enumerable: true }]),
  )
  return Object.create(original, descriptors) as T
}
