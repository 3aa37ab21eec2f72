// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, type Server, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { loadSession } from '../../src/session/catalogue'
import { FileStore } from '../../src/storage/file-store'
import { type BundledScript, bundleScript } from '../support/bundled-script'
import { contentOf } from '../support/write-ahead'

// On a busy machine.
jest.setTimeout(60_000)

let script: BundledScript
let folder: string
let silent: Server

beforeAll(async () => {
  script = await bundleScript(join(__dirname, 'children/end-in-some-way.ts'))
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-ends-'))
  // Takes connections, and never answers.
  silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1')
  await once(silent, 'listening')
})
afterAll(async () => {
  silent.close()
  await script.remove()
  await rm(folder, { recursive: true })
})

async function run(store: string, ending: string) {
  const { port } = silent.address() as AddressInfo
  const keys = { MINIO_ACCESS_KEY: 'a', MINIO_SECRET_KEY: 'b' }
  const child = spawn(process.execPath, [script.path, store, ending], {
    env: {
      ...{ PATH: process.env.PATH, MINIO_ENDPOINT: `http://127.0.0.1:${port}` },
      ...{ ...keys, ...script.environment },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const outputs = Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await once(child, 'close')) as [number | null]
  const [stdout, stderr] = await outputs
  return { code, stdout, stderr }
}

async function stored(path: string) {
  const store = new FileStore(path)
  const { names } = await contentOf(store, 'ended')
  return { names, metadata: await loadSession(store, 'ended') }
}

test.each([
  ['exit', 3],
  ['throw', 1],
])('%s: what was flushed stays, and the rest is counted', async (ending, code) => {
  const store = join(folder, ending)
  const ended = await run(store, ending)
  expect(ended.code).toBe(code)
  expect(ended.stderr).toMatch(
    /ended before session 'ended' was stored: 0 spans, 0 metric data points and 5 log records are lost/,
  )
  const { names, metadata } = await stored(store)
  expect(names).toEqual(Array.from({ length: 7 }, (_, index) => `flushed ${index}`))
  expect(metadata).toMatchObject({ status: 'failed', interruptedWriters: 1, capturedLogs: 7 })
})

test.each(['stop', 'SIGTERM'])('%s: all is stored before the end', async (ending) => {
  const store = join(folder, ending)
  const { code, stdout, stderr } = await run(store, ending)
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
  expect(JSON.parse(stdout)).toEqual({ status: 'completed', capturedLogs: 12, droppedItems: 0 })
  const { names, metadata } = await stored(store)
  expect(names).toHaveLength(12)
  expect(metadata).toMatchObject({ status: 'completed', capturedLogs: 12 })
})

test('SIGTERM, and a store that hangs: it ends in time, and all that is lost is counted', async () => {
  const startMillis = performance.now()
  const { code, stdout } = await run('s3://bucket', 'SIGTERM')
  expect(code).toBe(3)
  expect(JSON.parse(stdout)).toEqual({ status: 'failed', capturedLogs: 0, droppedItems: 12 })
  // One second each for the flush and for the stop, and what a process takes to start.
  expect(performance.now() - startMillis).toBeLessThan(10_000)
})
