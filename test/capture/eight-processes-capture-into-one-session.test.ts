// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import { loadSession } from '../../src/session/catalogue'
import { startScript } from '../support/child-script'
import { readAll } from '../support/recording'
import { testBucket } from '../support/s3/test-bucket'

const PROCESSES = 8
const ITEMS = 250

const bucket = testBucket()
afterAll(() => bucket.remove())

test('the totals are the sum, and every item is read back exactly once', async () => {
  const script = join(__dirname, 'children/capture-named-logs.ts')
  Object.assign(process.env, bucket.environment)
  const url = `s3://${bucket.options.bucket}`
  const children = Array.from({ length: PROCESSES }, (_, index) =>
    startScript(script, url, 'shared', `process-${index}`, String(ITEMS)),
  )
  // Else the fastest would have completed the session before the slowest had begun.
  for (const child of children) expect(await child.message()).toBe('ready')
  for (const child of children) child.process.send('go')
  await Promise.all(children.map((child) => child.done()))

  const store = bucket.open()
  const metadata = await loadSession(store, 'shared')
  expect(metadata).toMatchObject({
    status: 'completed',
    writers: PROCESSES,
    interruptedWriters: 0,
    capturedLogs: PROCESSES * ITEMS,
  })
  expect(metadata.serviceNames).toHaveLength(PROCESSES)
  const names = (await readAll({ store, sessionId: 'shared' })).flatMap(
    ({ body }) =>
      Buffer.from(body)
        .toString('latin1')
        .match(/process-\d\/\d+/g) ?? [],
  )
  expect(names).toHaveLength(PROCESSES * ITEMS)
  expect(new Set(names).size).toBe(PROCESSES * ITEMS)
}, 90_000)
