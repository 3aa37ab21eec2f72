// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setImmediate as turn } from 'node:timers/promises'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { OtlpExporterOptions } from '../../src/capture/otlp-exporter-options'
import { CaptureError } from '../../src/capture/capture-error'
import { startCapture } from '../../src/capture/start-capture'
import type { ExportResult, ReadableSpan } from '../../src/otlp/sdk-types'
import { MemoryStore } from '../../src/storage/memory-store'
import { realLogRecords, realMetrics, realSpans } from '../otlp-sdk/real-telemetry'
import { collectWarnings } from '../support/collect-warnings'
import { readAll } from '../support/recording'
import { type Trouble, TroubledStore } from '../support/stores/troubled-store'
import {
  type ScriptedBackend,
  closedPort,
  exported,
  ok,
  openScriptedBackend,
} from './otlp-exporter-backend'

let backend: ScriptedBackend
let spans: ReadableSpan[]
beforeAll(async () => {
  spans = await realSpans()
})
beforeEach(async () => {
  backend = await openScriptedBackend()
})
afterEach(() => backend[Symbol.asyncDispose]())

async function storedHex(store: MemoryStore, sessionId: string): Promise<string[]> {
  const batches = await readAll({ store, sessionId })
  return batches.map(({ body }) => Buffer.from(body).toString('hex'))
}

test('what the backend refuses, does not answer and never sees is recorded all the same', async () => {
  const store = new MemoryStore()
  const capture = startCapture({ store, sessionId: 'alone' })
  const nobody = capture.otlpExporters({ url: await closedPort(), timeoutMillis: 100 })
  const somebody = capture.otlpExporters({ url: backend.url, timeoutMillis: 100 })
  const [collection] = await realMetrics()
  backend.answer = (response, { url }) =>
    url === '/v1/metrics' ? undefined : response.writeHead(400).end()
  const results = [
    await exported(nobody.traces, spans),
    await exported(somebody.metrics, collection),
    await exported(somebody.logs, realLogRecords()),
  ]
  const metadata = await capture.stop()
  expect(results.map(({ code, error }) => [code, (error as { reason?: string }).reason])).toEqual([
    [1, 'Unanswered'],
    [1, 'Unanswered'],
    [1, 'Refused'],
  ])
  expect(metadata).toMatchObject({ status: 'completed', capturedTraces: spans.length })
  expect(metadata.capturedLogs).toBe(realLogRecords().length)
  expect(metadata.capturedMetrics).toBeGreaterThan(0)
})

test.each<Trouble>(['down', 'hanging', 'full'])(
  'with a store that is %s, the backend gets everything at once',
  async (trouble) => {
    using warnings = collectWarnings()
    const store = new TroubledStore(trouble)
    const capture = startCapture({ store, sessionId: 'trouble', stopTimeoutMillis: 100 })
    const { traces } = capture.otlpExporters({ url: backend.url })
    for (let count = 0; count < 20; count++) {
      expect(await exported(traces, spans)).toEqual({ code: 0 })
    }
    expect((await capture.stop()).status).toBe('failed')
    expect(backend.requests).toHaveLength(20)
    expect(warnings.lines.length).toBeLessThanOrEqual(2)
  },
)

test('after stop() they go on to the backend, and nothing is recorded', async () => {
  const store = new MemoryStore()
  const capture = startCapture({ store, sessionId: 'stopped' })
  const { traces } = capture.otlpExporters({ url: backend.url })
  expect(await exported(traces, spans)).toEqual({ code: 0 })
  await capture.stop()
  expect(await exported(traces, spans.slice(1))).toEqual({ code: 0 })
  expect(backend.requests).toHaveLength(2)
  const [{ body }] = backend.requests
  expect(await storedHex(store, 'stopped')).toEqual([body.toString('hex')])
})

test('of a session that was refused, and of a signal that is not captured, the backend hears', async () => {
  const records = realLogRecords()
  using warnings = collectWarnings()
  const store = new MemoryStore()
  await startCapture({ store, sessionId: 'done' }).stop()
  const refused = startCapture({ store, sessionId: 'done' })
  await expect(refused.ready).rejects.toMatchObject({ reason: 'SessionCompleted' })
  const { traces } = refused.otlpExporters({ url: backend.url })
  expect(await exported(traces, spans)).toEqual({ code: 0 })
  await refused.stop()

  const partial = startCapture({ store, sessionId: 'partial', captureLogs: false })
  const { logs } = partial.otlpExporters({ url: backend.url })
  expect(await exported(logs, records)).toEqual({ code: 0 })
  expect(await partial.stop()).toMatchObject({ capturedLogs: 0 })
  expect(backend.requests.map(({ url }) => url)).toEqual(['/v1/traces', '/v1/logs'])
  expect(warnings.lines).toHaveLength(1)
})

