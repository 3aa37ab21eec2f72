// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createServer } from 'node:http'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { findInstalledPackage } from '../../src/register/installed-package'
import { createOtlpExporter } from '../../src/register/otlp-exporter'
import type { Signal } from '../../src/otlp/signal'
import { decodeIndependently } from '../support/independent-decoder'
import { type OtlpBackend, startOtlpBackend } from '../support/otlp-backend'
import { readAll } from '../support/recording'
import { FileStore } from '../../src/storage/file-store'
import { type AppFolder, SDK, createAppFolder } from './app-folder'
import { namesIn, readRecorded } from './recorded-session'

let app: AppFolder
let backend: OtlpBackend

beforeAll(async () => {
  app = await createAppFolder(SDK)
})
afterAll(() => app.remove())
beforeEach(async () => {
  backend = await startOtlpBackend()
})
afterEach(() => backend.close())

function variables(env: Record<string, string>): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: backend.url, OTEL_SERVICE_NAME: 'shop', ...env }
}

test('what nobody has set is OTLP as protobuf, and the session holds what the backend got', async () => {
  const env = variables({ OTEL_TAPE_SESSION_ID: 'default' })
  expect(await app.run(['shop.cjs'], { env })).toMatchObject({ code: 0, stderr: '' })
  const batches = await readAll({ store: new FileStore(app.store), sessionId: 'default' })
  for (const signal of ['traces', 'metrics', 'logs'] as const) {
    const decode = (body: Uint8Array) => decodeIndependently(signal, body)
    const recorded = batches.filter((batch) => batch.signal === signal)
    expect(recorded).not.toHaveLength(0)
    expect(recorded.map(({ body }) => decode(body))).toEqual(backend.received[signal].map(decode))
  }
})

test('a protocol of a signal goes before the one for all', async () => {
  const env = variables({
    OTEL_TAPE_SESSION_ID: 'protocols',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json',
  })
  expect(await app.run(['shop.cjs'], { env })).toMatchObject({ code: 0, stderr: '' })
  const { traces, logs } = backend.received
  expect(decodeIndependently('traces', traces[0])).toHaveProperty('resourceSpans')
  expect(JSON.parse(logs[0].toString())).toHaveProperty('resourceLogs')
})

test('console prints, and OTLP goes on beside it', async () => {
  const env = variables({
    OTEL_TAPE_SESSION_ID: 'console',
    OTEL_TRACES_EXPORTER: 'console, otlp',
    OTEL_METRICS_EXPORTER: 'console',
    OTEL_LOGS_EXPORTER: 'console',
  })
  const { code, stdout } = await app.run(['shop.cjs'], { env })
  expect(code).toBe(0)
  expect(stdout).toContain("name: 'order'")
  expect(stdout).toContain("name: 'orders'")
  expect(stdout).toContain("body: 'an order came in'")
  expect(backend.received).toMatchObject({ metrics: [], logs: [] })
  const [request] = backend.received.traces.map((body) => decodeIndependently('traces', body))
  expect(namesIn([request]).spanNames).toEqual(['answer', 'order'])
  const { spanNames, metricNames, logBodies } = await readRecorded(app.store, 'console')
  expect(spanNames).toEqual(['answer', 'order'])
  expect(metricNames).toEqual(['orders'])
  expect(logBodies).toEqual(['an order came in'])
})

test('zipkin is sent to, prometheus can be asked, and both are recorded', async () => {
  const posted: string[] = []
  const zipkin = createServer((request, response) => {
    void buffer(request).then((body) => {
      posted.push(body.toString())
      response.writeHead(202).end()
    })
  }).listen(0, '127.0.0.1')
  await once(zipkin, 'listening')
  const env = {
    OTEL_TAPE_SESSION_ID: 'elders',
    OTEL_TRACES_EXPORTER: 'zipkin',
    OTEL_METRICS_EXPORTER: 'prometheus',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_EXPORTER_ZIPKIN_ENDPOINT: `http://127.0.0.1:${(zipkin.address() as AddressInfo).port}/`,
    OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
    OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
  }
  const running = app.start(['endings.cjs', 'a signal nobody handles'], { env })
  try {
    await running.printed('running')
    await untilListening(Number(env.OTEL_EXPORTER_PROMETHEUS_PORT))
    const asked = await fetch(`http://127.0.0.1:${env.OTEL_EXPORTER_PROMETHEUS_PORT}/metrics`)
    expect(asked.status).toBe(200)
  } finally {
    running.process.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ signal: 'SIGTERM', stderr: '' })
    zipkin.close()
  }
  expect(posted.join()).toContain('"name":"before the end"')
  expect((await readRecorded(app.store, 'elders')).spanNames).toEqual(['before the end'])
})

test('metrics are collected at the interval that is set, not once a minute', async () => {
  const env = variables({
    OTEL_TAPE_SESSION_ID: 'interval',
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_METRIC_EXPORT_INTERVAL: '20',
  })
  const running = app.start(['many.cjs'], { env })
  while (backend.received.metrics.length < 3 && running.process.exitCode === null) {
    await setTimeout(5)
  }
  running.process.kill('SIGTERM')
  expect(await running.ended).toMatchObject({ signal: 'SIGTERM', stderr: '' })
  const { metricNames } = await readRecorded(app.store, 'interval')
  expect(metricNames).toHaveLength(backend.received.metrics.length)
})

describe('the exporter of a protocol is the SDK’s', () => {
  const variable = 'OTEL_EXPORTER_OTLP_PROTOCOL'
  afterEach(() => delete process.env[variable])

  test.each([
    ['http/protobuf', 'proto'],
    ['http/json', 'http'],
    ['grpc', 'grpc'],
  ])('%s', (protocol, ending) => {
    process.env[variable] = protocol
    const sdk = findInstalledPackage('@opentelemetry/sdk-node')
    if (sdk === undefined) throw new Error('the SDK is not installed')
    const packages: Record<Signal, string> = {
      traces: `@opentelemetry/exporter-trace-otlp-${ending}`,
      metrics: `@opentelemetry/exporter-metrics-otlp-${ending}`,
      logs: `@opentelemetry/exporter-logs-otlp-${ending}`,
    }
    for (const signal of ['traces', 'metrics', 'logs'] as const) {
      const exporter = createOtlpExporter(signal, sdk)
      const classes = Object.values(sdk.loadDependency(packages[signal]) as object) as unknown[]
      expect(classes).toContain(exporter.constructor)
    }
  })
})

async function untilListening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
