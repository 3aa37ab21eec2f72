// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { loadSession } from '../../src/session/catalogue'
import { MemoryStore } from '../../src/storage/memory-store'
import { recordSession } from '../support/recording'
import { logsOf, post, startReceiver, stopReceivers, storedLogBodies } from './receiving'

afterEach(stopReceivers)

test('every record is in exactly one of the sessions, and each of them is completed', async () => {
  const store = new MemoryStore()
  const receiver = await startReceiver({ store, sessionId: 'day' })
  const bodies = Array.from({ length: 300 }, (_, index) => `record ${1000 + index}`)
  let next = 0
  const send = async (): Promise<void> => {
    while (next < bodies.length) {
      const body = bodies[next++]
      const answer = await post(receiver, logsOf([{ attributes: {}, bodies: [body] }]))
      expect(answer.status).toBe(200)
    }
  }
  const senders = [send(), send(), send(), send()]
  const ids = ['day']
  for (let rotation = 0; rotation < 5; rotation++) ids.push(await receiver.rotate())
  await Promise.all(senders)
  await receiver.stop()
  expect(ids).toEqual(['day', 'day-2', 'day-3', 'day-4', 'day-5', 'day-6'])
  for (const id of ids) expect(await loadSession(store, id)).toMatchObject({ status: 'completed' })
  const stored = await Promise.all(ids.map((id) => storedLogBodies(store, id)))
  expect(stored.flat().sort()).toEqual(bodies)
})

test('a number that an earlier receiver has used is passed over; a name that was used is not', async () => {
  const store = new MemoryStore()
  await recordSession(store, 'day-2', [])
  const receiver = await startReceiver({ store, sessionId: 'day' })
  expect(await receiver.rotate()).toBe('day-3')
  await expect(receiver.rotate('day-2')).rejects.toThrow('was completed')
  expect(await receiver.rotate('night')).toBe('night')
  expect(receiver.sessionId).toBe('night')
})
