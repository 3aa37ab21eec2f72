// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type AppFolder, SDK, createAppFolder } from './app-folder'
import { readRecorded } from './recorded-session'

const HTTP = '@opentelemetry/instrumentation-http'

// What the real package does, of one instrumentation instead of thirty. The real one
// is proven by test/compat.
const AUTO_INSTRUMENTATIONS = `
  const { HttpInstrumentation } = require('${HTTP}')
  exports.getNodeAutoInstrumentations = () => [new HttpInstrumentation()]`

const ENV = {
  OTEL_TRACES_EXPORTER: 'none',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
}

let app: AppFolder

beforeAll(async () => {
  app = await createAppFolder([...SDK, HTTP, '@opentelemetry/instrumentation'])
  await app.addPackage('@opentelemetry/auto-instrumentations-node', AUTO_INSTRUMENTATIONS)
})
afterAll(() => app.remove())

const ways = [
  { id: 'imported-cjs', script: 'shop.cjs', nodeOptions: ['--import', 'otel-tape/register'] },
  { id: 'imported-esm', script: 'shop.mjs', nodeOptions: ['--import', 'otel-tape/register'] },
  { id: 'required-cjs', script: 'shop.cjs', nodeOptions: ['--require', 'otel-tape/register'] },
  { id: 'required-esm', script: 'shop.mjs', nodeOptions: ['--require', 'otel-tape/register'] },
]

test.each(ways)('$nodeOptions with $script', async ({ id, script, nodeOptions }) => {
  const env = { ...ENV, OTEL_TAPE_SESSION_ID: id, OTEL_SERVICE_NAME: 'shop' }
  const ending = await app.run([script], { nodeOptions, env })
  expect(ending).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })

  const { metadata, spanNames, metricNames, logBodies } = await readRecorded(app.store, id)
  expect(metadata).toMatchObject({
    status: 'completed',
    writers: 1,
    interruptedWriters: 0,
    serviceNames: ['shop'],
  })
  // One by the client and one by the server: both were instrumented.
  expect([...spanNames].sort()).toEqual(['GET', 'GET', 'answer', 'order'])
  expect(metricNames).toContain('orders')
  expect(logBodies).toEqual(['an order came in'])
})

test('child processes record into the same session, worker threads are left alone', async () => {
  const env = {
    ...ENV,
    OTEL_TAPE_SESSION_ID: 'family',
    NODE_OPTIONS: '--import otel-tape/register',
  }
  const ending = await app.run(['family.cjs'], { nodeOptions: [], env })
  expect(ending).toMatchObject({ code: 0, stderr: '' })
  const { metadata, spanNames } = await readRecorded(app.store, 'family')
  expect(metadata).toMatchObject({ status: 'completed', writers: 2, interruptedWriters: 0 })
  expect([...spanNames].sort()).toEqual(['child', 'parent'])
})

test('an app started from elsewhere finds its own SDK', async () => {
  const env = { ...ENV, OTEL_TAPE_SESSION_ID: 'elsewhere', OTEL_TAPE_STORE: app.store }
  const ending = await app.run([`${app.path}/shop.cjs`], {
    nodeOptions: ['--require', `${app.path}/node_modules/otel-tape/dist/register/index.js`],
    env,
    cwd: '/',
  })
  expect(ending).toMatchObject({ code: 0, stderr: '' })
  expect((await readRecorded(app.store, 'elsewhere')).spanNames).toContain('order')
})
