// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { buffer } from 'node:stream/consumers'
import { type FaultStore, startFaultStore } from '../support/s3/fault-store'
import { all, expectCode } from '../support/store-conformance'

let under: FaultStore

beforeEach(async () => {
  under = await startFaultStore({ attemptTimeoutMillis: 100, timeoutMillis: 300 })
  await under
    .open({ timeoutMillis: 10_000, attemptTimeoutMillis: 10_000 })
    .put('object', Buffer.alloc(100_000))
  under.s3.faultFor = () => ({ kind: 'hang' })
})

afterEach(() => under.stop())

it('every operation ends with TIMEOUT within its limit', async () => {
  const startedAt = performance.now()
  await Promise.all([
    expectCode(under.store.put('object', Buffer.alloc(10)), 'TIMEOUT', 'object'),
    expectCode(under.store.get('object'), 'TIMEOUT', 'object'),
    expectCode(buffer(under.store.read('object')), 'TIMEOUT', 'object'),
    expectCode(under.store.head('object'), 'TIMEOUT', 'object'),
    expectCode(all(under.store.list('')), 'TIMEOUT', ''),
    expectCode(all(under.store.listFolders('')), 'TIMEOUT', ''),
    expectCode(under.store.delete('object'), 'TIMEOUT', 'object'),
    expectCode(under.store.check(), 'TIMEOUT'),
  ])
  expect(performance.now() - startedAt).toBeLessThan(2000)
})

it('a server that falls silent in every body ends a get with TIMEOUT', async () => {
  under.s3.faultFor = () => ({ kind: 'stall-body', afterBytes: 1000 })
  await expectCode(under.store.get('object'), 'TIMEOUT', 'object')
})

it('requests that wait for a free connection are under the limit too', async () => {
  const store = under.open({ maxSockets: 1, attemptTimeoutMillis: 10_000 })
  const outcomes = Array.from({ length: 10 }, () => expectCode(store.head('object'), 'TIMEOUT'))
  await Promise.all(outcomes)
})

it('the caller ends an operation at once', async () => {
  const patient = under.open({ attemptTimeoutMillis: 60_000, timeoutMillis: 60_000 })
  const controller = new AbortController()
  const { signal } = controller
  const ended = Promise.all([
    expectCode(patient.put('object', Buffer.alloc(10), { signal }), 'ABORTED', 'object'),
    expectCode(patient.get('object', { signal }), 'ABORTED', 'object'),
    expectCode(buffer(patient.read('object', { signal })), 'ABORTED', 'object'),
    expectCode(all(patient.list('', { signal })), 'ABORTED', ''),
  ])
  await allArrived(4)
  controller.abort()
  await ended
})

it('closing the store ends what is under way', async () => {
  const patient = under.open({ attemptTimeoutMillis: 60_000, timeoutMillis: 60_000 })
  const ended = Promise.all([
    expectCode(patient.put('object', Buffer.alloc(10)), 'CLOSED'),
    expectCode(buffer(patient.read('object')), 'CLOSED'),
    expectCode(all(patient.list('')), 'CLOSED'),
  ])
  await allArrived(3)
  await patient.close()
  await ended
  await under.store.close()
  while (under.s3.openSockets() > 0) await wait(1)
})

it('closing the store ends a stream in its middle', async () => {
  under.s3.faultFor = () => ({ kind: 'stall-body', afterBytes: 1000 })
  const patient = under.open({ attemptTimeoutMillis: 60_000, timeoutMillis: 60_000 })
  const stream = patient.read('object')
  const ended = expectCode(buffer(stream), 'CLOSED')
  await once(stream, 'data')
  await patient.close()
  await ended
})

async function allArrived(count: number): Promise<void> {
  const arrived = () => under.s3.requests.filter(({ method }) => method !== 'HEAD').length
  // The put of the setup is one of them.
  while (arrived() < count + 1) await wait(1)
}
