// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { writeFileSync } from 'node:fs'
import { Agent, type AgentOptions } from 'node:http'
import { dirname, join } from 'node:path'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { startCapture } from '../../src/capture/start-capture'
import type { OtlpExporterOptions } from '../../src/capture/otlp-exporter-options'
import {
  AggregationTemporality,
  type ExportResult,
  type InstrumentType,
  type ReadableLogRecord,
  type ReadableSpan,
  type ResourceMetrics,
} from '../../src/otlp/sdk-types'
import { SIGNALS } from '../../src/otlp/signal'
import { realLogRecords, realMetrics, realSpans } from '../otlp-sdk/real-telemetry'
import { collectWarnings } from '../support/collect-warnings'
import { withCertificates } from '../support/test-certificate'
import {
  type ReceivedRequest,
  type ScriptedBackend,
  contentOf,
  exported,
  openScriptedBackend,
} from './otlp-exporter-backend'

// The oracle is the SDK: its exporters and ours are made with the same options in the same
// environment, export the same objects, and the backend must not be able to tell them apart.

interface Case {
  readonly name: string
  /** Variables after `OTEL_EXPORTER_OTLP`; `$URL` is the backend's. */
  readonly environment?: Readonly<Record<string, string>>
  readonly options?: Omit<OtlpExporterOptions, 'url' | 'compression' | 'temporalityPreference'>
  /** Whether the code gives the URL: the base to ours, with the signal's path to the SDK's. */
  readonly url?: boolean
  /** Whether our side of the wrong variables must have warned. */
  readonly warns?: readonly string[]
}

const cases: Case[] = [
  { name: 'the URL in the code', url: true },
  { name: 'the general endpoint', environment: { _ENDPOINT: '$URL' } },
  { name: 'the general endpoint with a path', environment: { _ENDPOINT: '$URL/otlp/' } },
  {
    name: "a signal's endpoint as it stands",
    environment: {
      _ENDPOINT: 'http://127.0.0.1:9/',
      _TRACES_ENDPOINT: '$URL/a/path?key=1',
      _METRICS_ENDPOINT: '$URL',
      _LOGS_ENDPOINT: '$URL/v1/logs/',
    },
  },
  {
    name: 'the code before every variable',
    url: true,
    environment: { _ENDPOINT: 'http://127.0.0.1:9', _TRACES_ENDPOINT: 'http://127.0.0.1:9/x' },
  },
  {
    name: "a signal's endpoint that is none gives way to the general one",
    environment: { _ENDPOINT: '$URL', _TRACES_ENDPOINT: 'nowhere' },
    warns: ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
  },
  {
    name: 'headers of all three places',
    url: true,
    environment: {
      _HEADERS: 'a=general,b=general,c=gen%20eral',
      _TRACES_HEADERS: 'b=traces,c=traces',
      _LOGS_HEADERS: ' d = logs , ',
    },
    options: { headers: { c: 'code', e: 'code' } },
  },
  {
    name: 'headers that a function gives',
    url: true,
    environment: { _HEADERS: 'a=general,b=general' },
    options: { headers: async () => ({ b: 'function', authorization: 'Bearer x' }) },
  },
  {
    name: 'a header that is undefined',
    url: true,
    options: { headers: { gone: undefined, there: 'x' } as unknown as Record<string, string> },
    warns: ['gone'],
  },
  { name: 'general compression', url: true, environment: { _COMPRESSION: 'gzip' } },
  {
    name: "a signal's compression before the general one",
    url: true,
    environment: { _COMPRESSION: 'gzip', _METRICS_COMPRESSION: 'none' },
  },
  {
    name: 'compression that nobody knows',
    url: true,
    environment: { _COMPRESSION: 'gzip', _LOGS_COMPRESSION: 'zstd' },
    warns: ['OTEL_EXPORTER_OTLP_LOGS_COMPRESSION'],
  },
  {
    name: 'a timeout that is none',
    url: true,
    environment: { _TIMEOUT: 'soon', _TRACES_TIMEOUT: '-5' },
    warns: ['OTEL_EXPORTER_OTLP_TIMEOUT', 'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT'],
  },
  { name: 'variables that are empty', url: true, environment: { _HEADERS: '', _TIMEOUT: ' ' } },
  {
    name: 'credentials in an endpoint',
    environment: { _ENDPOINT: '$CREDENTIALS' },
  },
  {
    name: "a protocol that is another exporter's",
    environment: { _ENDPOINT: '$URL', _PROTOCOL: 'grpc' },
  },
]

const kept = process.env
let backend: ScriptedBackend
let telemetry: [ReadableSpan[], ResourceMetrics, ReadableLogRecord[]]

