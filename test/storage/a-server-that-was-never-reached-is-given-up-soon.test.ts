// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { MinioStore } from '../../src/storage/minio-store'
import type { S3Fault } from '../support/s3/in-process-s3'
import { type FaultStore, startFaultStore } from '../support/s3/fault-store'
import { all, expectCode } from '../support/store-conformance'

let under: FaultStore

beforeEach(async () => {
  under = await startFaultStore()
})

afterEach(() => under.stop())

/** With every time limit at its default. */
function storeAt(endpoint: string): MinioStore {
  return new MinioStore({ endpoint, accessKey: 'key', secretKey: 'secret', bucket: 'bucket' })
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const resetNext = (count: number) =>
  under.failNext(() => true, ...Array.from({ length: count }, (): S3Fault => ({ kind: 'reset' })))

it('every operation says at once why nobody is there, and what to do', async () => {
  const port = await unusedPort()
  const store = storeAt(`http://127.0.0.1:${port}`)
  const startedAt = performance.now()
  const errors = await Promise.all([
    expectCode(store.put('object', Buffer.alloc(10)), 'UNAVAILABLE', 'object'),
    expectCode(store.get('object'), 'UNAVAILABLE', 'object'),
    expectCode(buffer(store.read('object')), 'UNAVAILABLE', 'object'),
    expectCode(store.head('object'), 'UNAVAILABLE', 'object'),
    expectCode(all(store.list('')), 'UNAVAILABLE', ''),
    expectCode(all(store.listFolders('')), 'UNAVAILABLE', ''),
    expectCode(store.delete('object'), 'UNAVAILABLE', 'object'),
    expectCode(store.check(), 'UNAVAILABLE'),
  ])
  // Two waits of 100 and 200 ms at the most, where it was thirty seconds.
  expect(performance.now() - startedAt).toBeLessThan(5000)
  for (const { message } of errors) {
    expect(message).toContain(`ECONNREFUSED 127.0.0.1:${port}`)
    expect(message).toContain(`at http://127.0.0.1:${port} failed`)
    expect(message).toContain('Check that the server is running')
  }
  await store.close()
})

it('names each address of a host that refuses on all', async () => {
  const port = await unusedPort()
  const store = storeAt(`http://localhost:${port}`)
  const { message } = await expectCode(store.head('object'), 'UNAVAILABLE')
  expect(message).toMatch(new RegExp(`ECONNREFUSED (127\\.0\\.0\\.1|::1):${port}`))
  await store.close()
})

it('makes three attempts, and more once the server has answered', async () => {
  resetNext(3)
  await expectCode(under.store.head('object'), 'UNAVAILABLE')
  expect(under.s3.requests).toHaveLength(3)

  await under.store.head('object')
  under.s3.requests.length = 0
  resetNext(6)
  await under.store.head('object')
  expect(under.s3.requests).toHaveLength(7)
})

it('an error is an answer', async () => {
  under.failNext(() => true, { kind: 'answer', status: 503 })
  await under.store.head('object')
  under.s3.requests.length = 0
  resetNext(6)
  await under.store.head('object')
  expect(under.s3.requests).toHaveLength(7)
})

it('silence keeps its own limit', async () => {
  const store = under.open({ attemptTimeoutMillis: 20, timeoutMillis: 1000 })
  under.s3.faultFor = () => ({ kind: 'hang' })
  await expectCode(store.head('object'), 'TIMEOUT')
  expect(under.s3.requests.length).toBeGreaterThan(3)
})
