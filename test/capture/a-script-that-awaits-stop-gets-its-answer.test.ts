// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { startScript } from '../support/child-script'

test('also when nobody listens where the store should be', async () => {
  const closed = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => closed.once('listening', resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  Object.assign(process.env, {
    MINIO_ENDPOINT: `http://127.0.0.1:${port}`,
    MINIO_ACCESS_KEY: 'nobody',
    MINIO_SECRET_KEY: 'nothing',
  })
  const script = startScript(join(__dirname, 'children/stop-with-nobody-there.ts'))
  expect(await script.message()).toBe('failed')
  await script.done()
}, 30_000)
