// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { startBackend } from './backend.mjs'
import { itemsOf, readFolder, readSession } from './otlp.mjs'
import { ROOT, run } from './processes.mjs'
import { readBucket } from './s3.mjs'

/** What each line has to pass. `run` returns what was seen, or throws. */
export const checks = [
  { name: 'capture, CommonJS', run: (on) => capture(on, 'captured.cjs') },
  { name: 'capture, ES modules', run: (on) => capture(on, 'captured.mjs') },
  { name: 'own exporters, CommonJS', run: (on) => capture(on, 'captured.cjs', 'own') },
  { name: 'own exporters, ES modules', run: (on) => capture(on, 'captured.mjs', 'own') },
  { name: 'register, CommonJS', run: (on) => register(on, 'plain.cjs') },
  { name: 'register, ES modules', run: (on) => register(on, 'plain.mjs') },
  { name: 'register with --require', run: (on) => register(on, 'plain.cjs', '--require') },
  { name: 'register, into S3', run: (on) => registerIntoS3(on) },
  { name: 'register, SIGTERM', run: (on) => registerUntilSignal(on) },
  { name: 'replay through SDK exporters', run: (on) => replay(on, 'sdk') },
  { name: 'replay to OTLP/HTTP', run: (on) => replay(on, 'http') },
  { name: 'otel-tape/testing', run: (on) => testWithTape(on) },
  { name: 'types, ES modules', run: (on) => compile(on, 'tsconfig.esm.json') },
  { name: 'types, CommonJS', run: (on) => compile(on, 'tsconfig.cjs.json') },
]

/** In `captured`, the shop's metrics are aggregated in every way there is. */
const METRIC_SHAPES = [
  '"sum":',
  '"gauge":',
  '"histogram":',
  '"exponentialHistogram":',
  '"aggregationTemporality":1',
  '"aggregationTemporality":2',
]

/** An app with an SDK of its own: its backend and the session hold the same. */
async function capture({ line, temporary }, script, kind = 'wrapped') {
  const store = join(temporary, randomUUID())
  return withBackend(async (backend) => {
    const { stdout } = await succeed(line, [join('app', script), store, kind], {
      OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
      OTEL_SERVICE_NAME: 'shop',
    })
    const { sessionId } = JSON.parse(stdout)
    const session = readSession(await readFolder(store), sessionId)
    // The first of a line is what the line replays.
    line.recorded ??= { store, sessionId, requests: session.requests }
    const seen = compare(session, backend.received)
    const metrics = itemsOf(session.requests).metrics.join()
    for (const shape of METRIC_SHAPES) assert.ok(metrics.includes(shape), `no metric has ${shape}`)
    return seen
  })
}

/** An app without an SDK: the same, and its exit code is kept. */
async function register({ line, temporary }, script, way = '--import') {
  const store = join(temporary, randomUUID())
  return withBackend(async (backend) => {
    const ending = await runApp(
      line,
      [way, 'otel-tape/register', join('app', script), 'exit-code'],
      {
        ...registerEnvironment(backend),
        OTEL_TAPE_STORE: store,
      },
    )
    assert.deepEqual([ending.code, ending.output], [7, ''])
    return compare(readSession(await readFolder(store), 'registered'), backend.received)
  })
}

async function registerUntilSignal({ line, temporary }) {
  const store = join(temporary, randomUUID())
  return withBackend(async (backend) => {
    const parameters = ['--import', 'otel-tape/register', join('app', 'plain.mjs'), 'signal']
    const ending = await run(line.node, parameters, {
      cwd: line.home,
      env: { ...registerEnvironment(backend), OTEL_TAPE_STORE: store },
      signalAt: 'ready',
    })
    assert.deepEqual([ending.code, ending.signal, ending.stderr], [null, 'SIGTERM', ''])
    return compare(readSession(await readFolder(store), 'registered'), backend.received)
  })
}

