// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { loadSession } from '../../src/session/catalogue'
import type { RecoveredSession } from '../../src/receive/receiver'
import { recordSession } from '../support/recording'
import { TroubledStore } from '../support/stores/troubled-store'
import {
  logsOf,
  post,
  startReceiver,
  stopReceivers,
  storedLogBodies,
  temporaryFolder,
} from './receiving'

afterEach(stopReceivers)

const KEY = 'otel_tape.session.id'

test('what could not be stored at the end is stored by the next receiver, once', async () => {
  const store = new TroubledStore('none')
  const writeAheadFolder = await temporaryFolder()
  const options = { store, sessionId: 'x', writeAheadFolder }
  const first = await startReceiver({ ...options, stopTimeoutMillis: 300 })
  store.trouble = 'hanging'
  expect((await post(first, logsOf([{ attributes: {}, bodies: ['a', 'b'] }]))).status).toBe(200)
  expect(await first.stop()).toMatchObject([{ sessionId: 'x', status: 'failed' }])

  store.trouble = 'none'
  const next = await startReceiver(options)
  const recovered = await new Promise<RecoveredSession>((resolve) => next.on('recovered', resolve))
  expect(recovered).toEqual({ sessionId: 'x', segments: 1, items: 2 })
  await post(next, logsOf([{ attributes: {}, bodies: ['c'] }]))
  expect(await next.stop()).toMatchObject([{ status: 'completed', capturedLogs: 3 }])
  expect(await storedLogBodies(store, 'x')).toEqual(['a', 'b', 'c'])
})

test('a session that an attribute names goes on after a recovery', async () => {
  const store = new TroubledStore('none')
  const writeAheadFolder = await temporaryFolder()
  const options = { store, sessionId: 'rest', sessionBy: KEY, writeAheadFolder }
  const first = await startReceiver({ ...options, stopTimeoutMillis: 300 })
  const send = (receiver: typeof first, body: string): Promise<Response> =>
    post(receiver, logsOf([{ attributes: { [KEY]: 'run' }, bodies: [body] }]))
  await send(first, 'a')
  store.trouble = 'hanging'
  await send(first, 'b')
  await first.stop()

  store.trouble = 'none'
  const next = await startReceiver(options)
  await new Promise<void>((resolve) => {
    next.on('recovered', ({ sessionId }) => sessionId === 'run' && resolve())
  })
  expect((await send(next, 'c')).status).toBe(200)
  await next.stop()
  expect(next.status().rejectedItems).toBe(0)
  expect(await storedLogBodies(store, 'run')).toEqual(['a', 'b', 'c'])
  expect(await loadSession(store, 'run')).toMatchObject({ status: 'completed', capturedLogs: 3 })
})

test('a store that is down at the start delays nothing, and has it all in the end', async () => {
  const store = new TroubledStore('down')
  const receiver = await startReceiver({ store, sessionId: 'x' })
  expect((await post(receiver, logsOf([{ attributes: {}, bodies: ['a'] }]))).status).toBe(200)
  expect(receiver.status().storage).toMatchObject({ state: 'down' })
  store.trouble = 'none'
  expect(await receiver.stop()).toMatchObject([{ status: 'completed', capturedLogs: 1 }])
})

test('a session that somebody completes under it is followed by another', async () => {
  const store = new TroubledStore('down')
  const writeAheadFolder = await temporaryFolder()
  const receiver = await startReceiver({ store, sessionId: 'x', writeAheadFolder })
  await post(receiver, logsOf([{ attributes: {}, bodies: ['a'] }]))
  store.trouble = 'none'
  await recordSession(store.inner, 'x', [])
  const started = await new Promise((resolve) => receiver.on('sessionStarted', resolve))
  expect(started).toBe('x-2')
  expect((await post(receiver, logsOf([{ attributes: {}, bodies: ['b'] }]))).status).toBe(200)
  await receiver.stop()
  expect(await storedLogBodies(store, 'x-2')).toEqual(['b'])

  const next = await startReceiver({ store, sessionId: 'y', writeAheadFolder })
  const { sessionId } = await new Promise<RecoveredSession>((resolve) =>
    next.on('recovered', resolve),
  )
  await next.stop()
  expect(sessionId).toMatch(/^x\.recovered-/)
  expect(await storedLogBodies(store, sessionId)).toEqual(['a'])
})
