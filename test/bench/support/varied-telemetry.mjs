// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const START_MILLIS = Date.UTC(2026, 0, 1)
const SERVICES = ['frontend', 'cart', 'payment', 'checkout', 'recommendation']
const HTTP_METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE']
const ROUTES = ['/api/products/{id}', '/api/cart', '/api/orders/{id}/items', '/login', '/search']
const STATUS_CODES = [200, 200, 200, 200, 201, 204, 304, 404, 500]
const TABLES = ['products', 'orders', 'customers', 'sessions']

/**
 * Telemetry as differing as that of a few services under load: random ids, durations, paths,
 * amounts and users; the same in every run. What makes it compress is what makes real
 * telemetry compress: names, keys, routes.
 */
export function variedSpans(count) {
  const random = seededRandom(count)
  const {
    InMemorySpanExporter,
    SimpleSpanProcessor,
    TracerProvider,
  } = require('@opentelemetry/sdk-trace')
  const exporter = new InMemorySpanExporter()
  const tracers = SERVICES.map((service) =>
    new TracerProvider({
      resource: resourceOf(service, random),
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
      idGenerator: { generateTraceId: () => random.hex(16), generateSpanId: () => random.hex(8) },
    }).getTracer(`${service}-instrumentation`, '1.4.2'),
  )
  for (let made = 0; made < count;) {
    // As a batch processor gets them: a service's spans of one trace, then others.
    const tracer = random.oneOf(tracers)
    const size = Math.min(1 + random.below(8), count - made)
    makeTrace(tracer, size, START_MILLIS + made / 5, random)
    made += size
  }
  return exporter.getFinishedSpans()
}

function makeTrace(tracer, size, startMillis, random) {
  const { ROOT_CONTEXT, trace } = require('@opentelemetry/api')
  const route = random.oneOf(ROUTES)
  const method = random.oneOf(HTTP_METHODS)
  let context = ROOT_CONTEXT
  let at = startMillis + random.next() * 3
  for (let depth = 0; depth < size; depth++) {
    const isServer = depth === 0
    const name = isServer ? `${method} ${route}` : `SELECT shop.${random.oneOf(TABLES)}`
    const options = { kind: isServer ? 1 : 2, startTime: at }
    const span = tracer.startSpan(name, options, context)
    span.setAttributes(isServer ? httpAttributes(method, route, random) : dbAttributes(random))
    if (random.below(10) === 0) {
      const event = { 'exception.type': 'TimeoutError', 'exception.message': random.hex(12) }
      span.addEvent('exception', event, at + random.next())
      span.setStatus({ code: 2, message: `upstream took ${random.below(5000)} ms` })
    }
    span.end(at + random.next() ** 3 * 400)
    context = trace.setSpan(context, span)
    at += random.next()
  }
}

function httpAttributes(method, route, random) {
  return {
    'http.request.method': method,
    'http.response.status_code': random.oneOf(STATUS_CODES),
    'http.route': route,
    'url.path': route.replace('{id}', String(random.below(100_000))),
    'url.scheme': 'https',
    'server.address': 'shop.example.com',
    'client.address': `10.${random.below(4)}.${random.below(256)}.${random.below(256)}`,
    'user_agent.original': `Mozilla/5.0 (X11; Linux x86_64; rv:${100 + random.below(40)}.0)`,
    'enduser.id': random.hex(16),
    'app.cart.total': random.below(100_000) / 100,
  }
}

function dbAttributes(random) {
  const table = random.oneOf(TABLES)
  return {
    'db.system.name': 'postgresql',
    'db.namespace': 'shop',
    'db.query.text': `SELECT * FROM ${table} WHERE id = $1 LIMIT ${10 * (1 + random.below(5))}`,
    'db.response.returned_rows': random.below(50),
    'server.address': `postgres-${random.below(3)}.internal`,
    'server.port': 5432,
    'thread.id': random.below(64),
  }
}

/** Log records, as an SDK hands them to its exporter. */
export function variedLogRecords(count) {
  const random = seededRandom(count)
  const {
    InMemoryLogRecordExporter,
    LoggerProvider,
    SimpleLogRecordProcessor,
  } = require('@opentelemetry/sdk-logs')
  const exporter = new InMemoryLogRecordExporter()
  const loggers = SERVICES.map((service) =>
    new LoggerProvider({
      resource: resourceOf(service, random),
      processors: [new SimpleLogRecordProcessor({ exporter })],
    }).getLogger(`${service}-logger`),
  )
  for (let made = 0; made < count; made++) {
    const isError = random.below(12) === 0
    random.oneOf(loggers).emit({
      timestamp: START_MILLIS + made / 3 + random.next(),
      severityNumber: isError ? 17 : 9,
      severityText: isError ? 'ERROR' : 'INFO',
      body: `order ${random.hex(8)} of ${random.below(9)} items took ${random.below(900)} ms`,
      attributes: {
        'enduser.id': random.hex(16),
        'code.function.name': random.oneOf(['acceptOrder', 'chargeCard', 'shipOrder']),
        'order.total': random.below(100_000) / 100,
      },
    })
  }
  return exporter.getFinishedLogRecords()
}

/** `ResourceMetrics` of one collection after another, of 3 data points for each series. */
export async function variedMetrics(collections, series = 50) {
  const random = seededRandom(collections)
  const { MeterProvider, MetricReader } = require('@opentelemetry/sdk-metrics')
  class Reader extends MetricReader {
    onForceFlush = async () => undefined
    onShutdown = async () => undefined
  }
  const reader = new Reader()
  const provider = new MeterProvider({ resource: resourceOf('cart', random), readers: [reader] })
  const meter = provider.getMeter('bench')
  const requests = meter.createCounter('http.server.requests')
  const memory = meter.createGauge('process.memory.usage', { unit: 'By' })
  const duration = meter.createHistogram('http.server.request.duration', { unit: 's' })
  const collected = []
  for (let collection = 0; collection < collections; collection++) {
    for (let index = 0; index < series; index++) {
      const attributes = { 'http.route': `/api/${index}`, 'http.request.method': 'GET' }
      requests.add(random.below(1000), attributes)
      memory.record(random.below(2 ** 30), attributes)
      for (let left = 5; left > 0; left--) duration.record(random.next() ** 3 * 4, attributes)
    }
    collected.push((await reader.collect()).resourceMetrics)
  }
  await provider.shutdown()
  return collected
}

function resourceOf(service, random) {
  const { resourceFromAttributes } = require('@opentelemetry/resources')
  return resourceFromAttributes({
    'service.name': service,
    'service.version': '2.3.0',
    'service.instance.id': random.hex(16),
    'deployment.environment.name': 'production',
    'host.name': `node-${random.below(20)}`,
    'telemetry.sdk.language': 'nodejs',
  })
}

/** Mulberry32: small, and the same numbers on every machine. */
function seededRandom(seed) {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit) => Math.floor(next() * limit)
  const hex = (bytes) =>
    Array.from({ length: bytes }, () => below(256).toString(16).padStart(2, '0')).join('')
  return { next, below, hex, oneOf: (list) => list[below(list.length)] }
}
