// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What capturing costs: CPU of making, batching and exporting the same telemetry to the
// same local sink, by the SDK's plain OTLP/proto exporter, by that exporter wrapped, and
// by our own exporter, which serialises once for the wire and the store.

import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { makeSpans } from './support/bench-spans.mjs'
import { countEntries } from './support/count-entries.mjs'
import { cpuSeconds, defineBench, medianOf, medianRatio, requireDist } from './support/harness.mjs'
import { startSink } from './support/otlp-sink.mjs'

const require = createRequire(import.meta.url)
const SIGNAL_NAMES = ['traces', 'logs', 'metrics']
const TARGETS = { captured: 1.3, own: 0.9 }
const SPANS_PER_TURN = 2048
const SERIES_PER_METRIC = 50

export default defineBench({
  title: 'CPU that capturing adds to making, batching and exporting',
  options: { items: 200_000, warmUpItems: 50_000, rounds: 3 },
  sides: Object.fromEntries(
    SIGNAL_NAMES.flatMap((signal) =>
      kinds().map((kind) => [`${signal}: ${kind}`, (options) => measure(signal, kind, options)]),
    ),
  ),
  report: (measured) => {
    const rows = Object.entries(measured).map(([side, samples]) => [
      side,
      medianOf(samples, 'cpuMicrosPerItem').toFixed(2),
      medianOf(samples, 'wireBytesPerItem').toFixed(0),
      medianOf(samples, 'storedBytesPerItem').toFixed(1),
    ])
    const figures = SIGNAL_NAMES.flatMap((signal) => {
      const plain = measured[`${signal}: plain`]
      return kinds()
        .slice(1)
        .map((kind) => ({
          name: `${signal}, ${kind} : plain`,
          value: medianRatio(measured[`${signal}: ${kind}`], plain, 'cpuSeconds'),
          atMost: TARGETS[kind],
        }))
    })
    const columns = ['side', 'CPU µs an item', 'bytes an item on the wire', 'and stored']
    return { tables: [{ columns, rows }], figures, notes: NOTES }
  },
})

const NOTES = [
  'plain: the SDK exporter; captured: the same, wrapped; own: capture.otlpExporters()',
  'items are spans, log records and data points, 512 a batch (all of a reader for metrics)',
  'CPU is of all threads: making the items, batching, exporting, compressing, storing in a folder',
]

/** Of older builds, which had no exporters of their own, only the wrapped one is measured. */
function kinds() {
  const options = { dist: { type: 'string', default: join(import.meta.dirname, '../../dist') } }
  const { dist } = parseArgs({ options, strict: false }).values
  const hasOwn = existsSync(resolve(dist, 'capture/otlp-exporters.js'))
  return hasOwn ? ['plain', 'captured', 'own'] : ['plain', 'captured']
}

