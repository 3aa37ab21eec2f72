// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setImmediate as turn } from 'node:timers/promises'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { startCapture } from '../../src/capture/start-capture'
import type { ExportResult, ReadableSpan, SpanExporter } from '../../src/otlp/sdk-types'
import { realSpans } from '../otlp-sdk/real-telemetry'
import { collectWarnings } from '../support/collect-warnings'
import {
  type ScriptedBackend,
  closedPort,
  exported,
  ok,
  openScriptedBackend,
} from './otlp-exporter-backend'

const HOUR_MILLIS = 3_600_000

const capture = startCapture({ store: 'memory:', sessionId: 'retries' })
afterAll(() => capture.stop())

let backend: ScriptedBackend
let spans: ReadableSpan[]
beforeAll(async () => {
  spans = await realSpans()
})
beforeEach(async () => {
  backend = await openScriptedBackend()
})
afterEach(async () => {
  jest.useRealTimers()
  await backend[Symbol.asyncDispose]()
})

function ours(timeoutMillis?: number): SpanExporter {
  return capture.otlpExporters({ url: backend.url, timeoutMillis }).traces
}

const partialSuccess = partialResponse(2, 'two are too old')
const protobuf = { 'content-type': 'application/x-protobuf' }

test.each<[string, number, Record<string, string>, Uint8Array | string, RegExp?]>([
  ['nothing', 200, {}, ''],
  ['no content', 204, {}, ''],
  ['a partial success', 200, protobuf, partialSuccess, /partially: two are too old/],
  ['a warning', 200, protobuf, partialResponse(0, 'slow down'), /with a warning: slow down/],
  ['a web page', 200, { 'content-type': 'text/html' }, '<html>', /is it an OTLP\/HTTP endpoint/],
  ['a broken protobuf', 200, protobuf, Buffer.from([10, 200]), /OTLP\/HTTP endpoint/],
  ['a redirect', 302, { location: 'http://127.0.0.1:9/' }, ''],
  ['400', 400, {}, ''],
  ['401', 401, {}, 'who are you?'],
  ['404', 404, {}, ''],
  ['413', 413, {}, ''],
  ['500', 500, {}, ''],
  ['429 for longer than the time that is left', 429, { 'retry-after': '60' }, ''],
  ['503 until a date after that', 503, { 'retry-after': 'Sat, 01 Jan 2095 00:00:00 GMT' }, ''],
])('an answer of %s is what it is to the SDK', async (...[, status, headers, body, warning]) => {
  backend.answer = (response) => response.writeHead(status, headers).end(body)
  const bySdk = await exported(new OTLPTraceExporter({ url: `${backend.url}/v1/traces` }), spans)
  const sdkRequests = backend.requests.splice(0).length

  using warnings = collectWarnings()
  const result = await exported(ours(), spans)
  expect(result.code).toBe(bySdk.code)
  expect(backend.requests).toHaveLength(sdkRequests)
  expect(warnings.lines).toEqual(warning ? [expect.stringMatching(warning)] : [])
  if (result.code === 0) return
  expect(result.error).toMatchObject({ name: 'OtlpExportError', reason: 'Refused', code: status })
  expect(result.error?.message).toMatch(`${backend.url}/v1/traces answered ${status}`)
})

test.each([429, 502, 503, 504])('what %s refused is sent again as it was', async (status) => {
  const exporter = ours(HOUR_MILLIS)
  const statuses = [status, status, 200]
  backend.answer = (response) => response.writeHead(statuses.shift() ?? 500).end()
  const { result } = await inFakeTime(exported(exporter, spans))
  expect(result).toEqual({ code: 0 })
  expect(backend.requests).toHaveLength(3)
  expect(new Set(backend.requests.map(({ body }) => body.toString('hex'))).size).toBe(1)
})

test('after five attempts it is given up', async () => {
  backend.answer = (response) => response.writeHead(503).end('later')
  const { result, elapsedMillis } = await inFakeTime(exported(ours(HOUR_MILLIS), spans))
  expect(result).toMatchObject({ code: 1, error: { reason: 'Refused', code: 503 } })
  expect(result.error?.message).toMatch('answered 503: later')
  expect(backend.requests).toHaveLength(5)
  expect(elapsedMillis).toBeLessThan(1_000 + 2_000 + 4_000 + 5_000 + STEP_MILLIS * 100)
})

test('a Retry-After is waited for, and little longer', async () => {
  backend.answer = (response) => {
    if (backend.requests.length > 1) return ok(response, backend.requests[0])
    return response.writeHead(503, { 'retry-after': '90' }).end()
  }
  const { result, elapsedMillis } = await inFakeTime(exported(ours(HOUR_MILLIS), spans))
  expect(result).toEqual({ code: 0 })
  expect(elapsedMillis).toBeGreaterThanOrEqual(90_000)
  expect(elapsedMillis).toBeLessThan(91_000 + STEP_MILLIS * 100)
})

