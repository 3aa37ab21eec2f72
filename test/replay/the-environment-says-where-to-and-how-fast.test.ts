// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { resolveReplayConfig } from '../../src/replay/replay-config'
import {
  type OtlpHttpOptions,
  type OtlpSenderOptions,
  resolveSenderOptions,
} from '../../src/transport/sender-options'
import { useWarnings } from '../support/collect-warnings'

const kept = process.env
const warnings = useWarnings()

beforeEach(() => {
  process.env = {}
})

afterEach(() => {
  process.env = kept
})

function resolveHttp(options: OtlpHttpOptions): OtlpSenderOptions {
  return resolveSenderOptions(options, { entryPoint: 'a test', only: 'http', connections: 1 })
}

const below = (base: string) => ({
  traces: `${base}/v1/traces`,
  metrics: `${base}/v1/metrics`,
  logs: `${base}/v1/logs`,
})

test.each<[string, string]>([
  ['http://collector:4318', 'http://collector:4318'],
  ['http://collector:4318/', 'http://collector:4318'],
  ['https://collector', 'https://collector'],
  ['http://collector/otlp', 'http://collector/otlp'],
  ['http://collector/otlp//', 'http://collector/otlp'],
  ['http://collector/v1/traces', 'http://collector'],
  ['http://collector/otlp/v1/logs/', 'http://collector/otlp'],
  ['http://collector/v1', 'http://collector/v1'],
  ['http://[::1]:4318#here', 'http://[::1]:4318'],
])('the target %s means %s/v1/<signal>', (targetEndpoint, base) => {
  expect(resolveHttp({ targetEndpoint }).endpoints).toEqual(below(base))
})

test('a query stays behind the path', () => {
  const { endpoints } = resolveHttp({ targetEndpoint: 'http://x/otlp?tenant=a' })
  expect(endpoints.logs).toBe('http://x/otlp/v1/logs?tenant=a')
})

test('code beats signal, signal beats general, general beats ours, ours beats the default', () => {
  expect(resolveHttp({}).endpoints).toEqual(below('http://localhost:4318'))
  process.env.REPLAY_DEFAULT_ENDPOINT = 'http://ours'
  expect(resolveHttp({}).endpoints).toEqual(below('http://ours'))
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = 'http://general/base'
  expect(resolveHttp({}).endpoints).toEqual(below('http://general/base'))
  process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT = 'http://logs.only/as/it/stands'
  expect(resolveHttp({}).endpoints).toEqual({
    ...below('http://general/base'),
    logs: 'http://logs.only/as/it/stands',
  })
  const targetEndpoint = 'http://code'
  expect(resolveHttp({ targetEndpoint }).endpoints).toEqual(below('http://code'))
})

test('headers, compression, timeout and speed come from it, unless code says otherwise', () => {
  process.env.OTEL_EXPORTER_OTLP_HEADERS = 'Authorization=Basic%20abc%3D%3D, x-tenant = a,'
  process.env.OTEL_EXPORTER_OTLP_COMPRESSION = 'gzip'
  process.env.OTEL_EXPORTER_OTLP_TIMEOUT = '2500'
  process.env.REPLAY_DEFAULT_SPEED = '2.5'
  expect(resolveHttp({})).toMatchObject({
    headers: { authorization: 'Basic abc==', 'x-tenant': 'a' },
    compression: 'gzip',
    timeoutMillis: 2500,
  })
  expect(resolveReplayConfig({ sessionId: 'x' }).speedMultiplier).toBe(2.5)
  const options = { headers: { A: 'b' }, compression: 'none', timeoutMillis: 7 } as const
  expect(resolveHttp(options)).toMatchObject({ ...options, headers: { a: 'b' } })
  expect(resolveReplayConfig({ sessionId: 'x', speedMultiplier: 3 }).speedMultiplier).toBe(3)
  expect(warnings).toEqual([])
})

test('Infinity is a speed', () => {
  process.env.REPLAY_DEFAULT_SPEED = 'Infinity'
  expect(resolveReplayConfig({ sessionId: 'x' }).speedMultiplier).toBe(Infinity)
})

test.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'grpc://collector:4317'],
  ['REPLAY_DEFAULT_ENDPOINT', 'nowhere'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'no pairs'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'a=%zz'],
  ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zstd'],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', '-1'],
  ['REPLAY_DEFAULT_SPEED', 'fast'],
  ['REPLAY_DEFAULT_SPEED', '0'],
])('%s=%s is warned of and ignored', (name, value) => {
  process.env[name] = value
  expect(resolveHttp({})).toMatchObject({
    endpoints: below('http://localhost:4318'),
    headers: {},
    compression: 'none',
    timeoutMillis: 10_000,
  })
  expect(resolveReplayConfig({ sessionId: 'x' }).speedMultiplier).toBe(1)
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain(`${name} is ignored: `)
})
