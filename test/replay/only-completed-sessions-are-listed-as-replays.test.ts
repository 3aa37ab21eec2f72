// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { listAvailableReplays } from '../../src/replay/list-available-replays'
import { MemoryStore } from '../../src/storage/memory-store'
import { createWriter, makeBatch, recordSession } from '../support/recording'

test('those that are completed, by id, and not what is still being recorded', async () => {
  const store = new MemoryStore()
  await recordSession(store, 'b', [makeBatch('logs', { names: ['x'] })])
  await recordSession(store, 'a', [makeBatch('traces', { names: ['x', 'y'] })])
  const active = createWriter(store, 'c')
  await active.ready
  const available = await listAvailableReplays(store)
  expect(available.map(({ sessionId }) => sessionId)).toEqual(['a', 'b'])
  expect(available[0]).toMatchObject({ status: 'completed', capturedTraces: 2 })
  await active.close(AbortSignal.timeout(5_000))
})

test('a store that is closed is a failure of the store', async () => {
  const store = new MemoryStore()
  await store.close()
  await expect(listAvailableReplays(store)).rejects.toMatchObject({
    name: 'ReplayError',
    reason: 'StorageFailure',
    cause: { code: 'CLOSED' },
  })
})
