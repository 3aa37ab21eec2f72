// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SegmentJournal } from '../../src/session/on-disk/write-ahead-journal'
import { MemoryStore } from '../../src/storage/memory-store'
import { StorageError } from '../../src/storage/storage-error'
import { createWriter, makeBatch, recordSession } from '../support/recording'
import {
  contentOf,
  createJournaledWriter,
  expectExactTotals,
  recoverAndFinish,
} from '../support/write-ahead'

const soon = (): AbortSignal => AbortSignal.timeout(10_000)
const batch = makeBatch('logs', { names: ['a'] })

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'write-ahead-'))
})

afterEach(() => rm(folder, { recursive: true }))

async function filesIn(path: string): Promise<string[]> {
  const names = await readdir(path, { recursive: true })
  return names.filter((name) => name.endsWith('.wal'))
}

test('without a journal a batch is as durable as it gets at once', async () => {
  const store = new MemoryStore()
  const writer = createWriter(store, 'plain')
  const accepted = [writer.write(batch), writer.write(batch)]
  expect(accepted[0]?.durable).toBe(accepted[1]?.durable)
  await accepted[0]?.durable
  await writer.close(soon())
  const [summary] = await summaries(store, 'plain')
  expect(summary).not.toHaveProperty('journaledSegments')
})

test('a file goes when its segment is stored and counted, not before', async () => {
  const store = new MemoryStore()
  const writer = createJournaledWriter(store, folder, 'kept')
  await writer.ready
  await writer.write(batch)?.durable
  expect(await filesIn(folder)).toHaveLength(1)
  const put = store.put.bind(store)
  const isFileThere: [string, boolean][] = []
  jest.spyOn(store, 'put').mockImplementation(async (key, ...rest) => {
    isFileThere.push([key.split('/')[2], (await filesIn(folder)).length === 1])
    return put(key, ...rest)
  })
  await writer.flush(soon())
  expect(isFileThere.slice(0, 2)).toEqual([
    ['raw', true],
    ['writers', true],
  ])
  expect(await filesIn(folder)).toEqual([])
  await writer.close(soon())
  expect(await readdir(folder)).toEqual([])
  await expectExactTotals(store, 'kept')
})

test('the timer alone empties the folder, long before a heartbeat', async () => {
  const store = new MemoryStore()
  const writer = createJournaledWriter(store, folder, 'timed', { flushIntervalMillis: 5 })
  await writer.ready
  await writer.write(batch)?.durable
  await expectSoon(async () => (await filesIn(folder)).length === 0)
  expect((await contentOf(store, 'timed')).names).toEqual(['a'])
  await writer.close(soon())
})

test('a writer of nothing leaves no folder', async () => {
  await recordSession(new MemoryStore(), 'empty', [])
  const writer = createJournaledWriter(new MemoryStore(), folder, 'empty')
  await writer.ready
  await writer.close(soon())
  expect(await readdir(folder)).toEqual([])
})

test('a session that may not be written keeps what was acknowledged before that was known', async () => {
  const store = new MemoryStore()
  await recordSession(store, 'done', [batch])
  const writer = createJournaledWriter(store, folder, 'done')
  const accepted = writer.write(batch)
  await expect(writer.ready).rejects.toMatchObject({ code: 'SESSION_COMPLETED' })
  await accepted?.durable
  expect(writer.refusal).toMatchObject({ code: 'SESSION_COMPLETED' })
  expect(writer.hasRoomFor(1)).toBe(false)
  await expect(writer.close(soon())).rejects.toBe(writer.refusal)
  expect(writer.waitingBytes).toBe(0)
  expect(await filesIn(folder)).toHaveLength(1)
  const { events } = await recoverAndFinish(store, folder)
  expect(events).toMatchObject([{ segments: 1, items: 1 }])
  expect(events[0].sessionId).toMatch(/^done\.recovered-[0-9a-f]{8}$/)
  expect((await contentOf(store, events[0].sessionId)).names).toEqual(['a'])
})

