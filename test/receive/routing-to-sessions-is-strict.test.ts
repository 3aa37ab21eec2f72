// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { loadSession } from '../../src/session/catalogue'
import { MemoryStore } from '../../src/storage/memory-store'
import { recordSession } from '../support/recording'
import { logsOf, post, startReceiver, stopReceivers, storedLogBodies } from './receiving'

afterEach(stopReceivers)

const KEY = 'otel_tape.session.id'
const options = { sessionId: 'rest', sessionBy: KEY }

test('a request that mixes sessions is taken apart, resource by resource', async () => {
  const store = new MemoryStore()
  const receiver = await startReceiver({ store, ...options })
  const answer = await post(
    receiver,
    logsOf([
      { attributes: { [KEY]: 'run-a' }, bodies: ['a1', 'a2'] },
      { attributes: { [KEY]: 'run-b' }, bodies: ['b1'] },
      { attributes: { 'service.name': 'cart' }, bodies: ['rest1'] },
      { attributes: { [KEY]: 'run-a', 'service.name': 'cart' }, bodies: ['a3'] },
      { attributes: { [KEY]: '' }, bodies: ['rest2'] },
    ]),
  )
  expect(answer.status).toBe(200)
  expect(receiver.status().openSessions).toEqual(['rest', 'run-a', 'run-b'])
  await receiver.stop()
  expect(await storedLogBodies(store, 'run-a')).toEqual(['a1', 'a2', 'a3'])
  expect(await storedLogBodies(store, 'run-b')).toEqual(['b1'])
  expect(await storedLogBodies(store, 'rest')).toEqual(['rest1', 'rest2'])
})

test('many senders of many sessions at once: each session has its own, and no other', async () => {
  const store = new MemoryStore()
  const receiver = await startReceiver({ store, ...options })
  const runs = Array.from({ length: 8 }, (_, run) => `run-${run}`)
  await Promise.all(
    Array.from({ length: 200 }, (_, request) => {
      const [one, other] = [runs[request % 8], runs[(request * 3 + 1) % 8]]
      return post(
        receiver,
        logsOf([
          { attributes: { [KEY]: one }, bodies: [`${one} of ${request}`] },
          { attributes: { [KEY]: other }, bodies: [`${other} of ${request}`] },
        ]),
      )
    }),
  )
  await receiver.stop()
  let all = 0
  for (const run of runs) {
    const bodies = await storedLogBodies(store, run)
    expect(bodies.filter((body) => !body.startsWith(`${run} of `))).toEqual([])
    all += bodies.length
  }
  expect(all).toBe(400)
})

test.each(['../escape', 'a/b', '.hidden', 'x'.repeat(129), 'späť'])(
  'a session id %j from outside is refused for good, the rest of the request is kept',
  async (id) => {
    const store = new MemoryStore()
    const receiver = await startReceiver({ store, ...options })
    const answer = await post(
      receiver,
      logsOf([
        { attributes: { [KEY]: id }, bodies: ['no', 'no'] },
        { attributes: { [KEY]: 'fine' }, bodies: ['yes'] },
      ]),
    )
    expect(answer.status).toBe(200)
    const message = Buffer.from(await answer.arrayBuffer())
    expect(receiver.status().rejectedItems).toBe(2)
    // In partial_success: ExportLogsPartialSuccess.rejected_log_records = 2.
    expect(message.includes(Buffer.from([0x08, 2, 0x12]))).toBe(true)
    expect(message.toString('utf8')).toContain('is not allowed')
    await receiver.stop()
    expect(await storedLogBodies(store, 'fine')).toEqual(['yes'])
  },
)

test('what comes for a session that has ended is refused for good', async () => {
  const store = new MemoryStore()
  await recordSession(store, 'before', [])
  const receiver = await startReceiver({ store, ...options })
  const send = (id: string): Promise<Response> =>
    post(receiver, logsOf([{ attributes: { [KEY]: id }, bodies: ['late'] }]))
  expect(await (await send('before')).text()).toContain('was completed at')
  await send('during')
  expect(await receiver.stopSession('during')).toMatchObject({
    status: 'completed',
    capturedLogs: 1,
  })
  expect(await (await send('during')).text()).toContain('was completed at')
  expect(receiver.status()).toMatchObject({ rejectedItems: 2, openSessions: ['rest'] })
  await receiver.stop()
  expect(await loadSession(store, 'during')).toMatchObject({ capturedLogs: 1 })
})

test('a session that was started, stopped and is unknown can be told apart', async () => {
  const receiver = await startReceiver({ store: new MemoryStore(), ...options })
  await expect(receiver.stopSession('nowhere')).rejects.toMatchObject({ reason: 'SessionNotFound' })
  await expect(receiver.stopSession('rest')).rejects.toMatchObject({ reason: 'InvalidConfig' })
})
