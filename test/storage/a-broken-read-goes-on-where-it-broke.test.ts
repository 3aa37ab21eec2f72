// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { buffer } from 'node:stream/consumers'
import { type FaultStore, startFaultStore } from '../support/s3/fault-store'
import type { S3RequestSeen } from '../support/s3/in-process-s3'
import { expectCode } from '../support/store-conformance'

const BODY = randomBytes(2_000_000)

let under: FaultStore

beforeEach(async () => {
  under = await startFaultStore()
  await under.store.put('object', BODY)
  under.s3.requests.length = 0
})

afterEach(() => under.stop())

const isGet = ({ method }: S3RequestSeen) => method === 'GET'

it.each(['cut-body', 'stall-body'] as const)('after a %s', async (kind) => {
  const fault = { kind, afterBytes: 300_000 }
  under.failNext(isGet, fault, fault, { kind: 'reset' }, { kind, afterBytes: 0 }, fault)
  expect(Buffer.compare(await buffer(under.store.read('object')), BODY)).toBe(0)
  const starts = under.s3.requests.map(({ headers }) => headers.range)
  expect(starts).toEqual([
    undefined,
    'bytes=300000-',
    'bytes=600000-',
    'bytes=600000-',
    'bytes=600000-',
    'bytes=900000-',
  ])
})

it('within the range that was asked for', async () => {
  under.failNext(isGet, { kind: 'cut-body', afterBytes: 1000 })
  const read = await buffer(under.store.read('object', { startBytes: 500, lengthBytes: 5000 }))
  expect(Buffer.compare(read, BODY.subarray(500, 5500))).toBe(0)
  expect(under.s3.requests.map(({ headers }) => headers.range)).toEqual([
    'bytes=500-5499',
    'bytes=1500-5499',
  ])
})

it('but not in an object that was replaced meanwhile', async () => {
  under.failNext(isGet, { kind: 'stall-body', afterBytes: 300_000 })
  const read = expectCode(buffer(under.store.read('object')), 'FAILED', 'object')
  await under.store.put('object', randomBytes(2_000_000))
  expect((await read).message).toContain('replaced')
})

it('and get starts again', async () => {
  under.failNext(
    isGet,
    { kind: 'cut-body', afterBytes: 300_000 },
    { kind: 'stall-body', afterBytes: 5 },
  )
  expect(Buffer.compare((await under.store.get('object')).body, BODY)).toBe(0)
})

it('and a listing that was cut is not taken for a short one', async () => {
  await under.store.put('other', Buffer.from('x'))
  under.failNext(isGet, { kind: 'cut-body', afterBytes: 400 })
  const keys: string[] = []
  for await (const { key } of under.store.list('')) keys.push(key)
  expect(keys).toEqual(['object', 'other'])
})

it('and a reader who takes its time is no silent server', async () => {
  const store = under.open({ attemptTimeoutMillis: 50 })
  const chunks: Buffer[] = []
  for await (const chunk of store.read('object')) {
    chunks.push(chunk as Buffer)
    if (chunks.length === 2) await wait(200)
  }
  expect(Buffer.compare(Buffer.concat(chunks), BODY)).toBe(0)
  expect(under.s3.requests).toHaveLength(1)
})

it('and a stream that is left in the middle leaves no connection behind', async () => {
  const stream = under.store.read('object')
  await once(stream, 'readable')
  stream.destroy()
  await once(stream, 'close')
  await under.store.close()
  while (under.s3.openSockets() > 0) await wait(1)
})
