// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { FileStore } from '../../src/storage/file-store'
import { listSessions } from '../../src/session/catalogue'
import { type OtlpBackend, startOtlpBackend } from '../support/otlp-backend'
import { type AppFolder, SDK, createAppFolder } from './app-folder'
import { readRecorded } from './recorded-session'

const NONE = {
  OTEL_TRACES_EXPORTER: 'none',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
}

let app: AppFolder
let backend: OtlpBackend

beforeAll(async () => {
  app = await createAppFolder(SDK)
  backend = await startOtlpBackend()
})
afterAll(async () => {
  await app.remove()
  await backend.close()
})

async function sessionIds(): Promise<string[]> {
  const ids: string[] = []
  for await (const { sessionId } of listSessions(new FileStore(app.store))) ids.push(sessionId)
  return ids
}

test('no SDK: one warning says what to install', async () => {
  const bare = await createAppFolder(['@opentelemetry/api', '@opentelemetry/api-logs'])
  try {
    const ending = await bare.run(['shop.cjs'])
    expect(ending).toMatchObject({ code: 0, stdout: '' })
    expect(ending.stderr).toMatch(/OtelTapeWarning: .*@opentelemetry\/sdk-node is not installed/)
    expect(ending.stderr).toMatch(/npm install .*@opentelemetry\/sdk-node/)
  } finally {
    await bare.remove()
  }
})

test('not even the API: the app starts', async () => {
  const bare = await createAppFolder([])
  try {
    const ending = await bare.run(['unsettled.mjs'])
    expect(ending).toMatchObject({ code: 13, stdout: 'running\n' })
    expect(ending.stderr).toMatch(/OtelTapeWarning: .*Cannot find module '@opentelemetry\/api'/)
  } finally {
    await bare.remove()
  }
})

test('a store that cannot be opened: the default serves, and the telemetry reaches its backend', async () => {
  const env = { OTEL_TAPE_STORE: 'ftp://somewhere', OTEL_EXPORTER_OTLP_ENDPOINT: backend.url }
  const ending = await app.run(['shop.cjs'], { env })
  expect(ending).toMatchObject({ code: 0, stdout: '' })
  expect(ending.stderr).toMatch(/OtelTapeWarning: .*using file:\.otel-tape: .*'ftp:'/)
  expect(backend.received.traces).toHaveLength(1)
  expect(backend.received.metrics).toHaveLength(1)
  expect(backend.received.logs).toHaveLength(1)
})

test('a store that is down: the app ends as it would, and the user is told what is lost', async () => {
  const env = {
    ...NONE,
    OTEL_TAPE_SESSION_ID: 'down',
    OTEL_TAPE_STORE: 's3://bucket',
    MINIO_ENDPOINT: 'http://127.0.0.1:1',
    MINIO_ACCESS_KEY: 'nobody',
    MINIO_SECRET_KEY: 'nothing',
  }
  const startedAtMillis = Date.now()
  const ending = await app.run(['endings.cjs', 'an exit code is set'], { env })
  expect(Date.now() - startedAtMillis).toBeLessThan(12_000)
  expect(ending).toMatchObject({ code: 3, stdout: 'running\n' })
  expect(ending.stderr.match(/OtelTapeWarning/g)).toHaveLength(1)
  expect(ending.stderr).toContain("session 'down' is not complete")
  expect(ending.stderr).toContain('1 spans')
})

test('a session that is completed is not written again, and the user is told', async () => {
  const env = { ...NONE, OTEL_TAPE_SESSION_ID: 'twice' }
  expect(await app.run(['shop.cjs'], { env })).toMatchObject({ code: 0, stderr: '' })
  const first = await readRecorded(app.store, 'twice')
  const ending = await app.run(['shop.cjs'], { env })
  expect(ending).toMatchObject({ code: 0, stdout: '' })
  expect(ending.stderr).toMatch(/OtelTapeWarning: .*'twice' was completed/)
  expect(await readRecorded(app.store, 'twice')).toEqual(first)
})

test('variables that are spelled wrong are named, and the rest is recorded', async () => {
  const env = {
    OTEL_TRACES_EXPORTER: 'jaeger',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'carrier-pigeon',
    OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
    OTEL_METRIC_EXPORT_INTERVAL: 'often',
    OTEL_TAPE_SESSION_ID: 'a/b',
  }
  const { code, stderr } = await app.run(['shop.cjs'], { env })
  expect(code).toBe(0)
  expect(stderr).toContain("OTEL_TRACES_EXPORTER: 'jaeger' is ignored")
  expect(stderr).toContain("OTEL_EXPORTER_OTLP_PROTOCOL: 'carrier-pigeon' is ignored")
  expect(stderr).toContain("OTEL_METRIC_EXPORT_INTERVAL is ignored: 'often'")
  expect(stderr).toContain('OTEL_TAPE_SESSION_ID is ignored')
  const [generated] = (await sessionIds()).filter((id) => id !== 'twice')
  const { spanNames, metricNames, logBodies } = await readRecorded(app.store, generated)
  expect([spanNames.length, metricNames.length, logBodies.length]).toEqual([2, 1, 1])
})

test('OTEL_SDK_DISABLED: nothing at all happens', async () => {
  const before = await sessionIds()
  const ending = await app.run(['shop.cjs'], { env: { ...NONE, OTEL_SDK_DISABLED: 'true' } })
  expect(ending).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
  expect(await sessionIds()).toEqual(before)
})