beforeAll(async () => {
  telemetry = [await realSpans(), (await realMetrics())[0], realLogRecords()]
})
beforeEach(async () => {
  process.env = { ...kept }
  backend = await openScriptedBackend()
})
afterEach(async () => {
  process.env = kept
  await backend[Symbol.asyncDispose]()
})

test.each(cases)('$name', async ({ environment = {}, options = {}, url = false, warns = [] }) => {
  setEnvironment(environment)
  await throughSdk({ ...options }, url ? backend.url : undefined)
  const bySdk = backend.requests.splice(0)

  using warnings = collectWarnings()
  expect(await throughOurs({ ...options, ...(url && { url: backend.url }) })).toEqual(successes)

  expect(backend.requests.map(comparable)).toEqual(bySdk.map(comparable))
  expect(bySdk).toHaveLength(SIGNALS.length)
  expect(warnings.lines).toEqual(warns.map((name) => expect.stringContaining(name) as string))
})

test.each(['cumulative', 'delta', 'LowMemory', undefined, 'sideways'])(
  'the temporality that OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=%s asks for',
  (preference) => {
    if (preference) setEnvironment({ _METRICS_TEMPORALITY_PREFERENCE: preference })
    const sdk = new OTLPMetricExporter()
    using warnings = collectWarnings()
    const ours = makeExporters({}).metrics
    for (const instrument of INSTRUMENTS) {
      expect(ours.selectAggregationTemporality(instrument)).toBe(
        sdk.selectAggregationTemporality(instrument as never),
      )
      expect(ours.selectAggregation(instrument)).toEqual(sdk.selectAggregation(instrument as never))
    }
    expect(warnings.lines).toHaveLength(preference === 'sideways' ? 1 : 0)
  },
)

test.each([0, 1, 2] as const)('temporalityPreference %s in the code', (temporalityPreference) => {
  setEnvironment({ _METRICS_TEMPORALITY_PREFERENCE: 'delta' })
  const sdk = new OTLPMetricExporter({ temporalityPreference })
  const name = (['delta', 'cumulative', 'lowmemory'] as const)[temporalityPreference]
  for (const preference of [temporalityPreference, name]) {
    const ours = makeExporters({ temporalityPreference: preference }).metrics
    for (const instrument of INSTRUMENTS) {
      expect(ours.selectAggregationTemporality(instrument)).toBe(
        sdk.selectAggregationTemporality(instrument as never),
      )
    }
  }
})

test('histograms become exponential where the environment says so, unless the code does', () => {
  setEnvironment({
    _METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram',
  })
  const { metrics } = makeExporters({})
  expect(metrics.selectAggregation('HISTOGRAM')).toEqual({ type: 5 })
  expect(metrics.selectAggregation('COUNTER')).toEqual({ type: 0 })
  const { metrics: inCode } = makeExporters({ aggregationPreference: () => ({ type: 1 }) })
  expect(inCode.selectAggregation('HISTOGRAM')).toEqual({ type: 1 })
  expect(inCode.selectAggregationTemporality('COUNTER')).toBe(AggregationTemporality.CUMULATIVE)

  using warnings = collectWarnings()
  setEnvironment({ _METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'constructor' })
  expect(makeExporters({}).metrics.selectAggregation('HISTOGRAM')).toEqual({ type: 0 })
  expect(warnings.lines).toEqual([expect.stringContaining("'constructor' is none of")])
})

test('user-agent says who sends', async () => {
  await throughOurs({ url: backend.url })
  await throughOurs({ url: backend.url, userAgent: 'shop/2' })
  const agents = backend.requests.map(({ headers }) => headers['user-agent'])
  expect(new Set(agents)).toEqual(new Set(['otel-tape', 'shop/2 otel-tape']))
})

test.each<[string, Partial<OtlpExporterOptions>, number]>([
  ['connections are used again', {}, 1],
  ['unless keepAlive is false', { keepAlive: false }, 3],
  ['or the agent options say so', { keepAlive: true, httpAgentOptions: { keepAlive: false } }, 3],
])('%s', async (_, options, connections) => {
  const { traces } = makeExporters({ url: backend.url, ...options })
  for (let count = 0; count < 3; count++) await exported(traces, telemetry[0])
  await traces.shutdown()
  expect(new Set(backend.requests.map(({ port }) => port)).size).toBe(connections)
})