/** With `http` and `net` instrumented, the requests to the store make no span. */
async function registerIntoS3({ line, s3 }) {
  const bucket = `otel-tape-compat-${randomUUID()}`
  return withBackend(async (backend) => {
    const ending = await runApp(
      line,
      ['--import', 'otel-tape/register', join('app', 'plain.cjs')],
      {
        ...registerEnvironment(backend),
        OTEL_TAPE_STORE: `s3://${bucket}`,
        MINIO_ENDPOINT: s3.endpoint,
        MINIO_ACCESS_KEY: s3.accessKey,
        MINIO_SECRET_KEY: s3.secretKey,
        MINIO_REGION: s3.region,
        // Uploads and exports while the app is at work.
        OTEL_BSP_SCHEDULE_DELAY: '5',
        OTEL_METRIC_EXPORT_INTERVAL: '20',
      },
    )
    assert.deepEqual([ending.code, ending.output], [0, ''])
    const session = readSession(await readBucket(s3, bucket), 'registered')
    const { traces } = itemsOf(session.requests)
    for (const { port } of [new URL(s3.endpoint), new URL(backend.url)]) {
      const own = traces.filter((span) => span.includes(`"intValue":"${port}"`))
      assert.deepEqual(own, [], 'spans of our own requests')
    }
    return compare(session, backend.received)
  })
}

function registerEnvironment(backend) {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
    OTEL_SERVICE_NAME: 'shop',
    OTEL_TAPE_SESSION_ID: 'registered',
  }
}

/** What was captured on this line comes out of it as it went in. */
async function replay({ line }, way) {
  assert.ok(line.recorded, 'nothing was captured to be replayed')
  const { store, sessionId, requests } = line.recorded
  return withBackend(async (backend) => {
    const parameters = [join('app', 'replay.mjs'), store, sessionId, way, backend.url]
    const status = JSON.parse((await succeed(line, parameters)).stdout)
    assert.deepEqual([status.status, status.failedRecords], ['completed', 0])
    assert.equal(status.processedRecords, status.totalRecords)
    assert.deepEqual(itemsOf(backend.received), itemsOf(requests))
    return counted(itemsOf(backend.received))
  })
}

/** In Node's own test runner; the others are tried by `testing/run.mjs`. */
async function testWithTape({ line }) {
  const files = ['commonjs.test.cjs', 'es-module.test.mjs'].map((name) =>
    join('testing/node', name),
  )
  const { code, output } = await run(line.node, ['--test', '--test-reporter=tap', ...files], {
    cwd: line.home,
  })
  assert.equal(code, 0, output)
  return `${/^# pass (\d+)$/m.exec(output)[1]} tests`
}

async function compile({ line }, project) {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { code, output } = await run(line.node, [compiler, '--project', project], {
    cwd: join(line.home, 'consumer'),
  })
  assert.equal(code, 0, output)
}

/** The session is complete, and holds to the last item what the backend received. */
function compare({ metadata, requests }, received) {
  assert.equal(metadata.status, 'completed')
  const items = itemsOf(requests)
  assert.deepEqual(items, itemsOf(received))
  const { capturedTraces, capturedLogs } = metadata
  assert.deepEqual([capturedTraces, capturedLogs], [items.traces.length, items.logs.length])
  // The shop's own, and those of the instrumentation: a client's and a server's per order.
  const named = (name) => items.traces.filter((span) => span.includes(`"name":"${name}"`)).length
  assert.deepEqual(['order', 'pay', 'cancel', 'refund', 'GET'].map(named), [5, 5, 5, 5, 10])
  assert.equal(items.logs.length, 40)
  return counted(items)
}

function counted({ traces, metrics, logs }) {
  return `${traces.length} spans, ${metrics.length} metrics, ${logs.length} logs`
}

async function succeed(line, parameters, env) {
  const ending = await runApp(line, parameters, env)
  assert.deepEqual([ending.code, ending.stderr], [0, ''])
  return ending
}

function runApp(line, parameters, env) {
  return run(line.node, parameters, { cwd: line.home, env })
}

async function withBackend(use) {
  const backend = await startBackend()
  try {
    return await use(backend)
  } finally {
    await backend.close()
  }
}
