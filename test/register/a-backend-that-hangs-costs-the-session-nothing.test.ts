// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type AppFolder, SDK, createAppFolder } from './app-folder'
import { type HangingBackend, startHangingBackend } from './hanging-backend'
import { readRecorded } from './recorded-session'

let app: AppFolder
let backend: HangingBackend

beforeAll(async () => {
  app = await createAppFolder(SDK)
  backend = await startHangingBackend()
})
afterAll(async () => {
  await app.remove()
  await backend.close()
})

test('what an app produces while its backend hangs is in the session, to the last record', async () => {
  const env = {
    OTEL_TAPE_SESSION_ID: 'hangs',
    OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
    // One by one: each export waits for the one before, which waits for the backend.
    OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '1',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1',
  }
  const running = app.start(['many.cjs'], { env })
  await running.printed('running')
  running.process.kill('SIGTERM')
  const startedAtMillis = Date.now()
  expect(await running.ended).toMatchObject({ code: null, signal: 'SIGTERM' })
  expect(Date.now() - startedAtMillis).toBeLessThan(9_000)

  const { metadata, spanNames, metricNames, logBodies } = await readRecorded(app.store, 'hangs')
  expect(metadata.status).toBe('completed')
  const expected = Array.from({ length: 100 }, (_, index) => `number ${index}`)
  expect(spanNames).toEqual(expected)
  expect(logBodies).toEqual(expected)
  expect(metricNames).toEqual(['made'])
})

test('a store that hangs delays the end by its limit alone, and what is lost is told', async () => {
  const env = {
    OTEL_TAPE_SESSION_ID: 'nowhere',
    OTEL_TAPE_STORE: 's3://bucket',
    MINIO_ENDPOINT: backend.url,
    MINIO_ACCESS_KEY: 'access',
    MINIO_SECRET_KEY: 'secret',
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  }
  const running = app.start(['endings.cjs', 'a signal nobody handles'], { env })
  await running.printed('running')
  running.process.kill('SIGTERM')
  const startedAtMillis = Date.now()
  const { signal, stderr } = await running.ended
  expect(signal).toBe('SIGTERM')
  expect(Date.now() - startedAtMillis).toBeLessThan(9_000)
  expect(stderr).toMatch(/session 'nowhere' is not complete, .*: 1 spans, 0 metric data points/)
})
