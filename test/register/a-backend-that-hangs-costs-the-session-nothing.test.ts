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