test('a connection that breaks is tried again, one that broke after a 200 is not', async () => {
  const exporter = ours(HOUR_MILLIS)
  backend.answer = (response) => {
    if (backend.requests.length === 1) return response.socket?.destroy()
    response.writeHead(200, { 'content-length': '1000', ...protobuf })
    response.write('x')
    return setImmediate(() => response.socket?.destroy())
  }
  const { result } = await inFakeTime(exported(exporter, spans))
  expect(result).toEqual({ code: 0 })
  expect(backend.requests).toHaveLength(2)
})

test('headers are asked for at each attempt', async () => {
  const tokens = ['old', 'new']
  const headers = (): Record<string, string> => ({ token: tokens.shift() ?? '' })
  const options = { url: backend.url, timeoutMillis: HOUR_MILLIS, headers }
  backend.answer = (response, request) =>
    response.writeHead(request.headers.token === 'new' ? 200 : 503).end()
  const { traces } = capture.otlpExporters(options)
  expect((await inFakeTime(exported(traces, spans))).result).toEqual({ code: 0 })
})

test.each<[string, () => unknown, RegExp]>([
  ['throws', () => Promise.reject(new Error('no token')), /no token/],
  ['gives none', () => ({ token: 7 }), /something else than names and strings/],
  ['gives what breaks HTTP', () => ({ a: 'b\r\nc: d' }), /something else/],
])('a function for headers that %s fails the export', async (_, headers, message) => {
  const { traces } = capture.otlpExporters({ url: backend.url, headers: headers as never })
  const result = await exported(traces, spans)
  expect(result).toMatchObject({ code: 1, error: { reason: 'Unanswered' } })
  expect(result.error?.message).toMatch(message)
  expect(backend.requests).toEqual([])
})

test('a backend that is down fails the export within its time, and says where', async () => {
  const url = await closedPort()
  const { traces } = capture.otlpExporters({ url, timeoutMillis: 300 })
  const began = performance.now()
  const result = await exported(traces, spans)
  expect(performance.now() - began).toBeLessThan(1_000)
  expect(result).toMatchObject({ code: 1, error: { reason: 'Unanswered' } })
  expect(result.error?.message).toMatch(/v1\/traces.*ECONNREFUSED/)
})

describe('a backend that hangs', () => {
  const kept = process.env
  afterEach(() => {
    process.env = kept
  })

  test.each<[string, Record<string, string>, number | undefined, number]>([
    ['timeoutMillis', { OTLP_TIMEOUT: '60000', OTLP_TRACES_TIMEOUT: '60000' }, 151, 151],
    [
      "the signal's variable",
      { OTLP_TIMEOUT: '60000', OTLP_TRACES_TIMEOUT: '152' },
      undefined,
      152,
    ],
    ['the general variable', { OTLP_TIMEOUT: '153', OTLP_LOGS_TIMEOUT: '60000' }, undefined, 153],
  ])('fails the export after %s', async (_, variables, timeoutMillis, limitMillis) => {
    process.env = { ...kept }
    for (const [name, value] of Object.entries(variables)) {
      process.env[`OTEL_EXPORTER_${name}`] = value
    }
    backend.answer = () => undefined
    const began = performance.now()
    const result = await exported(ours(timeoutMillis), spans)
    expect(performance.now() - began).toBeGreaterThan(limitMillis - 5)
    expect(result).toMatchObject({ code: 1, error: { reason: 'Unanswered' } })
    expect(result.error?.message).toMatch(`gave no answer within ${limitMillis} ms`)
    const sdk = new OTLPTraceExporter({ url: `${backend.url}/v1/traces`, timeoutMillis })
    expect((await exported(sdk, spans)).code).toBe(1)
  })

  test('in the middle of its answer fails it too', async () => {
    backend.answer = (response) => {
      response.writeHead(200, { ...protobuf, 'content-length': '100' })
      response.write('x')
    }
    const result = await exported(ours(150), spans)
    expect(result).toMatchObject({ code: 1, error: { reason: 'Unanswered' } })
  })
})

const STEP_MILLIS = 50

/** Turns the clock on by little, and again, for as long as the promise is pending. */
async function inFakeTime(
  pending: Promise<ExportResult>,
): Promise<{ result: ExportResult; elapsedMillis: number }> {
  // What the exporter has asked of the clock so far is nothing but the limit of an hour.
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] })
  const began = performance.now()
  let result: ExportResult | undefined
  void pending.then((settled) => (result = settled))
  while (!result) {
    await turn()
    jest.advanceTimersByTime(STEP_MILLIS)
  }
  return { result, elapsedMillis: performance.now() - began }
}

/** An `ExportTraceServiceResponse`, by the letter of the protocol. */
function partialResponse(rejectedSpans: number, errorMessage: string): Uint8Array {
  const text = Buffer.from(errorMessage)
  const partial = Buffer.concat([
    Buffer.from(rejectedSpans === 0 ? [] : [0x08, rejectedSpans]),
    Buffer.from([0x12, text.length]),
    text,
  ])
  return Buffer.concat([Buffer.from([0x0a, partial.length]), partial])
}
