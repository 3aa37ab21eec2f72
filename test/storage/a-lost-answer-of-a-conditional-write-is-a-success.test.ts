// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type FaultStore, startFaultStore } from '../support/s3/fault-store'
import type { S3RequestSeen } from '../support/s3/in-process-s3'
import { expectCode } from '../support/store-conformance'

let under: FaultStore

beforeEach(async () => {
  under = await startFaultStore()
})

afterEach(() => under.stop())

const isPut = ({ method }: S3RequestSeen) => method === 'PUT'

it('of ifAbsent', async () => {
  under.failNext(isPut, { kind: 'lose-response' }, { kind: 'lose-response' })
  const written = await under.store.put('object', Buffer.from('mine'), { ifAbsent: true })
  expect(written).toMatchObject({ key: 'object', sizeBytes: 4 })
  expect((await under.store.head('object'))?.etag).toBe(written.etag)
})

it('of ifMatch', async () => {
  const { etag } = await under.store.put('object', Buffer.from('first'))
  under.failNext(isPut, { kind: 'lose-response' })
  const written = await under.store.put('object', Buffer.from('second'), { ifMatch: etag })
  expect((await under.store.get('object')).etag).toBe(written.etag)
  await under.store.put('object', Buffer.from('third'), { ifMatch: written.etag })
})

it('but not when it was another who wrote, even the same bytes', async () => {
  under.failNext(isPut, { kind: 'hang' })
  const mine = under.store.put('object', Buffer.from('same'), { ifAbsent: true })
  const theirs = under.open({}).put('object', Buffer.from('same'), { ifAbsent: true })
  const outcomes = await Promise.allSettled([mine, theirs])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
})

it('and a first attempt that fails its condition is a failure without a second look', async () => {
  await under.store.put('object', Buffer.from('theirs'))
  under.s3.requests.length = 0
  const write = under.store.put('object', Buffer.from('mine'), { ifAbsent: true })
  await expectCode(write, 'PRECONDITION_FAILED', 'object')
  expect(under.s3.requests).toHaveLength(1)
})

it('and a look that fails is repeated', async () => {
  under.s3.faultFor = (() => {
    const faults = { PUT: ['lose-response'], HEAD: ['reset'] } as Record<string, string[]>
    return ({ method }: S3RequestSeen) => {
      const kind = faults[method]?.shift()
      return kind ? { kind: kind as 'reset' } : undefined
    }
  })()
  await under.store.put('object', Buffer.from('mine'), { ifAbsent: true })
})

it('and a bucket that another process makes at the same time is no error', async () => {
  const stores = Array.from({ length: 5 }, () => under.open({ bucket: 'new-bucket' }))
  await Promise.all(
    stores.flatMap((store, i) => [
      store.put(`object/${i}`, Buffer.from('x'), { ifAbsent: true }),
      store.check(),
    ]),
  )
  expect(under.s3.buckets.get('new-bucket')?.size).toBe(5)
})
