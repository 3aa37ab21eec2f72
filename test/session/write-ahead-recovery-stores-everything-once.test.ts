// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SIGNALS } from '../../src/otlp/signal'
import { completeSession, loadSession } from '../../src/session/catalogue'
import type { SessionWriter } from '../../src/session/session-writer'
import { FileStore } from '../../src/storage/file-store'
import { MemoryStore } from '../../src/storage/memory-store'
import type { ObjectStore } from '../../src/storage/object-store'
import { makeBatch } from '../support/recording'
import { testBucket } from '../support/s3/test-bucket'
import { TroubledStore } from '../support/stores/troubled-store'
import {
  contentOf,
  copyOf,
  createDyingStore,
  createJournaledWriter,
  createMortalStore,
  expectExactTotals,
  killAll,
  recoverAndFinish,
  storeOf,
} from '../support/write-ahead'

const soon = (): AbortSignal => AbortSignal.timeout(10_000)
const NO_SUCH = { segments: 0, storedBytes: 0, names: [] }

const bucket = testBucket()
let root: string
let folder: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'write-ahead-'))
  folder = join(root, 'write-ahead')
})

afterEach(() => rm(root, { recursive: true }))
afterAll(() => bucket.remove())

/** Writes `count` batches of each signal, and waits until they are kept. */
async function keep(writer: SessionWriter, name: string, count = 3): Promise<string[]> {
  const names = SIGNALS.flatMap((signal) =>
    Array.from({ length: count }, (_, index) => ({ signal, name: `${name}-${signal}-${index}` })),
  )
  await Promise.all(
    names.map(async ({ signal, name }) => {
      await writer.write(makeBatch(signal, { names: [name] }))?.durable
    }),
  )
  return names.map(({ name }) => name).sort()
}

const STORES: [string, () => ObjectStore][] = [
  ['memory', () => new MemoryStore()],
  ['a folder', () => new FileStore(join(root, 'store'))],
  ['MinIO', () => bucket.open()],
]

test.each(STORES)('what a killed writer had kept is in its session: %s', async (_, open) => {
  const store = open()
  const writer = createJournaledWriter(store, folder, 'killed')
  await writer.ready
  const names = await keep(writer, 'a')
  await killAll(folder)
  const { events, problems } = await recoverAndFinish(store, folder)
  expect(events).toEqual([{ sessionId: 'killed', segments: 3, items: 9 }])
  expect(problems).toEqual([])
  expect((await contentOf(store, 'killed')).names).toEqual(names)
  await expectExactTotals(store, 'killed')
  const { status, interruptedWriters } = await loadSession(store, 'killed')
  expect({ status, interruptedWriters }).toEqual({ status: 'completed', interruptedWriters: 0 })
  expect(await readdir(folder)).toEqual([])
  await store.close()
})

test('nothing is recovered twice, and what was stored and counted is left as it is', async () => {
  const store = new MemoryStore()
  const writer = createJournaledWriter(store, folder, 'partly')
  await writer.ready
  const stored = await keep(writer, 'stored')
  await writer.flush(soon())
  const kept = await keep(writer, 'kept')
  await killAll(folder)
  const { events } = await recoverAndFinish(store, folder)
  expect(events).toEqual([{ sessionId: 'partly', segments: 3, items: 9 }])
  expect((await contentOf(store, 'partly')).names).toEqual([...stored, ...kept].sort())
  await expectExactTotals(store, 'partly')
  const after = await loadSession(store, 'partly')
  expect((await recoverAndFinish(store, folder)).events).toEqual([])
  expect(await loadSession(store, 'partly')).toEqual(after)
})

