// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { setImmediate } from 'node:timers/promises'
import { type BuiltSegment, UploadQueue } from '../../src/session/upload-queue'
import { EMPTY_TOTALS } from '../../src/session/totals'
import { MemoryStore } from '../../src/storage/memory-store'
import type { ObjectInfo, PutOptions } from '../../src/storage/object-store'
import { StorageError } from '../../src/storage/storage-error'

const UPLOADS_AT_ONCE = 4
const LONGEST_WAIT_MILLIS = 30_000

beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }))
afterEach(() => jest.useRealTimers())

test('nothing is uploaded before the session was entered', async () => {
  const { store, queue, stored } = makeQueue()
  queue.push(segmentOf('a'))
  await settled()
  expect(store.puts).toEqual([])
  queue.open()
  await settled()
  expect(stored).toEqual(['a'])
})

test('so many are under way at once, and no more', async () => {
  const { store, queue, stored } = makeQueue()
  store.answers = () => 'later'
  queue.open()
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) queue.push(segmentOf(key))
  await settled()
  expect(store.puts).toEqual(['a', 'b', 'c', 'd'])
  store.answerLater('c')
  await settled()
  expect(store.puts).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(stored).toEqual(['c'])
})

test('its bytes are those that are not stored, on their way or not', async () => {
  const { store, queue } = makeQueue()
  store.answers = () => 'later'
  queue.open()
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) queue.push(segmentOf(key, 10))
  expect(queue.waitingBytes).toBe(60)
  await settled()
  store.answerLater('b')
  await settled()
  expect(queue.waitingBytes).toBe(50)
  expect(queue.abandon()).toHaveLength(5)
  expect(queue.waitingBytes).toBe(0)
  expect(queue.isIdle).toBe(true)
})

test('a store that is down is asked by one at a time, and less and less often', async () => {
  const { store, queue, stored, failures } = makeQueue()
  store.answers = () => 'refuse'
  queue.open()
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) queue.push(segmentOf(key))
  await settled()
  // All of the first four were under way already.
  expect(store.puts).toHaveLength(UPLOADS_AT_ONCE)
  await pass(1_000)
  expect(store.puts).toHaveLength(UPLOADS_AT_ONCE + 1)
  await pass(15 * 60_000)
  expect(store.puts.length).toBeLessThan(UPLOADS_AT_ONCE + 10 + (15 * 60) / 15)
  expect(failures()).toBe(store.puts.length)
  expect(stored).toEqual([])
  store.answers = () => 'take'
  await pass(LONGEST_WAIT_MILLIS)
  expect(stored.sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
})

test('whoever waits for it ends a rest at once', async () => {
  const { store, queue, stored } = makeQueue()
  store.answers = () => 'refuse'
  queue.open()
  queue.push(segmentOf('a'))
  await settled()
  store.answers = () => 'take'
  await queue.drained(new AbortController().signal)
  expect(stored).toEqual(['a'])
})

test('what hangs is given up with the signal, and handed back', async () => {
  const { store, queue, stored } = makeQueue()
  store.answers = (key) => (key === 'a' ? 'later' : 'take')
  queue.open()
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) queue.push(segmentOf(key))
  await settled()
  expect(stored).toEqual(['b', 'c', 'd', 'e', 'f'])
  const limit = new AbortController()
  const draining = queue.drained(limit.signal)
  limit.abort(new Error('enough'))
  await expect(draining).rejects.toThrow('enough')
  expect(queue.abandon().map(({ key }) => key)).toEqual(['a'])
  // The answer comes after all: it was counted as not stored, and stays so.
  store.answerLater('a')
  await settled()
  expect(stored).toEqual(['b', 'c', 'd', 'e', 'f'])
})