test('a journal that fails rejects, rests, and is tried again with another segment', async () => {
  const keys: string[] = []
  let isFull = true
  const journal: SegmentJournal = {
    append: async (key) => {
      keys.push(key)
      if (isFull) throw new StorageError('FULL', 'no room left', key)
    },
    release: async () => undefined,
    close: async () => undefined,
  }
  const failures: unknown[] = []
  const store = new MemoryStore()
  const writer = createWriter(store, 'full', {
    createJournal: () => journal,
    onStoreFailure: (failure) => failures.push(failure),
  })
  await writer.ready
  const clock = jest.spyOn(performance, 'now')
  expect(writer.hasRoomFor(batch.body.length)).toBe(true)
  await expect(writer.write(batch)?.durable).rejects.toMatchObject({ code: 'FULL' })
  expect(failures).toMatchObject([{ code: 'FULL' }])
  // Else senders, who come again, would have each attempt stored.
  expect(writer.hasRoomFor(batch.body.length)).toBe(false)
  const now = performance.now()
  clock.mockReturnValue(now + 1_001)
  expect(writer.hasRoomFor(batch.body.length)).toBe(true)
  isFull = false
  await writer.write(batch)?.durable
  clock.mockRestore()
  expect(keys[1]).not.toBe(keys[0])
  await writer.close(soon())
  expect((await contentOf(store, 'full')).names).toEqual(['a', 'a'])
})

test('a folder that can not be made rejects what is written, and the writer goes on', async () => {
  const store = new MemoryStore()
  const writer = createJournaledWriter(store, '/dev/null/nowhere', 'nowhere')
  await writer.ready
  await expect(writer.write(batch)?.durable).rejects.toMatchObject({ name: 'StorageError' })
  expect(await writer.close(soon())).toMatchObject({ status: 'completed', capturedLogs: 1 })
})

test('a folder that somebody removed is made again', async () => {
  const store = new MemoryStore()
  const writer = createJournaledWriter(store, folder, 'removed')
  await writer.ready
  await writer.write(batch)?.durable
  await writer.flush(soon())
  await rm(folder, { recursive: true })
  await expect(writer.write(batch)?.durable).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await writer.write(batch)?.durable
  expect(await filesIn(folder)).toHaveLength(1)
  await writer.close(soon())
  expect(await readdir(folder)).toEqual([])
  await expectExactTotals(store, 'removed')
})

test('a disk that hangs does not keep a writer from ending', async () => {
  const never = new Promise<never>(() => undefined)
  const hanging: SegmentJournal = {
    append: () => never,
    release: () => never,
    close: () => never,
  }
  const failures: unknown[] = []
  const writer = createWriter(new MemoryStore(), 'hanging', {
    createJournal: () => hanging,
    onStoreFailure: (failure) => failures.push(failure),
  })
  writer.write(batch)
  const real = AbortSignal.timeout.bind(AbortSignal)
  const limits = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => real(1))
  const closed = await writer.close(new AbortController().signal)
  limits.mockRestore()
  expect(closed).toMatchObject({ status: 'completed', capturedLogs: 1 })
  expect(failures).toMatchObject([{ name: 'TimeoutError' }, { name: 'TimeoutError' }])
})

test('what a writer has no room for it says beforehand, and drops otherwise', async () => {
  const writer = createWriter(new MemoryStore(), 'small', {
    maxQueueBytes: batch.body.length * 2,
    flushIntervalMillis: 3_600_000,
  })
  await writer.ready
  for (let taken = 0; taken < 2; taken++) {
    expect(writer.hasRoomFor(batch.body.length)).toBe(true)
    expect(writer.write(batch)).toBeDefined()
  }
  expect(writer.waitingBytes).toBe(batch.body.length * 2)
  expect(writer.hasRoomFor(1)).toBe(false)
  expect(writer.write(batch)).toBeUndefined()
  await writer.flush(soon())
  expect(writer.waitingBytes).toBe(0)
  const { totalSizeBytes, signals } = await writer.close(soon())
  expect(writer.storedBytes).toBe(totalSizeBytes)
  expect(signals.logs).toMatchObject({ items: 2, droppedItems: 1 })
  expect(writer.hasRoomFor(1)).toBe(false)
})

async function summaries(store: MemoryStore, sessionId: string): Promise<object[]> {
  const found: object[] = []
  for await (const { key } of store.list(`sessions/${sessionId}/writers/`)) {
    found.push(JSON.parse(Buffer.from((await store.get(key)).body).toString()) as object)
  }
  return found
}

async function expectSoon(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error('it did not come true')
    await new Promise((resolve) => setImmediate(resolve))
  }
}
