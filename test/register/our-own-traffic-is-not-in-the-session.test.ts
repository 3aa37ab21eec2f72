// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type OtlpBackend, startOtlpBackend } from '../support/otlp-backend'
import { testBucket } from '../support/s3/test-bucket'
import { type AppFolder, SDK, createAppFolder } from './app-folder'
import { readRecorded } from './recorded-session'

const HTTP = '@opentelemetry/instrumentation-http'
const AUTO_INSTRUMENTATIONS = `
  const { HttpInstrumentation } = require('${HTTP}')
  exports.getNodeAutoInstrumentations = () => [new HttpInstrumentation()]`

const bucket = testBucket()
let app: AppFolder
let backend: OtlpBackend

beforeAll(async () => {
  app = await createAppFolder([...SDK, HTTP, '@opentelemetry/instrumentation'])
  await app.addPackage('@opentelemetry/auto-instrumentations-node', AUTO_INSTRUMENTATIONS)
  backend = await startOtlpBackend()
})
afterAll(async () => {
  await app.remove()
  await backend.close()
  await bucket.remove()
})

test.each(['shop.cjs', 'shop.mjs'])(
  '%s under HTTP instrumentation, into S3: its own two requests and no other',
  async (script) => {
    const sessionId = script.replace('.', '-')
    const env = {
      ...bucket.environment,
      OTEL_TAPE_STORE: 's3://',
      OTEL_TAPE_SESSION_ID: sessionId,
      OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
      // Many exports and uploads while the app still runs.
      OTEL_BSP_SCHEDULE_DELAY: '5',
      OTEL_METRIC_EXPORT_INTERVAL: '20',
    }
    expect(await app.run([script], { env })).toMatchObject({ code: 0, stderr: '' })
    const { metadata, spanNames } = await readRecorded(bucket.open(), sessionId)
    expect(metadata.status).toBe('completed')
    expect([...spanNames].sort()).toEqual(['GET', 'GET', 'answer', 'order'])
  },
)
