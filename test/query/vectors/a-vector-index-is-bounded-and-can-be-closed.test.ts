// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { QueryError } from '../../../src/query/query-error'
import { AskedPeer } from '../../../src/query/search/vectors/asked-peer'
import { startThreadPeer } from '../../../src/query/search/vectors/thread-peer'
import { createVectorIndex } from '../../../src/query/search/vectors/vector-index'
import { runSourcesInWorkers } from '../../support/sources-in-workers'
import { withReason } from './support/with-reason'

runSourcesInWorkers()

const RIGHT = Float32Array.of(1, 0)
const UP = Float32Array.of(0, 1)

test.each([
  [{ dimensions: 0 }, /'dimensions' has to be a whole number from 1 to 8192, got 0/],
  [{ dimensions: 8_193 }, /'dimensions' has to be/],
  [{ dimensions: 1.5 }, /'dimensions' has to be/],
  [{ dimensions: 2, maxVectors: 0 }, /'maxVectors' has to be a whole number above 0/],
  [{ dimensions: 8_192, maxVectors: 1e6 }, /'maxVectors' has to be at most 524272 with 8192 dim/],
  [{ dimensions: 2, size: 4 }, /there is no option 'size'/],
])('%j is refused', (options, message) => {
  expect(() => createVectorIndex(options)).toThrow(message)
  expect(() => createVectorIndex(options)).toThrow(withReason('InvalidConfig'))
})

test.each([-1, 0.5, NaN, 2 ** 53])('an id or a limit of %p is refused', async (number) => {
  const index = createVectorIndex({ dimensions: 2 })
  expect(() => index.add(number, RIGHT)).toThrow(withReason('InvalidConfig'))
  await expect(index.search(RIGHT, number)).rejects.toEqual(withReason('InvalidConfig'))
  await index.close()
})

test('a full index refuses another vector, and takes it when there is room', async () => {
  const index = createVectorIndex({ dimensions: 2, maxVectors: 2 })
  try {
    index.add(1, RIGHT)
    index.add(2, RIGHT)
    expect(() => index.add(3, UP)).toThrow(withReason('IndexUnusable'))
    expect(() => index.add(3, UP)).toThrow(/holds 2 vectors already/)
    index.add(2, UP)
    index.remove(1)
    index.add(3, UP)
    expect((await index.search(UP, 9)).map(({ id }) => id)).toEqual([2, 3])
  } finally {
    await index.close()
  }
})

test('a closed index says so, also to whoever was waiting', async () => {
  const index = createVectorIndex({ dimensions: 2 })
  index.add(1, RIGHT)
  const waiting = [index.search(RIGHT, 1), index.search(UP, 1)]
  await Promise.all([
    index.close(),
    ...waiting.map((search) => expect(search).rejects.toEqual(withReason('Closed'))),
  ])
  await index.close()
  expect(() => index.add(2, UP)).toThrow(withReason('Closed'))
  expect(() => index.remove(1)).toThrow(withReason('Closed'))
  await expect(index.search(UP, 1)).rejects.toEqual(withReason('Closed'))
})

test('a search that is given up takes no other with it', async () => {
  const index = createVectorIndex({ dimensions: 2 })
  try {
    index.add(1, RIGHT)
    const controller = new AbortController()
    const reason = new Error('enough')
    const { signal } = controller
    const searches = [
      index.search(RIGHT, 1, { signal }),
      index.search(RIGHT, 1, { signal }),
      index.search(RIGHT, 1),
    ]
    controller.abort(reason)
    const outcomes = await Promise.allSettled([...searches, index.search(RIGHT, 1, { signal })])
    expect(outcomes).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
      { status: 'fulfilled', value: [{ id: 1, similarity: 1 }] },
      { status: 'rejected', reason },
    ])
  } finally {
    await index.close()
  }
})

test('whoever waits for a thread that dies is told, as is whoever comes later', async () => {
  const thread = new AskedPeer<object, unknown>({
    // It can't start without knowing how long vectors are.
    start: () => startThreadPeer('search/vectors/vector-worker', undefined),
    toError: (message, cause) => new QueryError('IndexUnusable', `died: ${message}`, { cause }),
  })
  const outcomes = await Promise.allSettled([thread.ask({}), thread.ask({})])
  const died = { status: 'rejected', reason: withReason('IndexUnusable') }
  expect(outcomes).toEqual([died, died])
  await expect(thread.ask({})).rejects.toThrow(/^died: .*dimensions/)
  expect(() => thread.tell({})).toThrow(/^died/)
  await thread.close(new QueryError('Closed', 'closed'))
})