test('a key that is always refused keeps no other from being stored', async () => {
  const { store, queue, stored } = makeQueue()
  store.answers = (key) => (key.startsWith('bad') ? 'refuse' : 'take')
  queue.open()
  const good = Array.from({ length: 50 }, (_, index) => `good-${index}`)
  for (const key of ['bad-1', 'bad-2', 'bad-3', 'bad-4', 'bad-5', ...good]) {
    queue.push(segmentOf(key))
  }
  await pass(LONGEST_WAIT_MILLIS)
  expect(stored.sort()).toEqual(good.sort())
  expect(queue.isIdle).toBe(false)
})

test('whatever the store does, each segment is reported stored once, when it is', async () => {
  const answers = fc.constantFrom<Answer>('take', 'refuse', 'later', 'take, then refuse')
  const upload = fc.record({
    answers: fc.array(answers, { maxLength: 4 }),
    sizeBytes: fc.integer({ min: 0, max: 100 }),
    passMillis: fc.integer({ min: 0, max: 2_000 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(upload, { maxLength: 20 }), async (uploads) => {
      const { store, queue, stored } = makeQueue()
      store.answers = (key, attempt) => uploads[Number(key)].answers[attempt] ?? 'take'
      queue.open()
      for (const [index, { sizeBytes, passMillis }] of uploads.entries()) {
        queue.push(segmentOf(String(index), sizeBytes))
        await pass(passMillis)
        expect(store.mostAtOnce).toBeLessThanOrEqual(UPLOADS_AT_ONCE)
        const waiting = uploads.slice(0, index + 1).filter((_, key) => !stored.includes(`${key}`))
        expect(queue.waitingBytes).toBe(waiting.reduce((sum, one) => sum + one.sizeBytes, 0))
      }
      const draining = queue.drained(new AbortController().signal)
      while (!queue.isIdle) {
        store.answerAllLater()
        await pass(LONGEST_WAIT_MILLIS)
      }
      await draining
      const keys = uploads.map((_, index) => String(index))
      expect([...stored].sort()).toEqual(keys.sort())
      expect(await keysIn(store)).toEqual(keys)
      expect(queue.waitingBytes).toBe(0)
    }),
    { numRuns: 100 },
  )
})

/** `later`: when the test says so. `take, then refuse`: the answer gets lost. */
type Answer = 'take' | 'refuse' | 'later' | 'take, then refuse'

class AnsweringStore extends MemoryStore {
  answers: (key: string, attempt: number) => Answer = () => 'take'
  readonly puts: string[] = []
  mostAtOnce = 0
  #atOnce = 0
  readonly #later = new Map<string, () => void>()

  override async put(key: string, body: Uint8Array, options?: PutOptions): Promise<ObjectInfo> {
    const attempt = this.puts.filter((put) => put === key).length
    this.puts.push(key)
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce)
    try {
      const answer = this.answers(key, attempt)
      if (answer === 'refuse') throw new StorageError('UNAVAILABLE', 'not now', key)
      if (answer === 'later') await new Promise<void>((resolve) => this.#later.set(key, resolve))
      const info = await super.put(key, body, options)
      if (answer === 'take, then refuse') throw new StorageError('TIMEOUT', 'no answer', key)
      return info
    } finally {
      this.#atOnce--
    }
  }

  answerLater(key: string): void {
    this.#later.get(key)?.()
    this.#later.delete(key)
  }

  answerAllLater(): void {
    for (const key of this.#later.keys()) this.answerLater(key)
  }
}

function makeQueue() {
  const store = new AnsweringStore()
  const stored: string[] = []
  let failures = 0
  const queue = new UploadQueue({
    store,
    onStored: ({ key }) => stored.push(key),
    onFailure: () => failures++,
  })
  return { store, queue, stored, failures: () => failures }
}

function segmentOf(key: string, sizeBytes = 1): BuiltSegment {
  return { key, signal: 'traces', bytes: Buffer.alloc(sizeBytes), totals: EMPTY_TOTALS }
}

/** Lets everything happen that waits for no timer. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await setImmediate()
}

async function pass(millis: number): Promise<void> {
  await settled()
  await jest.advanceTimersByTimeAsync(millis)
  await settled()
}

async function keysIn(store: MemoryStore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list('')) keys.push(key)
  return keys
}
