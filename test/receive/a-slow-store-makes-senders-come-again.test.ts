// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { TroubledStore } from '../support/stores/troubled-store'
import { logsOf, post, startReceiver, stopReceivers, storedLogBodies } from './receiving'

afterEach(stopReceivers)

test('a store that is down: bounded memory, 503 with Retry-After, nothing acknowledged is lost', async () => {
  const store = new TroubledStore('none')
  const maxQueueBytes = 64 * 1024
  const options = { store, sessionId: 'x', maxQueueBytes, flushIntervalMillis: 20 }
  const receiver = await startReceiver(options)
  const failures: Error[] = []
  receiver.on('failure', (error) => failures.push(error))
  store.trouble = 'down'
  const acknowledged: string[] = []
  let refused = 0
  let mostBytes = 0
  for (let request = 0; request < 400; request++) {
    const body = `${request} `.padEnd(1_000, 'x')
    const answer = await post(receiver, logsOf([{ attributes: {}, bodies: [body] }]))
    if (answer.status === 200) acknowledged.push(body)
    else {
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
      refused++
    }
    mostBytes = Math.max(mostBytes, receiver.status().storage.waitingBytes)
  }
  expect(mostBytes).toBeLessThanOrEqual(maxQueueBytes)
  expect(refused).toBeGreaterThan(0)
  expect(receiver.status().refusedRequests).toEqual(new Map([[503, refused]]))
  store.trouble = 'none'
  const [metadata] = await receiver.stop()
  expect(metadata).toMatchObject({ status: 'completed', capturedLogs: acknowledged.length })
  expect(metadata.signals.logs.droppedItems).toBe(0)
  expect(await storedLogBodies(store, 'x')).toEqual(acknowledged.sort())
  expect(failures.length).toBeGreaterThan(0)
})
