// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { SIGNALS } from '../../src/otlp/signal'
import { loadSession } from '../../src/session/catalogue'
import { MemoryStore } from '../../src/storage/memory-store'
import { makeBatch, readAll, recordSession } from '../support/recording'
import { post, startReceiver, stopReceivers, temporaryFolder } from './receiving'

afterEach(stopReceivers)

const BATCHES = SIGNALS.map((signal) => makeBatch(signal, { names: [`one ${signal}`, 'two'] }))

test.each(['stored', 'memory'] as const)('byte for byte, with ack %s', async (ack) => {
  const store = new MemoryStore()
  const writeAheadFolder = await temporaryFolder()
  const receiver = await startReceiver({ store, sessionId: 'x', ack, writeAheadFolder })
  for (const batch of BATCHES) expect((await post(receiver, batch)).status).toBe(200)
  const [metadata] = await receiver.stop()
  expect(metadata).toMatchObject({
    sessionId: 'x',
    status: 'completed',
    capturedTraces: 2,
    capturedMetrics: 2,
    capturedLogs: 2,
  })
  const stored = await readAll({ store, sessionId: 'x' })
  for (const { signal, body } of BATCHES) {
    const found = stored.filter((batch) => batch.signal === signal)
    expect(found.map((batch) => Buffer.from(batch.body))).toEqual([Buffer.from(body)])
  }
  expect(await readdir(writeAheadFolder)).toEqual([])
})

test('counted by signal and by service, also where one request has several', async () => {
  const receiver = await startReceiver({ store: new MemoryStore(), sessionId: 'x' })
  const mixed = {
    signal: 'logs' as const,
    body: Buffer.concat([
      makeBatch('logs', { names: ['a', 'b'], service: 'shop' }).body,
      makeBatch('logs', { names: ['c'], service: 'cart' }).body,
    ]),
  }
  await post(receiver, mixed)
  await post(receiver, makeBatch('traces', { names: ['d'], service: 'cart' }))
  await post(receiver, { signal: 'traces', body: Buffer.from('nonsense') })
  expect(receiver.status()).toMatchObject({
    sessionId: 'x',
    openSessions: ['x'],
    received: {
      traces: { requests: 1, items: 1 },
      logs: { requests: 1, items: 3, bytes: mixed.body.length },
    },
    itemsByService: new Map([
      ['shop', 2],
      ['cart', 2],
    ]),
    refusedRequests: new Map([[400, 1]]),
    rejectedItems: 0,
  })
})

test('a session that is completed is not received into', async () => {
  const store = new MemoryStore()
  await recordSession(store, 'x', BATCHES)
  await expect(startReceiver({ store, sessionId: 'x' })).rejects.toMatchObject({
    name: 'ReceiverError',
    reason: 'SessionCompleted',
    sessionId: 'x',
  })
})

test('bytes of another signal are refused, and not stored as what they are not', async () => {
  const receiver = await startReceiver({ store: new MemoryStore() })
  const { body } = makeBatch('traces', { names: ['a'] })
  const answer = await post(receiver, { signal: 'logs', body })
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain('are OTLP traces, not logs')
})

test('it is stopped where it goes out of scope', async () => {
  const store = new MemoryStore()
  const receiver = await startReceiver({ store, sessionId: 'x' })
  await post(receiver, BATCHES[0])
  await receiver[Symbol.asyncDispose]()
  expect(await loadSession(store, 'x')).toMatchObject({ status: 'completed', capturedTraces: 2 })
  await expect(post(receiver, BATCHES[0])).rejects.toThrow()
})

describe('without recording', () => {
  test('nothing is acknowledged that nobody takes', async () => {
    const receiver = await startReceiver({ record: false })
    expect((await post(receiver, BATCHES[0])).status).toBe(503)
    const { batches } = receiver
    expect((await post(receiver, BATCHES[0])).status).toBe(200)
    await receiver.stop()
    expect(await batches.toArray()).toHaveLength(1)
  })

  test('batches come out of it as a stream, which ends when it stops', async () => {
    const receiver = await startReceiver({ record: false })
    const { batches } = receiver
    const first = once(batches, 'data')
    await post(receiver, BATCHES[0])
    expect(await first).toMatchObject([{ signal: 'traces' }])
    const ended = once(batches, 'end')
    await receiver.stop()
    await ended
  })

  test('whoever reads slowly is waited for: senders are told to come again', async () => {
    const { length } = BATCHES[0].body
    const receiver = await startReceiver({ record: false, maxQueueBytes: length * 3 })
    const { batches } = receiver
    const statuses: number[] = []
    for (let request = 0; request < 10; request++) {
      statuses.push((await post(receiver, BATCHES[0])).status)
    }
    const taken = statuses.filter((status) => status === 200).length
    expect(new Set(statuses)).toEqual(new Set([200, 503]))
    expect(taken).toBeLessThan(6)
    await receiver.stop()
    expect(await batches.toArray()).toHaveLength(taken)
  })
})

test('batches can be watched beside the recording', async () => {
  const store = new MemoryStore()
  const receiver = await startReceiver({ store, sessionId: 'x' })
  const watched = receiver.batches.toArray()
  for (const batch of BATCHES) await post(receiver, batch)
  await receiver.stop()
  expect(await watched).toHaveLength(3)
  expect(await readAll({ store, sessionId: 'x' })).toHaveLength(3)
})

test('a port that is taken is told, and leaves no session behind', async () => {
  const store = new MemoryStore()
  const first = await startReceiver({ store, sessionId: 'first' })
  const http = new URL(first.httpUrl ?? '').host
  await expect(startReceiver({ store, sessionId: 'second', http })).rejects.toMatchObject({
    reason: 'AddressInUse',
    message: expect.stringContaining(http) as string,
  })
  await expect(loadSession(store, 'second')).rejects.toThrow('there is no session')
})
