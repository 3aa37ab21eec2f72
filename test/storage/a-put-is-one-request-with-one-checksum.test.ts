// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash, randomBytes } from 'node:crypto'
import { type FaultStore, startFaultStore } from '../support/s3/fault-store'

const HASHED_BYTES = 256 * 1024

let under: FaultStore

beforeEach(async () => {
  under = await startFaultStore()
  await under.store.put('made', Buffer.from('the bucket'))
  under.s3.requests.length = 0
})

afterEach(() => under.stop())

it.each([0, 1, HASHED_BYTES - 1, HASHED_BYTES, HASHED_BYTES + 1, 3 * HASHED_BYTES + 7])(
  'puts %d bytes',
  async (sizeBytes) => {
    // A view that does not begin where its memory begins.
    const body = new Uint8Array(randomBytes(sizeBytes + 16)).subarray(16)
    const expected = createHash('sha256').update(body).digest('hex')
    await under.store.put('object', body)
    expect(under.s3.requests.map(({ method, key }) => `${method} ${key}`)).toEqual(['PUT object'])
    const [{ headers }] = under.s3.requests
    expect(headers['x-amz-content-sha256']).toBe(expected)
    expect(headers['content-length']).toBe(String(body.length))
    expect(headers['content-md5']).toBeUndefined()
    expect(headers.expect).toBeUndefined()
    expect(Buffer.from((await under.store.get('object')).body).equals(body)).toBe(true)
  },
)

it('gives the event loop its turns while it hashes a large body', async () => {
  let turns = 0
  const count = (): void => {
    turns++
    if (under.s3.requests.length === 0) setImmediate(count)
  }
  setImmediate(count)
  await under.store.put('object', Buffer.alloc(16 * HASHED_BYTES))
  expect(turns).toBeGreaterThan(15)
})

it('is ended by its caller while it hashes', async () => {
  const caller = new AbortController()
  const putting = under.store.put('object', Buffer.alloc(64 * HASHED_BYTES), caller)
  setImmediate(() => caller.abort())
  await expect(putting).rejects.toMatchObject({ code: 'ABORTED', key: 'object' })
  expect(under.s3.requests).toEqual([])
})
