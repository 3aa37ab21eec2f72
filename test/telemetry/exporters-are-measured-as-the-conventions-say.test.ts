// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { startCapture } from '../../src/capture/start-capture'
import { MemoryStore } from '../../src/storage/memory-store'
import { createOtlpSender } from '../../src/transport/otlp-sender'
import { resolveSenderOptions } from '../../src/transport/sender-options'
import {
  closedPort,
  exported,
  ok,
  openScriptedBackend,
  type ScriptedBackend,
} from '../capture/otlp-exporter-backend'
import { realLogRecords, realMetrics, realSpans } from '../otlp-sdk/real-telemetry'
import { makeBatch } from '../support/recording'
import { openGrpcTarget, taken } from '../transport/grpc-target'
import { type Measured, type Point, createMeasured, startMeasuring } from './measured'

let measured: Measured

beforeEach(() => {
  measured = startMeasuring()
})

afterEach(() => measured.stop())

/** Every name, unit, description and attribute that the SDK's own exporter measures with. */
test('spans are measured as the exporter of the SDK measures them', async () => {
  await using backend = await openScriptedBackend()
  const spans = await realSpans()
  const sdk = createMeasured()
  const url = `${backend.url}/v1/traces`
  const theirs = new OTLPTraceExporter({ url, selfObsMeterProvider: sdk.provider })
  await exported(theirs, spans)
  const ours = startCapture({ store: new MemoryStore() })
  await exported(ours.otlpExporters({ url: backend.url }).traces, spans)

  const expected = await sdk.points(undefined, '@opentelemetry/otlp-exporter')
  const renamed = expected.map((point) => ({
    ...point,
    attributes: { ...point.attributes, 'otel.component.name': 'otel_tape_capture_span_exporter' },
  }))
  const own = (await measured.points()).filter(({ attributes }) => 'server.port' in attributes)
  expect(expected).toHaveLength(3)
  expect(byName(own.filter(isOfSpans))).toEqual(byName(renamed))
  expect(await measured.sum('otel.sdk.exporter.span.exported')).toBe(spans.length)
  await Promise.all([ours.stop(), sdk.stop(), theirs.shutdown()])
})

test('data points and log records are counted, whatever the batch', async () => {
  await using backend = await openScriptedBackend()
  const capture = startCapture({ store: new MemoryStore() })
  const { metrics, logs } = capture.otlpExporters({ url: backend.url })
  const [collection] = await realMetrics()
  const points = collection.scopeMetrics
    .flatMap((scope) => scope.metrics)
    .reduce((count, { dataPoints }) => count + dataPoints.length, 0)
  await exported(metrics, collection)
  await exported(logs, realLogRecords())
  await exported(logs, realLogRecords())
  const of = (type: string) => ({ 'otel.component.type': type, 'server.address': '127.0.0.1' })
  const told = await measured.points('otel.sdk.exporter.metric_data_point.exported')
  expect(told).toMatchObject([{ value: points, unit: '{data_point}' }])
  expect(told[0].attributes).toMatchObject(of('otlp_http_metric_exporter'))
  const records = await measured.points('otel.sdk.exporter.log.exported')
  expect(records).toMatchObject([{ value: 2 * realLogRecords().length, unit: '{log_record}' }])
  expect(records[0].attributes).toMatchObject(of('otlp_http_log_exporter'))
  await capture.stop()
})

test('what is under way is in flight, and no more when it is answered', async () => {
  const spans = await realSpans()
  await using backend = await openScriptedBackend()
  const capture = startCapture({ store: new MemoryStore() })
  const { traces } = capture.otlpExporters({ url: backend.url })
  let result: Promise<unknown> | undefined
  const answer = await new Promise<() => unknown>((resolve) => {
    backend.answer = (response, request) => resolve(() => ok(response, request))
    result = exported(traces, spans)
  })
  expect(await measured.sum('otel.sdk.exporter.span.inflight', own(backend))).toBe(spans.length)
  answer()
  await result
  expect(await measured.sum('otel.sdk.exporter.span.inflight', own(backend))).toBe(0)
  await capture.stop()
})

