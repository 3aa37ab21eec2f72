// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { SIGNALS } from '../../src/otlp/signal'
import { type Capture, startCapture } from '../../src/capture/start-capture'
import { MemoryStore } from '../../src/storage/memory-store'
import type { ObjectStore } from '../../src/storage/object-store'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { decodeIndependently, encodeIndependently } from '../support/independent-decoder'
import { type OtlpBackend, startOtlpBackend } from '../support/otlp-backend'
import { makeEncoded, readAll } from '../support/recording'
import { TroubledStore } from '../support/stores/troubled-store'

const SECRET = 'jane.doe@example.org'
const TOKEN = 'tok_4711_c0ffee'

let backend: OtlpBackend
beforeEach(async () => {
  backend = await startOtlpBackend()
})
afterEach(() => backend.close())

test('an app that writes secrets everywhere: the backend gets them, no object of the store has one', async () => {
  const store = new MemoryStore()
  const capture = startCapture({
    store,
    sessionId: 'redacted',
    redact: { attributeKeys: ['*.token'], values: [SECRET, /\b[\w.]+@example\.com\b/] },
  })
  await useTelemetry(capture, backend.url)
  const metadata = await capture.stop()

  const sent = SIGNALS.flatMap((signal) => backend.received[signal].map(String)).join('')
  expect(sent).toContain(SECRET)
  expect(sent).toContain(TOKEN)
  for (const [key, bytes] of await objectsIn(store)) {
    for (const secret of [SECRET, TOKEN, 'x@example.com']) {
      expect([key, bytes.includes(secret)]).toEqual([key, false])
    }
  }
  expect(metadata).toMatchObject({
    status: 'completed',
    capturedTraces: 2,
    capturedLogs: 3,
    capturedMetrics: 1,
    serviceNames: ['shop of [REDACTED]'],
  })
  expect(JSON.stringify(metadata)).not.toContain(SECRET)
})

test('all else is what the backend got, item by item', async () => {
  const store = new MemoryStore()
  const capture = startCapture({
    store,
    sessionId: 'same',
    redact: { attributeKeys: ['*.token'], values: [SECRET, /\b[\w.]+@example\.com\b/] },
  })
  await useTelemetry(capture, backend.url)
  await capture.stop()
  const stored = await readAll({ store, sessionId: 'same' })
  for (const signal of SIGNALS) {
    const sent = backend.received[signal].map((body) => decodeIndependently(signal, body))
    const kept = stored
      .filter((batch) => batch.signal === signal)
      .map(({ body }) => decodeIndependently(signal, body))
    expect(kept).toEqual(sent.map((request) => redacted(request)))
  }
})

/** What should be left, said in another way than the library does it. */
function redacted(value: unknown): unknown {
  if (Buffer.isBuffer(value)) {
    return value.includes(SECRET) ? Buffer.from('[REDACTED]') : value
  }
  if (typeof value === 'string') {
    return value.replaceAll(SECRET, '[REDACTED]').replaceAll('x@example.com', '[REDACTED]')
  }
  if (Array.isArray(value)) return value.map(redacted)
  if (typeof value !== 'object' || value === null) return value
  const { key } = value as { key?: string }
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => [
    name,
    name === 'value' && key?.endsWith('.token') ? { stringValue: '[REDACTED]' } : redacted(inner),
  ])
  return Object.fromEntries(entries)
}

