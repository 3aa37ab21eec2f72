// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { setImmediate } from 'node:timers/promises'
import type { SegmentSpool } from '../../src/session/on-disk/segment-spool'
import { EMPTY_TOTALS } from '../../src/session/totals'
import { UploadQueue } from '../../src/session/upload-queue'
import { WriteAheadError } from '../../src/session/on-disk/write-ahead-error'
import { MemoryStore } from '../../src/storage/memory-store'
import { StorageError } from '../../src/storage/storage-error'

beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }))
afterEach(() => jest.useRealTimers())

const SIZE_BYTES = 10

function makeQueue() {
  const store = new MemoryStore()
  const files = new Map<string, Uint8Array>()
  const seen = { isDown: false, stored: [] as string[], lost: [] as string[], held: 0, mostHeld: 0 }
  const put = store.put.bind(store)
  jest.spyOn(store, 'put').mockImplementation((key, ...rest) => {
    if (seen.isDown) return Promise.reject(new StorageError('UNAVAILABLE', 'not now', key))
    return put(key, ...rest)
  })
  const spool: SegmentSpool = {
    isResting: false,
    note: async () => undefined,
    put: async (key, bytes) => void files.set(key, bytes),
    read: async (key) => {
      const bytes = files.get(key)
      if (bytes) return Buffer.from(bytes)
      throw new WriteAheadError('UNREADABLE', 'it is gone', key)
    },
    release: async () => undefined,
    leave: async () => undefined,
    remove: async () => undefined,
  }
  const queue = new UploadQueue({
    store,
    spool,
    onStored: ({ key }) => seen.stored.push(key),
    onFailure: () => undefined,
    onLost: ({ key }) => seen.lost.push(key),
    onBytesHeld: (deltaBytes) => {
      seen.held += deltaBytes
      seen.mostHeld = Math.max(seen.mostHeld, seen.held)
    },
  })
  const push = (key: string): void => {
    seen.held += SIZE_BYTES
    queue.push({ key, signal: 'logs', bytes: Buffer.alloc(SIZE_BYTES), totals: EMPTY_TOTALS })
  }
  return { store, files, seen, queue, push }
}

async function pass(millis: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(millis)
  for (let turn = 0; turn < 5; turn++) await setImmediate()
}

test('whatever goes to disk and when, and however often the store goes down', async () => {
  const steps = fc.constantFrom('push', 'spill', 'fail to spill', 'down', 'up', 'wait', 'lose')
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 40 }), async (happening) => {
      const { files, seen, queue, push } = makeQueue()
      queue.open()
      let pushed = 0
      for (const step of happening) {
        if (step === 'push') push(`${pushed++}`)
        if (step === 'down' || step === 'up') seen.isDown = step === 'down'
        if (step === 'wait') await pass(2_000)
        if (step === 'lose') files.clear()
        if (step !== 'spill' && step !== 'fail to spill') continue
        const segment = queue.takeOldest()
        if (segment?.bytes) files.set(segment.key, segment.bytes)
        await pass(0)
        if (segment) queue.putBack(segment, step === 'spill')
      }
      seen.isDown = false
      const draining = queue.drained(new AbortController().signal)
      while (!queue.isIdle) await pass(30_000)
      await draining
      const keys = Array.from({ length: pushed }, (_, index) => `${index}`)
      expect([...seen.stored, ...seen.lost].sort()).toEqual(keys.sort())
      expect(seen.held).toBe(0)
      expect(queue.waitingBytes).toBe(0)
      expect(queue.spooledBytes).toBe(0)
    }),
    { numRuns: 100 },
  )
})

test('from disk they come oldest first, one at a time', async () => {
  const { files, seen, queue, push } = makeQueue()
  seen.isDown = true
  queue.open()
  for (let index = 0; index < 20; index++) push(`${index}`)
  // An hour of attempts, each of another one.
  await pass(3_600_000)
  for (let segment = queue.takeOldest(); segment; segment = queue.takeOldest()) {
    if (segment.bytes) files.set(segment.key, segment.bytes)
    queue.putBack(segment, true)
  }
  expect(seen.held).toBe(0)
  seen.mostHeld = 0
  seen.isDown = false
  await queue.drained(new AbortController().signal)
  expect(seen.mostHeld).toBe(SIZE_BYTES)
  const places = seen.stored.map(Number)
  // The one that was tried when the store came back, and the four that found it gone.
  const late = places.filter((place, at) => at > 0 && place < places[at - 1])
  expect(late.length).toBeLessThanOrEqual(5)
})
