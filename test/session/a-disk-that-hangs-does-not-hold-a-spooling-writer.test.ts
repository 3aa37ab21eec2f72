// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { SegmentSpool } from '../../src/session/on-disk/segment-spool'
import { untilAborted } from '../../src/session/until-aborted'
import { createWriter, makeBatch } from '../support/recording'
import { TroubledStore } from '../support/stores/troubled-store'

const never = new Promise<never>(() => undefined)
const batch = makeBatch('logs', { names: ['a'] })

/** As a spool on a disk of which nothing ever comes back. */
const hanging: SegmentSpool = {
  isResting: false,
  note: async () => undefined,
  put: (_key, _bytes, signal) => untilAborted(never, signal),
  read: () => never,
  release: () => never,
  leave: () => never,
  remove: () => never,
}

beforeEach(() => {
  const real = AbortSignal.timeout.bind(AbortSignal)
  jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => real(20))
})
afterEach(() => jest.restoreAllMocks())

test('with a store that is down: what it could not put there is dropped', async () => {
  const writer = createWriter(new TroubledStore('down'), 'down', { createSpool: () => hanging })
  await writer.ready.catch(() => undefined)
  for (let index = 0; index < 5; index++) writer.write(batch)
  await expect(writer.close(AbortSignal.timeout(20))).rejects.toThrow()
  const { logs } = writer.localMetadata('failed').signals
  expect(logs).toMatchObject({ items: 0, droppedItems: 5 })
  expect(logs.spooledItems).toBeUndefined()
})

test('with a store that works: it is as without a spool', async () => {
  const failures: unknown[] = []
  const store = new TroubledStore('none')
  const options = { createSpool: () => hanging, onStoreFailure: (it: unknown) => failures.push(it) }
  const writer = createWriter(store, 'up', options)
  await writer.ready
  writer.write(batch)
  const closed = await writer.close(new AbortController().signal)
  expect(closed).toMatchObject({ status: 'completed', capturedLogs: 1 })
  expect(failures).toMatchObject([{ name: 'TimeoutError' }, { name: 'TimeoutError' }])
})