test('a secret is not in the spool folder either, where a store that is down leaves things', async () => {
  const spoolFolder = await mkdtemp(join(tmpdir(), 'otel-tape-redacted-'))
  const capture = startCapture({
    store: new TroubledStore('down'),
    spoolFolder,
    compressionEnabled: false,
    stopTimeoutMillis: 1_000,
    redact: { values: [SECRET] },
  })
  capture.record('logs', () => makeEncoded('logs', { names: [`mail to ${SECRET}`] }))
  await capture.stop()
  const entries = await readdir(spoolFolder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const texts = await Promise.all(
    files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')),
  )
  expect(texts.join('')).toContain('mail to [REDACTED]')
  expect(texts.join('')).not.toContain(SECRET)
  await rm(spoolFolder, { recursive: true })
})

test('raw OTLP that can not be followed to its end is dropped, counted, and nowhere in the store', async () => {
  const store = new MemoryStore()
  const redact = { values: [/tok_\w+/] }
  const capture = startCapture({ store, sessionId: 'malformed', redact })
  const span = { name: TOKEN, attributes: [{ key: 'a', value: { stringValue: 'b' } }] }
  const body = Buffer.from(
    encodeIndependently('traces', { resourceSpans: [{ scopeSpans: [{ spans: [span, {}] }] }] }),
  )
  // The length of the attribute's value: what counts spans does not look there.
  body[body.indexOf('0a0162', 'hex') + 1] = 100
  await expect(capture.captureOTLPData(body, 'traces')).rejects.toMatchObject({
    reason: 'InvalidConfig',
  })
  capture.record('traces', () => ({ body, summary: { itemCount: 2, serviceNames: [] } }))
  const metadata = await capture.stop()
  expect(metadata.signals.traces).toMatchObject({ items: 0, droppedItems: 4, droppedBatches: 2 })
  for (const [, bytes] of await objectsIn(store)) expect(bytes.includes(TOKEN)).toBe(false)
})

test('without redaction and sampling raw OTLP is stored byte for byte, whatever lies in it', async () => {
  const store = new MemoryStore()
  const capture = startCapture({ store, sessionId: 'raw', redact: {}, sampling: { ratio: 1 } })
  const [body] = fc.sample(arbitraryRequestBytes('logs', { unknownFields: true }), 1)
  await capture.captureOTLPData(body, 'logs')
  await capture.stop()
  const [batch] = await readAll({ store, sessionId: 'raw' })
  expect(Buffer.compare(batch.body, body)).toBe(0)
})

async function objectsIn(store: ObjectStore): Promise<[key: string, content: Buffer][]> {
  const objects: [string, Buffer][] = []
  for await (const { key } of store.list('')) {
    const { body } = await store.get(key)
    objects.push([key, Buffer.concat([Buffer.from(body), inflated(body), Buffer.from(key)])])
  }
  expect(objects.length).toBeGreaterThan(1)
  return objects
}

function inflated(body: Uint8Array): Buffer {
  return body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : Buffer.alloc(0)
}

async function useTelemetry(capture: Capture, url: string): Promise<void> {
  const { traces, metrics, logs } = capture.otlpExporters({ url })
  const resource = resourceFromAttributes({
    'service.name': `shop of ${SECRET}`,
    'host.token': [TOKEN, TOKEN],
  })
  const tracers = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: traces })],
  })
  const tracer = tracers.getTracer(`scope of ${SECRET}`, SECRET, { schemaUrl: `x:/${SECRET}` })
  const parent = tracer.startSpan(`GET /${SECRET}`, {}, ROOT_CONTEXT)
  parent.setAttributes({
    'http.token': TOKEN,
    mail: `${SECRET}, x@example.com`,
    [SECRET]: [SECRET],
  })
  parent.addEvent(SECRET, { 'event.token': 7, mail: SECRET })
  const child = tracer.startSpan(
    'child',
    { links: [{ context: parent.spanContext(), attributes: { 'link.token': TOKEN, a: SECRET } }] },
    trace.setSpan(ROOT_CONTEXT, parent),
  )
  child.recordException(new Error(SECRET))
  child.setStatus({ code: SpanStatusCode.ERROR, message: `no mail for ${SECRET}` })
  child.end()
  parent.end()
  await tracers.shutdown()

  const loggers = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: logs })],
  })
  const logger = loggers.getLogger('shop')
  logger.emit({ body: `mail to ${SECRET}`, severityText: SECRET, attributes: { 'a.token': TOKEN } })
  logger.emit({ body: { deep: [{ 'x.token': { y: TOKEN } }, SECRET] }, eventName: SECRET })
  logger.emit({ body: Buffer.from(`\u0001${SECRET}\u00ff`) })
  await loggers.shutdown()

  const meters = new MeterProvider({
    resource,
    readers: [new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 1e6 })],
  })
  const meter = meters.getMeter(SECRET)
  const counter = meter.createCounter('mails', { description: `of ${SECRET}`, unit: SECRET })
  counter.add(3, { to: SECRET, 'to.token': TOKEN })
  await meters.shutdown()
}