async function measure(signal, kind, { dist, items, warmUpItems }) {
  const folder = mkdtempSync(join(tmpdir(), 'otel-tape-bench-'))
  const sink = await startSink()
  const setting = { signal, kind, folder, url: sink.url, tape: requireDist({ dist }) }
  try {
    await run(setting, warmUpItems, 'warm-up')
    await sink.take()
    const seconds = await cpuSeconds(() => run(setting, items, 'measured'))
    const arrived = await sink.take()
    const stored = kind === 'plain' ? undefined : countStored(folder, signal)
    if (stored && stored.entries !== arrived[signal]) {
      throw new Error(`${arrived[signal]} ${signal} arrived, ${stored.entries} are stored`)
    }
    return {
      items: arrived[signal],
      cpuSeconds: seconds,
      cpuMicrosPerItem: (seconds / items) * 1e6,
      wireBytesPerItem: arrived.bytes / items,
      storedBytesPerItem: (stored?.bytes ?? 0) / items,
    }
  } finally {
    sink.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What lies in the folder, as any gunzip sees it. */
function countStored(folder, signal) {
  const raw = join(folder, 'sessions/measured/raw')
  const segments = readdirSync(raw, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.startsWith(signal))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
  return {
    bytes: segments.reduce((sum, { length }) => sum + length, 0),
    entries: segments.reduce((sum, segment) => sum + countEntries(gunzipSync(segment)), 0),
  }
}

async function run({ signal, kind, folder, url, tape }, items, sessionId) {
  const capture =
    kind === 'plain' ? undefined : tape.startCapture({ store: folder, sessionId, maxSizeMB: 0 })
  const { createExporter, wrap, produce } = SIGNALS[signal]
  const exporter =
    kind === 'own'
      ? capture.otlpExporters({ url })[signal]
      : kind === 'captured'
        ? wrap(capture, createExporter(url))
        : createExporter(url)
  await produce(exporter, items)
  await capture?.stop()
}

const SIGNALS = {
  traces: {
    createExporter: (url) => {
      const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto')
      return new OTLPTraceExporter({ url: `${url}/v1/traces` })
    },
    wrap: (capture, inner) => capture.spanExporter(inner),
    produce: produceSpans,
  },
  logs: {
    createExporter: (url) => {
      const { OTLPLogExporter } = require('@opentelemetry/exporter-logs-otlp-proto')
      return new OTLPLogExporter({ url: `${url}/v1/logs` })
    },
    wrap: (capture, inner) => capture.logRecordExporter(inner),
    produce: produceLogRecords,
  },
  metrics: {
    createExporter: (url) => {
      const { OTLPMetricExporter } = require('@opentelemetry/exporter-metrics-otlp-proto')
      return new OTLPMetricExporter({ url: `${url}/v1/metrics` })
    },
    wrap: (capture, inner) => capture.metricExporter(inner),
    produce: produceMetrics,
  },
}

async function produceSpans(exporter, count) {
  const { BatchSpanProcessor, TracerProvider } = require('@opentelemetry/sdk-trace')
  const processor = new BatchSpanProcessor({ exporter, maxQueueSize: 2 * SPANS_PER_TURN })
  const provider = new TracerProvider({ resource: resource(), spanProcessors: [processor] })
  const tracer = provider.getTracer('bench')
  for (let made = 0; made < count; made += SPANS_PER_TURN) {
    makeSpans(tracer, Math.min(SPANS_PER_TURN, count - made))
    await provider.forceFlush()
  }
  await provider.shutdown()
}

async function produceLogRecords(exporter, count) {
  const { BatchLogRecordProcessor, LoggerProvider } = require('@opentelemetry/sdk-logs')
  const processor = new BatchLogRecordProcessor({ exporter, maxQueueSize: 2 * SPANS_PER_TURN })
  const provider = new LoggerProvider({ resource: resource(), processors: [processor] })
  const logger = provider.getLogger('bench')
  for (let made = 0; made < count; made += SPANS_PER_TURN) {
    for (let index = 0; index < Math.min(SPANS_PER_TURN, count - made); index++) {
      logger.emit({
        severityNumber: 9,
        severityText: 'INFO',
        body: `order ${made + index} was accepted after ${index % 97} ms`,
        attributes: {
          'order.id': made + index,
          'order.total': index / 7,
          'customer.tier': 'gold',
          'code.function.name': 'acceptOrder',
        },
      })
    }
    await provider.forceFlush()
  }
  await provider.shutdown()
}

async function produceMetrics(exporter, count) {
  const { MeterProvider, PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics')
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })
  const provider = new MeterProvider({ resource: resource(), readers: [reader] })
  const meter = provider.getMeter('bench')
  const requests = meter.createCounter('http.server.requests')
  const inFlight = meter.createGauge('http.server.in_flight')
  const duration = meter.createHistogram('http.server.request.duration', { unit: 's' })
  for (let points = 0; points < count; points += 3 * SERIES_PER_METRIC) {
    for (let series = 0; series < SERIES_PER_METRIC; series++) {
      const attributes = { 'http.route': `/api/${series}`, 'http.response.status_code': 200 }
      requests.add(1 + (series % 3), attributes)
      inFlight.record((points + series) % 17, attributes)
      duration.record(((points + series) % 1000) / 1000, attributes)
    }
    await provider.forceFlush()
  }
  await provider.shutdown()
}

function resource() {
  const { resourceFromAttributes } = require('@opentelemetry/resources')
  return resourceFromAttributes({ 'service.name': 'bench' })
}
