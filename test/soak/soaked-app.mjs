// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// The process that is soaked. Again and again it captures an app's telemetry into a store that
// fails, receives what the app exports, and replays what was captured to a target that fails.
// It tells its parent what it did, and how it feels, and judges nothing itself.

import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

const require = createRequire(import.meta.url)
const { MinioStore, createOtlpReceiver, startCapture, startReplay } = require('../../dist')
const { OTLPLogExporter } = require('@opentelemetry/exporter-logs-otlp-proto')
const { OTLPMetricExporter } = require('@opentelemetry/exporter-metrics-otlp-proto')
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto')
const { BatchLogRecordProcessor, LoggerProvider } = require('@opentelemetry/sdk-logs')
const { MeterProvider, PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics')
const { BatchSpanProcessor, TracerProvider } = require('@opentelemetry/sdk-trace')

const { store: storeOptions, targetUrl, folder, loadSeconds } = JSON.parse(process.argv[2])

const TICK_MILLIS = 10
const SPANS_PER_TICK = 20
const LOGS_PER_TICK = 10
const PROCESSOR = { maxQueueSize: 8192, scheduledDelayMillis: 200 }
const ADJUSTMENTS = ['none', 'relative', 'current']

const store = new MinioStore(storeOptions)
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()

process.on('disconnect', () => process.exit())
for (let round = 1; await ask({ event: 'next' }); round++) {
  tell({ event: 'captured', ...(await capture(round)) })
  tell({ event: 'replayed', ...(await replay(round)) })
  // Twice: the first finds what finalisers let go of.
  globalThis.gc()
  await sleep(200)
  globalThis.gc()
  tell({ event: 'rested', ...feeling() })
  delay.reset()
}
await store.close()
process.disconnect()

/** One session of an app under load, and one of a receiver in the same process. */
async function capture(round) {
  const sessionId = `soak-${round}`
  const receiver = await createOtlpReceiver({
    ...{ http: '127.0.0.1:0', grpc: 'off', store, sessionId: `${sessionId}-received` },
    ...{ writeAheadFolder: folder, flushIntervalMillis: 1_000, stopTimeoutMillis: 60_000 },
  })
  const running = startCapture({
    ...{ store, sessionId, flushIntervalMillis: 1_000, stopTimeoutMillis: 60_000 },
    // What some seconds without a store fill, so that batches are dropped, too.
    maxQueueBytes: 512 * 1024,
  })
  const { exporters, exported, acknowledged } = watched(running, receiver.httpUrl)
  await load(exporters)
  await ask({ event: 'settle' })
  const metadata = await running.stop()
  const received = receiver.status().received
  const [receivedMetadata] = await receiver.stop()
  return { sessionId, exported, acknowledged, metadata, received, receivedMetadata }
}

/** Exporters that count what they are given, and what their backend took of it. */
function watched(running, url) {
  const exported = { traces: 0, metrics: 0, logs: 0 }
  const acknowledged = { traces: 0, metrics: 0, logs: 0 }
  const counting = (signal, count, exporter) => {
    const send = exporter.export.bind(exporter)
    exporter.export = (items, done) => {
      exported[signal] += count(items)
      send(items, (result) => {
        if (result.code === 0) acknowledged[signal] += count(items)
        done(result)
      })
    }
    return exporter
  }
  // Wrapped ones and one of our own: both ways lead into the session.
  const traces = running.spanExporter(new OTLPTraceExporter({ url: `${url}/v1/traces` }))
  const metrics = running.metricExporter(new OTLPMetricExporter({ url: `${url}/v1/metrics` }))
  const { logs } = running.otlpExporters({ url })
  const exporters = {
    traces: counting('traces', (spans) => spans.length, traces),
    metrics: counting('metrics', pointsOf, metrics),
    logs: counting('logs', (records) => records.length, logs),
  }
  return { exporters, exported, acknowledged }
}

function pointsOf({ scopeMetrics }) {
  return scopeMetrics.flatMap(({ metrics }) => metrics.flatMap((one) => one.dataPoints)).length
}

async function load({ traces, metrics, logs }) {
  const tracing = new TracerProvider({
    spanProcessors: [new BatchSpanProcessor({ exporter: traces, ...PROCESSOR })],
  })
  const metering = new MeterProvider({
    readers: [
      new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 1_000 }),
    ],
  })
  const logging = new LoggerProvider({
    processors: [new BatchLogRecordProcessor({ exporter: logs, ...PROCESSOR })],
  })
  const tracer = tracing.getTracer('soak')
  const counter = metering.getMeter('soak').createCounter('orders')
  const logger = logging.getLogger('soak')
  for (let tick = 0; tick < (loadSeconds * 1_000) / TICK_MILLIS; tick++) {
    for (let index = 0; index < SPANS_PER_TICK; index++) {
      const attributes = { tick, index, 'url.path': `/orders/${tick}/${Math.random()}` }
      tracer.startSpan('GET /orders/{id}', { attributes }).end()
    }
    for (let index = 0; index < LOGS_PER_TICK; index++) {
      logger.emit({ body: `order ${tick} was placed, number ${Math.random()}` })
    }
    counter.add(1)
    await sleep(TICK_MILLIS)
  }
  await Promise.all([tracing.shutdown(), metering.shutdown(), logging.shutdown()])
}

async function replay(round) {
  const running = startReplay({
    ...{ store, sessionId: `soak-${round}`, targetEndpoint: targetUrl, speedMultiplier: Infinity },
    timestampAdjustment: ADJUSTMENTS[round % ADJUSTMENTS.length],
  })
  const status = await running.finished
  return { status }
}

function feeling() {
  return {
    residentBytes: process.memoryUsage.rss(),
    heapBytes: process.memoryUsage().heapUsed,
    openFiles: readdirSync('/proc/self/fd').length,
    activeResources: process.getActiveResourcesInfo().length,
    delayP99Millis: delay.percentile(99) / 1e6,
  }
}

function tell(message) {
  process.send(message)
}

async function ask(message) {
  tell(message)
  const [answer] = await once(process, 'message')
  return answer
}
