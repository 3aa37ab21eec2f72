// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Takes about four minutes: 200 processes that capture are killed, 150 of them recording into a
// folder and 50 into MinIO (or, without one, into the tests' own S3 server).

import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileStore } from '../../src/storage/file-store'
import { MinioStore } from '../../src/storage/minio-store'
import { killCapture, killMany } from '../survival/killed-capture'
import { type BundledScript, bundleScript } from '../support/bundled-script'
import { selectServer } from '../support/s3/select-server'
import type { TestServer } from '../support/s3/test-server'

const KILLS = Number(process.env.OTEL_TAPE_TEST_KILLS ?? 200)
const LONGEST_LIFE_MILLIS = 1_500
const AT_ONCE = 4

let script: BundledScript
let folder: string
let server: TestServer

beforeAll(async () => {
  script = await bundleScript(join(__dirname, '../survival/children/capture-until-killed.ts'))
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-kills-'))
  server = await selectServer(true)
}, 1_000_000)
afterAll(async () => {
  await script.remove()
  await rm(folder, { recursive: true })
  await server.stop()
})

test('captures into a folder', async () => {
  const store = new FileStore(folder)
  const sum = await killMany(Math.ceil(KILLS * 0.75), AT_ONCE, (run) =>
    killCapture({
      ...{ script, store, storeUrl: folder, sessionId: `killed-${run}` },
      lifeMillis: LONGEST_LIFE_MILLIS,
    }),
  )
  print('a folder', sum)
  expect(sum.begun).toBeGreaterThan(sum.runs / 2)
})

test('captures into MinIO', async () => {
  const { endpoint, accessKey, secretKey, region } = server
  const bucket = `otel-tape-test-${randomUUID()}`
  const store = new MinioStore({ endpoint, accessKey, secretKey, region, bucket })
  const environment = {
    MINIO_ENDPOINT: endpoint,
    MINIO_ACCESS_KEY: accessKey,
    MINIO_SECRET_KEY: secretKey,
    MINIO_REGION: region,
  }
  await store.check().catch(() => undefined)
  const sum = await killMany(Math.floor(KILLS * 0.25), AT_ONCE, (run) =>
    killCapture({
      ...{ script, store, storeUrl: `s3://${bucket}`, environment, sessionId: `killed-${run}` },
      lifeMillis: LONGEST_LIFE_MILLIS,
    }),
  )
  print(server.description, sum)
  expect(sum.begun).toBeGreaterThan(sum.runs / 2)
  await store.close()
})

function print(where: string, sum: Awaited<ReturnType<typeof killMany>>): void {
  process.stderr.write(
    `${sum.runs} kills of captures into ${where}: ${sum.begun} sessions had begun, ` +
      `${sum.flushed} items flushed, ${sum.stored} stored, none lost or doubled; ` +
      `all repaired to exact totals\n`,
  )
}