test('an agent of the app is asked for once, used, and left alone', async () => {
  const protocols: string[] = []
  const agent = new Agent({ keepAlive: true })
  const { traces } = makeExporters({
    url: backend.url,
    httpAgentOptions: async (protocol) => {
      protocols.push(protocol)
      if (protocols.length === 1) throw new Error('no agent yet')
      return agent
    },
  })
  expect(protocols).toEqual([])
  expect((await exported(traces, telemetry[0])).error?.message).toMatch('no agent yet')
  expect(await exported(traces, telemetry[0])).toEqual({ code: 0 })
  expect(await exported(traces, telemetry[0])).toEqual({ code: 0 })
  await traces.shutdown()
  expect(protocols).toEqual(['http:', 'http:'])
  expect(Object.values(agent.freeSockets)).toHaveLength(1)
  agent.destroy()
})

withCertificates(({ key, cert, keyPath, certPath }) =>
  describe('TLS', () => {
    const files = { _CERTIFICATE: certPath, _CLIENT_KEY: keyPath, _CLIENT_CERTIFICATE: certPath }
    const ofTraces = Object.fromEntries(
      Object.entries(files).map(([name, path]) => [`_TRACES${name}`, path]),
    )
    const notPem = join(dirname(certPath), 'not.pem')
    writeFileSync(notPem, 'no certificate')
    let secure: ScriptedBackend
    beforeEach(async () => {
      secure = await openScriptedBackend({
        key,
        cert,
        ca: cert,
        requestCert: true,
        rejectUnauthorized: false,
      })
    })
    afterEach(() => secure[Symbol.asyncDispose]())

    const trusted: AgentOptions & { ca: Buffer } = { ca: cert }
    test.each<[string, Record<string, string>, OtlpExporterOptions, number, unknown]>([
      ['the general files', files, {}, 0, 'localhost'],
      ["a signal's files", { ...ofTraces, _CERTIFICATE: notPem }, {}, 0, 'localhost'],
      ['no files', {}, {}, 1, undefined],
      ['agent options', {}, { httpAgentOptions: trusted }, 0, undefined],
    ])('%s', async (_, environment, options, code, client) => {
      setEnvironment({ _ENDPOINT: secure.url, ...environment })
      const sdk = new OTLPTraceExporter(options as object)
      const ours = makeExporters(options).traces
      expect((await exported(sdk, telemetry[0])).code).toBe(code)
      const result = await exported(ours, telemetry[0])
      expect(result.code).toBe(code)
      if (code === 1) expect(result.error?.message).toMatch(/certificate/)
      const clients = secure.requests.map((request) => request.client)
      expect(clients).toEqual(code === 0 ? [client, client] : [])
    })
  }),
)

const INSTRUMENTS: InstrumentType[] = [
  'COUNTER',
  'GAUGE',
  'HISTOGRAM',
  'UP_DOWN_COUNTER',
  'OBSERVABLE_COUNTER',
  'OBSERVABLE_GAUGE',
  'OBSERVABLE_UP_DOWN_COUNTER',
]

const successes = SIGNALS.map(() => ({ code: 0 }))

function setEnvironment(variables: Readonly<Record<string, string>>): void {
  const withCredentials = backend.url.replace('//', '//someone:se%20cret@')
  for (const [name, value] of Object.entries(variables)) {
    process.env[`OTEL_EXPORTER_OTLP${name}`] = value
      .replace('$URL', backend.url)
      .replace('$CREDENTIALS', withCredentials)
  }
}

function makeExporters(options: OtlpExporterOptions): ReturnType<typeof capture.otlpExporters> {
  return capture.otlpExporters(options)
}
const capture = startCapture({ store: 'memory:', sessionId: 'options' })
afterAll(() => capture.stop())

async function throughOurs(options: OtlpExporterOptions): Promise<ExportResult[]> {
  const { traces, metrics, logs } = makeExporters(options)
  const results = [
    await exported(traces, telemetry[0]),
    await exported(metrics, telemetry[1]),
    await exported(logs, telemetry[2]),
  ]
  await Promise.all([traces.shutdown(), metrics.shutdown(), logs.shutdown()])
  return results
}

async function throughSdk(options: Case['options'], base: string | undefined): Promise<void> {
  const at = (path: string): object => (base ? { ...options, url: base + path } : { ...options })
  const results = [
    await exported(new OTLPTraceExporter(at('/v1/traces')), telemetry[0]),
    await exported(new OTLPMetricExporter(at('/v1/metrics')), telemetry[1]),
    await exported(new OTLPLogExporter(at('/v1/logs')), telemetry[2]),
  ]
  expect(results).toEqual(successes)
}

/** Without what is of the connection, or names the sender. */
const INCIDENTAL = ['host', 'connection', 'content-length', 'transfer-encoding', 'user-agent']

function comparable(request: ReceivedRequest): object {
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !INCIDENTAL.includes(name)),
  )
  return { method: request.method, url: request.url, headers, content: contentOf(request) }
}