test('a writer that never reached the store left a session all the same', async () => {
  const troubled = new TroubledStore('down')
  const writer = createJournaledWriter(troubled, folder, 'unknown')
  await writer.ready.catch(() => undefined)
  const names = await keep(writer, 'a')
  await expect(writer.close(AbortSignal.timeout(50))).rejects.toThrow()
  expect(writer.localMetadata('failed').signals.logs).toMatchObject({ items: 3, droppedItems: 0 })
  expect(await contentOf(troubled.inner, 'unknown')).toEqual(NO_SUCH)
  await expect(recoverAndFinish(troubled, folder)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  troubled.trouble = 'none'
  // It let go of its folder: nobody has to die for that.
  const { events } = await recoverAndFinish(troubled, folder)
  expect(events).toEqual([{ sessionId: 'unknown', segments: 3, items: 9 }])
  expect((await contentOf(troubled, 'unknown')).names).toEqual(names)
  await expectExactTotals(troubled, 'unknown')
  expect(await loadSession(troubled, 'unknown')).toMatchObject({ status: 'completed', writers: 1 })
})

test('a receiver that recovers and then records into the same session completes it', async () => {
  const store = new MemoryStore()
  const killed = createJournaledWriter(store, folder, 'same')
  await killed.ready
  const before = await keep(killed, 'before')
  await killAll(folder)
  const next = createJournaledWriter(store, folder, 'same')
  await next.ready
  await recoverAndFinish(store, folder)
  expect(await loadSession(store, 'same')).toMatchObject({ status: 'active' })
  const after = await keep(next, 'after')
  expect(await next.close(soon())).toMatchObject({ status: 'completed', interruptedWriters: 0 })
  expect((await contentOf(store, 'same')).names).toEqual([...before, ...after].sort())
  await expectExactTotals(store, 'same')
  expect(await readdir(folder)).toEqual([])
})

test('a session that was completed in between is not written again', async () => {
  const store = new MemoryStore()
  const sessionId = 'x'.repeat(128)
  const writer = createJournaledWriter(store, folder, sessionId)
  await writer.ready
  const stored = await keep(writer, 'stored')
  await writer.flush(soon())
  const kept = await keep(writer, 'kept')
  await killAll(folder)
  await killInStore(store, sessionId)
  await completeSession(store, sessionId)
  const before = await store.get(`sessions/${sessionId}/metadata.json`)

  const { events } = await recoverAndFinish(store, folder)
  expect(events).toMatchObject([{ segments: 3, items: 9 }])
  const [{ sessionId: beside }] = events
  expect(beside).toMatch(/^x{100,}\.recovered-[0-9a-f]{8}$/)
  expect(beside).toHaveLength(128)
  expect(await store.get(`sessions/${sessionId}/metadata.json`)).toEqual(before)
  expect((await contentOf(store, sessionId)).names).toEqual(stored)
  expect((await contentOf(store, beside)).names).toEqual(kept)
  await expectExactTotals(store, beside)
  expect(await loadSession(store, beside)).toMatchObject({ status: 'completed' })
  expect(await readdir(folder)).toEqual([])
})

test('a session that can not be written is named, and keeps no other from being recovered', async () => {
  const store = new MemoryStore()
  for (const sessionId of ['a', 'b', 'c']) {
    const writer = createJournaledWriter(store, folder, sessionId)
    await writer.ready
    await keep(writer, sessionId, 1)
  }
  await killAll(folder)
  const metadata = await store.get('sessions/b/metadata.json')
  await store.put('sessions/b/metadata.json', Buffer.from('{'))
  const { events, problems } = await recoverAndFinish(store, folder)
  expect(events.map(({ sessionId }) => sessionId).sort()).toEqual(['a', 'c'])
  expect(problems).toMatchObject([{ code: 'METADATA_CORRUPTED', sessionId: 'b' }])
  await store.put('sessions/b/metadata.json', metadata.body)
  expect((await recoverAndFinish(store, folder)).events).toMatchObject([{ sessionId: 'b' }])
  for (const sessionId of ['a', 'b', 'c']) await expectExactTotals(store, sessionId)
})

test('a recovery that is aborted ends, and is done by the next', async () => {
  const store = new TroubledStore('none')
  const writer = createJournaledWriter(store, folder, 'slow')
  await writer.ready
  const names = await keep(writer, 'a', 1)
  await killAll(folder)
  store.trouble = 'hanging'
  const cut = new AbortController()
  const recovering = recoverAndFinish(store, folder, { signal: cut.signal })
  setImmediate(() => cut.abort())
  await expect(recovering).rejects.toThrow()
  store.trouble = 'none'
  await recoverAndFinish(store, folder)
  expect((await contentOf(store, 'slow')).names).toEqual(names)
})

/** What a killed process leaves in the store: a summary of a pid that is gone. */
async function killInStore(store: ObjectStore, sessionId: string): Promise<void> {
  for await (const { key } of store.list(`sessions/${sessionId}/writers/`)) {
    const summary = JSON.parse(Buffer.from((await store.get(key)).body).toString()) as object
    const old = { ...summary, updatedAt: '2026-01-01T00:00:00.000Z' }
    await store.put(key, Buffer.from(JSON.stringify(old)))
  }
}

/** How far uploads had come when the writer was killed. */
const UPLOADS: [string, (writer: SessionWriter, store: TroubledStore) => Promise<void>][] = [
  ['nothing', async () => undefined],
  ['all and counted', (writer) => writer.flush(soon())],
  [
    'all and not counted',
    async (writer, store) => {
      const put = store.put.bind(store)
      const failing = jest.spyOn(store, 'put').mockImplementation((key, ...rest) => {
        return key.includes('/writers/') ? Promise.reject(new Error('no')) : put(key, ...rest)
      })
      await expect(writer.flush(soon())).rejects.toThrow('no')
      failing.mockRestore()
    },
  ],
]

describe.each(UPLOADS)('recovery killed at any operation, when %s was uploaded', (_, upload) => {
  test.each([
    ['into the session', false],
    ['beside a completed one', true],
  ])('%s: everything is there once', async (_, isCompleted) => {
    const store = new TroubledStore('none')
    const writer = createJournaledWriter(store, folder, 'again')
    await writer.ready
    const names = await keep(writer, 'a', 2)
    await upload(writer, store)
    await killAll(folder)
    await killInStore(store, 'again')
    const pristine = join(root, 'pristine')
    await cp(folder, pristine, { recursive: true })
    const snapshot = await copyOf(store)

    let runs = 0
    for (const isDone of [false, true]) {
      for (let at = 1; ; at++, runs++) {
        const copy = await storeOf(snapshot, store.url)
        await rm(folder, { recursive: true, force: true })
        await cp(pristine, folder, { recursive: true })
        if (isCompleted) await completeSession(copy, 'again')
        const first = await attempt(createDyingStore(copy, at, isDone))
        // Killed a second time, somewhere.
        await attempt(createDyingStore(copy, 1 + (at % 7), !isDone))
        await recoverAndFinish(copy, folder)
        // And once more with files that a power failure brought back.
        await cp(pristine, folder, { recursive: true })
        await recoverAndFinish(copy, folder)
        const sessions: string[] = []
        for await (const prefix of copy.listFolders('sessions/')) sessions.push(prefix)
        const found: string[] = []
        for (const prefix of sessions) {
          const sessionId = prefix.split('/')[1]
          found.push(...(await contentOf(copy, sessionId)).names)
          await expectExactTotals(copy, sessionId)
          expect(await loadSession(copy, sessionId)).toMatchObject({ status: 'completed' })
        }
        expect(found.sort()).toEqual(names)
        expect(await readdir(folder)).toEqual([])
        if (first) break
      }
    }
    process.stdout.write(`${runs} kills\n`)
  })
})

async function attempt(store: ObjectStore): Promise<boolean> {
  return recoverAndFinish(store, folder).then(
    () => true,
    () => false,
  )
}

test('whatever was written, whatever is lost of the files: a prefix that holds all that was kept', async () => {
  const step = fc.record({
    signal: fc.constantFrom(...SIGNALS),
    items: fc.integer({ min: 1, max: 3 }),
    isAwaited: fc.boolean(),
    isFlushed: fc.boolean(),
  })
  let round = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const store = new MemoryStore()
      const own = join(root, `${round++}`)
      const mortal = createMortalStore(store)
      const writer = createJournaledWriter(mortal.store, own, 'any')
      await writer.ready
      const kept: string[] = []
      for (const [index, { signal, items, isAwaited, isFlushed }] of steps.entries()) {
        const names = Array.from({ length: items }, (_, item) => `${index}/${item}`)
        const durable = writer.write(makeBatch(signal, { names }))?.durable
        if (isAwaited) await durable?.then(() => kept.push(...names))
        if (isFlushed) await writer.flush(soon())
      }
      const last = writer.write(makeBatch('logs', { names: ['last'] }))
      await last?.durable
      mortal.kill()
      await killAll(own)
      const { problems } = await recoverAndFinish(store, own)
      expect(problems).toEqual([])
      const { names } = await contentOf(store, 'any')
      expect(new Set(names).size).toBe(names.length)
      expect(names).toEqual(expect.arrayContaining([...kept, 'last']))
      await expectExactTotals(store, 'any')
    }),
    { numRuns: 40 },
  )
})
