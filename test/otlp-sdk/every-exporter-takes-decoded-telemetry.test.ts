// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { ExportResultCode, type ExportResult } from '@opentelemetry/core'
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { ZipkinExporter } from '@opentelemetry/exporter-zipkin'
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
} from '@opentelemetry/otlp-transformer'
import { ConsoleLogRecordExporter } from '@opentelemetry/sdk-logs'
import { ConsoleMetricExporter } from '@opentelemetry/sdk-metrics'
import { ConsoleSpanExporter } from '@opentelemetry/sdk-trace'
import { decodeLogRecords } from '../../src/otlp/decode-log-records'
import { decodeMetrics } from '../../src/otlp/decode-metrics'
import { decodeSpans } from '../../src/otlp/decode-spans'
import { encodeLogRecords } from '../../src/otlp/encode-log-records'
import { encodeMetrics } from '../../src/otlp/encode-metrics'
import { encodeSpans } from '../../src/otlp/encode-spans'
import { realLogRecords, realMetrics, realSpans } from './real-telemetry'

// OTLP/protobuf has a test of its own, byte for byte, at the serializer: the
// exporter around it loads node:http by a native import(), which Jest refuses.
// The decoded objects are handed over without a cast: their types fit as well.

let server: Server
let url: string
let received: { path: string; body: Buffer }[]

beforeAll(async () => {
  server = createServer((request: IncomingMessage, response) => {
    void buffer(request).then((body) => {
      received.push({ path: request.url ?? '', body })
      response.writeHead(request.url === '/zipkin' ? 202 : 200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

beforeEach(() => {
  received = []
})

afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function exported(run: (callback: (result: ExportResult) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    run((result) => {
      if (result.code === ExportResultCode.SUCCESS) resolve()
      else reject(result.error ?? new Error('export failed'))
    })
  })
}

test('OTLP/JSON writes what it writes of the original', async () => {
  // A scope without a version has none in one case and an empty one in the other.
  const json = (bytes: Uint8Array | undefined): unknown =>
    JSON.parse(Buffer.from(bytes ?? []).toString(), (key, value: unknown) =>
      key === 'version' && value === '' ? undefined : value,
    )
  const spans = await realSpans()
  const decodedSpans = decodeSpans(encodeSpans(spans))
  expect(json(JsonTraceSerializer.serializeRequest(decodedSpans))).toEqual(
    json(JsonTraceSerializer.serializeRequest(spans)),
  )
  for (const metrics of await realMetrics()) {
    const decoded = decodeMetrics(encodeMetrics(metrics)).resourceMetrics[0]
    expect(json(JsonMetricsSerializer.serializeRequest(decoded))).toEqual(
      json(JsonMetricsSerializer.serializeRequest(metrics)),
    )
  }
  const logRecords = realLogRecords()
  const decoded = decodeLogRecords(encodeLogRecords(logRecords))
  expect(json(JsonLogsSerializer.serializeRequest(decoded))).toEqual(
    json(JsonLogsSerializer.serializeRequest(logRecords)),
  )
})

test('Zipkin sends the same spans', async () => {
  const spans = await realSpans()
  const exporter = new ZipkinExporter({ url: `${url}/zipkin` })
  await exported((done) => exporter.export(spans, done))
  await exported((done) => exporter.export(decodeSpans(encodeSpans(spans)), done))
  await exporter.shutdown()
  const [original, decoded] = received.map(({ body }) => JSON.parse(body.toString()) as Sent[])
  const byId = (left: Sent, right: Sent) => left.id.localeCompare(right.id)
  expect(decoded.toSorted(byId)).toEqual(original.toSorted(byId))
})

interface Sent {
  id: string
}

test('Prometheus shows the same metrics', async () => {
  for (const metrics of await realMetrics()) {
    const decoded = decodeMetrics(encodeMetrics(metrics)).resourceMetrics[0]
    const serializer = () => new PrometheusSerializer('', true)
    expect(serializer().serialize(decoded)).toBe(serializer().serialize(metrics))
  }
})

test('the console prints them', async () => {
  const dir = jest.spyOn(console, 'dir').mockImplementation(() => undefined)
  try {
    const spans = decodeSpans(encodeSpans(await realSpans()))
    const { resourceMetrics } = decodeMetrics(encodeMetrics((await realMetrics())[0]))
    const logRecords = decodeLogRecords(encodeLogRecords(realLogRecords()))
    await exported((done) => new ConsoleSpanExporter().export(spans, done))
    await exported((done) => new ConsoleMetricExporter().export(resourceMetrics[0], done))
    await exported((done) => new ConsoleLogRecordExporter().export(logRecords, done))
    expect(dir.mock.calls.length).toBeGreaterThan(spans.length + logRecords.length)
  } finally {
    dir.mockRestore()
  }
})
