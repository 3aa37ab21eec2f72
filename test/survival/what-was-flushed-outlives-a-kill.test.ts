// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// test/long/a-killed-capture-keeps-what-it-flushed.test.ts does the same two hundred times.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileStore } from '../../src/storage/file-store'
import { type BundledScript, bundleScript } from '../support/bundled-script'
import { testBucket } from '../support/s3/test-bucket'
import { killCapture, killMany } from './killed-capture'

const bucket = testBucket()
let script: BundledScript
let folder: string

beforeAll(async () => {
  script = await bundleScript(join(__dirname, 'children/capture-until-killed.ts'))
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-kills-'))
})
afterAll(async () => {
  await script.remove()
  await rm(folder, { recursive: true })
  await bucket.remove()
})

test('in a folder', async () => {
  const store = new FileStore(folder)
  const { begun, stored } = await killMany(15, 4, (run) =>
    killCapture({
      ...{ script, store, storeUrl: folder },
      ...{ sessionId: `killed-${run}`, lifeMillis: 60 },
    }),
  )
  expect(begun).toBeGreaterThan(0)
  expect(stored).toBeGreaterThan(0)
}, 120_000)

test('in MinIO', async () => {
  const store = bucket.open()
  const { begun } = await killMany(5, 3, (run) =>
    killCapture({
      ...{ script, store, storeUrl: `s3://${bucket.options.bucket}` },
      ...{ environment: bucket.environment, sessionId: `killed-${run}`, lifeMillis: 60 },
    }),
  )
  expect(begun).toBeGreaterThan(0)
}, 120_000)