describe('with a capture', () => {
  const capture = startCapture({ store: 'memory:', sessionId: 'lifecycle' })
  afterAll(() => capture.stop())

  const exporter = (options: OtlpExporterOptions = {}) =>
    capture.otlpExporters({ url: backend.url, ...options }).traces

  test('what can not be encoded fails, and is not thrown', async () => {
    const result = await exported(exporter(), [{ name: 'no span' } as ReadableSpan])
    expect(result).toMatchObject({ code: 1, error: { reason: 'NotEncodable' } })
    expect(backend.requests).toEqual([])
  })

  test('a callback that throws costs nobody anything', async () => {
    using warnings = collectWarnings()
    const traces = exporter()
    traces.export(spans, () => {
      throw new Error('of the app')
    })
    await traces.forceFlush()
    expect(backend.requests).toHaveLength(1)
    expect(warnings.lines).toEqual([expect.stringContaining('of the app')])
  })

  test('an empty batch is sent, as the SDK does', async () => {
    const sdk = new OTLPTraceExporter({ url: `${backend.url}/v1/traces` })
    expect(await exported(sdk, [])).toEqual({ code: 0 })
    expect(await exported(exporter(), [])).toEqual({ code: 0 })
    expect(backend.requests.map(({ body }) => body.length)).toEqual([0, 0])
  })

  test('beyond concurrencyLimit an export fails at once, like the SDK’s', async () => {
    const open: (() => void)[] = []
    backend.answer = (response, request) => open.push(() => void ok(response, request))
    const sdk = new OTLPTraceExporter({ url: `${backend.url}/v1/traces`, concurrencyLimit: 2 })
    for (const traces of [exporter({ concurrencyLimit: 2 }), sdk]) {
      const first = [exported(traces, spans), exported(traces, spans)]
      const { code, error } = await exported(traces, spans)
      expect(code).toBe(1)
      if (traces !== sdk) expect(error).toMatchObject({ reason: 'LimitReached' })
      while (open.length < 2) await turn()
      for (const answer of open.splice(0)) answer()
      expect(await Promise.all(first)).toEqual([{ code: 0 }, { code: 0 }])
    }
  })

  test.each(['forceFlush', 'shutdown'] as const)(
    '%s waits for what is under way, and as with the SDK what comes later is sent',
    async (ending) => {
      const sdk = new OTLPTraceExporter({ url: `${backend.url}/v1/traces` })
      for (const traces of [sdk, exporter()]) {
        backend.requests.length = 0
        let answerNow: (() => void) | undefined
        backend.answer = (response, request) => (answerNow = () => void ok(response, request))
        const events: string[] = []
        const sending = exported(traces, spans).then(({ code }) => events.push(`sent ${code}`))
        const ended = traces[ending]().then(() => events.push('ended'))
        while (!answerNow) await turn()
        expect(events).toEqual([])
        answerNow()
        await Promise.all([sending, ended])
        expect(events).toEqual(['sent 0', 'ended'])
        backend.answer = ok
        expect(await exported(traces, spans)).toEqual({ code: 0 })
        expect(backend.requests).toHaveLength(2)
      }
    },
  )

  test('shutdown resolves though an export fails, and so does that of the processor', async () => {
    const url = await closedPort()
    const results: ExportResult[] = []
    const traces = exporter({ url, timeoutMillis: 50 })
    traces.export(spans, (result) => results.push(result))
    await traces.shutdown()
    expect(results).toMatchObject([{ code: 1 }])

    const processor = new BatchSpanProcessor({ exporter: exporter({ url, timeoutMillis: 50 }) })
    const provider = new TracerProvider({ spanProcessors: [processor] })
    provider.getTracer('app').startSpan('lost').end()
    const sdk = new BatchSpanProcessor({
      exporter: new OTLPTraceExporter({ url, timeoutMillis: 50 }),
    })
    const sdkProvider = new TracerProvider({ spanProcessors: [sdk] })
    sdkProvider.getTracer('app').startSpan('lost').end()
    const [byOurs, bySdk] = await Promise.allSettled([provider.shutdown(), sdkProvider.shutdown()])
    expect(byOurs.status).toBe(bySdk.status)
  })

  test.each<[string, object, RegExp]>([
    ['a URL that is none', { url: 'nowhere' }, /url 'nowhere' can't be used.*no URL/],
    ['a URL that is not of HTTP', { url: 'ftp://host' }, /neither http/],
    ['a URL of gRPC', { url: 'grpc://host:4317' }, /OTLP\/HTTP port/],
    ['a port without a scheme', { url: 'localhost:4318' }, /try 'http:\/\/localhost:4318'/],
    ['a URL that is no text', { url: 7 }, /'url' has to be a URL, got 7/],
    ['headers that are none', { headers: 'a=b' }, /'headers' has to be a function, or an object/],
    ['a header that OTLP sets', { headers: { 'Content-Type': 'x' } }, /'headers' has to be/],
    ['a header with a line break', { headers: { a: 'b\nc: d' } }, /'headers' has to be/],
    ['a timeout of nothing', { timeoutMillis: 0 }, /timeoutMillis.*got 0/],
    ['compression that nobody knows', { compression: 'br' }, /'none' or 'gzip', got 'br'/],
    ['a limit of nothing', { concurrencyLimit: 0 }, /concurrencyLimit.*got 0/],
    ['keepAlive that is no flag', { keepAlive: 'yes' }, /keepAlive.*true or false/],
    ['agent options that are none', { httpAgentOptions: true }, /httpAgentOptions.*got true/],
    ['a user agent with a line break', { userAgent: 'a\nb' }, /userAgent/],
    ['a temporality that is none', { temporalityPreference: 3 }, /temporalityPreference.*got 3/],
    ['an aggregation that is no function', { aggregationPreference: { type: 5 } }, /a function/],
    ['what the SDK has and we have not', { selfObsMeterProvider: {} }, /no option 'selfObsMeter/],
    ['no options', null as unknown as object, /config has to be an object, got null/],
  ])('%s is refused', (_, options, message) => {
    const make = (): unknown => capture.otlpExporters(options)
    expect(make).toThrow(message)
    expect(make).toThrow(CaptureError)
    expect(make).not.toThrow(/se cret/)
  })

  test('credentials in a wrong URL are shown to nobody', () => {
    const url = 'ftp://someone:secret@host'
    expect(() => exporter({ url })).toThrow(/neither http/)
    expect(() => exporter({ url })).not.toThrow(/secret/)
  })
})