describe('what does not arrive is told by its cause', () => {
  test.each([
    ['a refusal by its status', 400, '400'],
    ['a server that stays unavailable by the status that it gave last', 503, '503'],
  ])('%s', async (_, status, errorType) => {
    await using backend = await openScriptedBackend()
    backend.answer = (response) => response.writeHead(status, { 'retry-after': '100' }).end()
    const spans = await failing(backend.url, 'Refused', 5_000)
    await expectFailed(own(backend), errorType, spans.length, status)
  })

  test('a partial success fails for what was rejected', async () => {
    await using backend = await openScriptedBackend()
    backend.answer = (response) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"partialSuccess":{"rejectedSpans":"1"}}')
    const spans = await realSpans()
    const capture = startCapture({ store: new MemoryStore() })
    await exported(capture.otlpExporters({ url: backend.url }).traces, spans)
    await capture.stop()
    await expectFailed(own(backend), 'rejected', 1, 200)
    const all = await measured.sum('otel.sdk.exporter.span.exported', own(backend))
    expect(all).toBe(spans.length)
  })

  test('nobody there by the code of the error', async () => {
    const url = await closedPort()
    const spans = await failing(url, 'Unanswered', 500)
    await expectFailed({ 'server.port': Number(new URL(url).port) }, 'ECONNREFUSED', spans.length)
  })

  test('too many at a time', async () => {
    await using backend = await openScriptedBackend()
    const capture = startCapture({ store: new MemoryStore() })
    const { traces } = capture.otlpExporters({ url: backend.url, concurrencyLimit: 1 })
    const spans = await realSpans()
    await Promise.all([exported(traces, spans), exported(traces, spans)])
    await capture.stop()
    const failed = { ...own(backend), 'error.type': 'limit_reached' }
    expect(await measured.sum('otel.sdk.exporter.span.exported', failed)).toBe(spans.length)
  })
})

test('over gRPC, status and cause have the names that gRPC gives them', async () => {
  const answers = [undefined, { code: 3, details: 'no' }, { code: 14, details: 'later' }, taken]
  // An empty request asks whether anybody is there.
  await using target = await openGrpcTarget(({ body }) =>
    body.length === 0 ? taken : answers.shift(),
  )
  const options = resolveSenderOptions(
    { targetEndpoint: target.url, timeoutMillis: 2_000, retry: { maxAttempts: 1 } },
    { entryPoint: 'a test', connections: 1 },
  )
  const sender = createOtlpSender({ ...options, timeoutMillis: 1_000 }, 'replay')
  const { body } = makeBatch('traces', { names: ['a', 'b'] })
  const request = { signal: 'traces', body, itemCount: 2 } as const
  const { signal } = new AbortController()
  for (let times = 0; times < 4; times++) await sender.send(request, signal).catch(() => undefined)
  await sender.close()

  const durations = await measured.points('otel.sdk.exporter.operation.duration')
  const base = {
    'otel.component.name': 'otel_tape_replay_span_exporter',
    'otel.component.type': 'otlp_grpc_span_exporter',
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(target.url).port),
  }
  expect(durations.map(({ attributes }) => attributes)).toEqual([
    { ...base, 'error.type': 'timeout' },
    { ...base, 'error.type': 'INVALID_ARGUMENT', 'rpc.status_code': 'INVALID_ARGUMENT' },
    { ...base, 'error.type': 'UNAVAILABLE', 'rpc.status_code': 'UNAVAILABLE' },
    { ...base, 'rpc.status_code': 'OK' },
  ])
  expect(await measured.sum('otel.sdk.exporter.span.exported', base)).toBe(8)
})

/** Exporters that were made for another test have nothing in flight, and say so. */
function isOfSpans({ name, value }: Point): boolean {
  return /span|duration/.test(name) && (name.endsWith('inflight') || value > 0)
}

function byName(points: readonly Point[]): Point[] {
  return points.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function own({ url }: ScriptedBackend): { 'server.port': number } {
  return { 'server.port': Number(new URL(url).port) }
}

async function failing(
  url: string,
  reason: string,
  timeoutMillis: number,
): Promise<ReadableSpan[]> {
  const spans = await realSpans()
  const capture = startCapture({ store: new MemoryStore() })
  const result = await exported(capture.otlpExporters({ url, timeoutMillis }).traces, spans)
  expect(result).toMatchObject({ error: { reason } })
  await capture.stop()
  return spans
}

async function expectFailed(
  target: { 'server.port': number },
  errorType: string,
  count: number,
  status?: number,
): Promise<void> {
  const failed = { ...target, 'error.type': errorType }
  expect(await measured.sum('otel.sdk.exporter.span.exported', failed)).toBe(count)
  const answered = status === undefined ? {} : { 'http.response.status_code': status }
  const duration = 'otel.sdk.exporter.operation.duration'
  expect(await measured.sum(duration, { ...failed, ...answered })).toBe(1)
  expect(await measured.sum('otel.sdk.exporter.span.inflight', target)).toBe(0)
}
