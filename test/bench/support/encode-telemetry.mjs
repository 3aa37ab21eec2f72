// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What the SDK hands to exporters, as a web shop would make it. URLs, ids and totals
// differ from item to item; hosts, routes and user agents come from short lists.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { ROOT_CONTEXT, ValueType } = require('@opentelemetry/api')
const { resourceFromAttributes } = require('@opentelemetry/resources')
const sdkLogs = require('@opentelemetry/sdk-logs')
const sdkMetrics = require('@opentelemetry/sdk-metrics')
const sdkTrace = require('@opentelemetry/sdk-trace')

const ROUTES = ['/', '/api/products/{id}', '/api/carts/{id}/items', '/api/checkout', '/healthz']
const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT']
const USER_AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0)',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6)',
  'shop-app/7.1.0',
]

const resource = resourceFromAttributes({
  'service.name': 'checkout',
  'service.version': '1.4.2',
  'host.name': 'ip-10-0-12-34.eu-west-1.compute.internal',
  'process.pid': 4711,
})

/** Ended spans of ten attributes and one event, about 550 bytes each as OTLP. */
export function makeSpans(count) {
  const exporter = new sdkTrace.InMemorySpanExporter()
  const provider = new sdkTrace.TracerProvider({
    resource,
    spanProcessors: [new sdkTrace.SimpleSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer('@opentelemetry/instrumentation-http', '0.223.0')
  for (let index = 0; index < count; index++) {
    const method = METHODS[index % METHODS.length]
    const route = ROUTES[index % ROUTES.length]
    const span = tracer.startSpan(`${method} ${route}`, { kind: index % 5 }, ROOT_CONTEXT)
    span.setAttributes({
      'http.request.method': method,
      'http.response.status_code': index % 17 === 0 ? 404 : 200,
      'url.full': `https://shop.example.com${route}?session=${(index * 7919).toString(36)}&n=${index}`,
      'server.address': 'shop.example.com',
      'server.port': 443,
      'user_agent.original': USER_AGENTS[index % USER_AGENTS.length],
      'app.cart.total': index * 1.25,
      'app.customer.vip': index % 3 === 0,
      'app.items': ['book', 'lamp'],
      'network.protocol.version': '1.1',
    })
    span.addEvent('cache.miss', { 'cache.key': `product-${index}`, 'cache.ttl': 30 })
    span.end()
  }
  return exporter.getFinishedSpans()
}

/** Log records of five attributes within a trace, with bodies that differ. */
export function makeLogRecords(count) {
  const exporter = new sdkLogs.InMemoryLogRecordExporter()
  const provider = new sdkLogs.LoggerProvider({
    resource,
    processors: [new sdkLogs.SimpleLogRecordProcessor({ exporter })],
  })
  const logger = provider.getLogger('winston', '3.17.0')
  for (let index = 0; index < count; index++) {
    const isWarning = index % 11 === 0
    logger.emit({
      severityNumber: isWarning ? 13 : 9,
      severityText: isWarning ? 'WARN' : 'INFO',
      body: `cart ${(index * 7919).toString(16)} checked out in ${index % 900} ms`,
      attributes: {
        'http.route': ROUTES[index % ROUTES.length],
        'app.cart.id': `cart-${index}`,
        'app.cart.total': index * 1.25,
        'app.customer.vip': index % 3 === 0,
        'thread.name': 'main',
      },
    })
  }
  return exporter.getFinishedLogRecords()
}

class ManualReader extends sdkMetrics.MetricReader {
  async onShutdown() {}
  async onForceFlush() {}
}

const INSTRUMENTS = {
  sums: (meter) => {
    const requests = meter.createCounter('http.server.requests', { valueType: ValueType.INT })
    const revenue = meter.createCounter('app.revenue', { unit: 'EUR', description: 'Paid' })
    return (value, attributes) => {
      requests.add(Math.ceil(value), attributes)
      revenue.add(value, attributes)
    }
  },
  gauges: (meter) => {
    const load = meter.createGauge('system.cpu.utilization', { unit: '1' })
    return (value, attributes) => load.record(value, attributes)
  },
  histograms: (meter) => {
    const durations = meter.createHistogram('http.server.request.duration', { unit: 's' })
    return (value, attributes) => durations.record(value, attributes)
  },
  'exponential histograms': (meter) => {
    const sizes = meter.createHistogram('http.server.response.size.exponential', { unit: 'By' })
    return (value, attributes) => sizes.record(100 * value, attributes)
  },
}

/** Collections of an app that has each instrument for each route, method and status. */
export async function makeMetrics(kinds, collections) {
  const reader = new ManualReader()
  const aggregation = { type: sdkMetrics.AggregationType.EXPONENTIAL_HISTOGRAM }
  const provider = new sdkMetrics.MeterProvider({
    resource,
    readers: [reader],
    views: [{ instrumentName: '*.exponential', aggregation }],
  })
  const meter = provider.getMeter('@opentelemetry/instrumentation-http', '0.223.0')
  const instruments = kinds.map((kind) => INSTRUMENTS[kind](meter))
  const collected = []
  for (let round = 1; round <= collections; round++) {
    for (let index = 0; index < 800; index++) {
      const value = ((index * 7919 * round) % 9973) / 10
      const attributes = attributesOf(index)
      for (const record of instruments) record(value, attributes)
    }
    collected.push((await reader.collect()).resourceMetrics)
  }
  await provider.shutdown()
  return collected
}

export const METRIC_KINDS = Object.keys(INSTRUMENTS)

function attributesOf(index) {
  return {
    'http.route': ROUTES[index % 5],
    'http.request.method': METHODS[(index >> 2) % 5],
    'http.response.status_code': [200, 201, 404, 500][index % 4],
    'server.address': 'shop.example.com',
  }
}
