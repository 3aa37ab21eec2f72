// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { text } from 'node:stream/consumers'
import { type FaultStore, startFaultStore } from '../support/s3/fault-store'

let under: FaultStore

afterEach(() => under.stop())

it('sends a hundred writes through four connections while every other is answered 503', async () => {
  under = await startFaultStore({ maxSockets: 4 })
  let count = 0
  under.s3.faultFor = () => (count++ % 2 ? { kind: 'answer', status: 503 } : undefined)
  let mostSockets = 0
  const writes = Array.from({ length: 100 }, async (_, i) => {
    await under.store.put(`object/${i}`, Buffer.alloc(10_000))
    mostSockets = Math.max(mostSockets, under.s3.openSockets())
  })
  await Promise.all(writes)
  expect(under.s3.buckets.get('bucket')?.size).toBe(100)
  expect(mostSockets).toBeLessThanOrEqual(4)
})

it('keeps using the same connection', async () => {
  under = await startFaultStore({ maxSockets: 1 })
  let count = 0
  under.s3.faultFor = () => (count++ % 3 === 0 ? { kind: 'answer', status: 503 } : undefined)
  for (let i = 0; i < 20; i++) {
    await under.store.put('object', Buffer.from('x'))
    await under.store.get('object')
    expect(await text(under.store.read('object'))).toBe('x')
    await under.store.head('object')
  }
  expect(under.s3.acceptedSockets()).toBe(1)
})
