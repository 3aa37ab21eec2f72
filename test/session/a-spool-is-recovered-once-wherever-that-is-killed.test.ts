// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { completeSession, loadSession } from '../../src/session/catalogue'
import { MemoryStore } from '../../src/storage/memory-store'
import type { ObjectStore } from '../../src/storage/object-store'
import { StorageError } from '../../src/storage/storage-error'
import {
  expectHonest,
  expectSoon,
  filesIn,
  itemsOf,
  recordItems,
  startSpooling,
} from '../support/spool'
import { aroundEachOperation } from '../support/stores/around-each-operation'
import {
  type Snapshot,
  copyOf,
  createDyingStore,
  killAll,
  recoverAndFinish,
  storeOf,
} from '../support/write-ahead'

/** Of the operations of a recovery, each so-manieth is killed; all take a minute. */
const EACH = process.env.OTEL_TAPE_TEST_KILLS ? 1 : 8

let root: string
let folder: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'spool-'))
  folder = join(root, 'spool')
})

afterEach(() => rm(root, { recursive: true, force: true }))

/** What of a store works: all, its segments alone, or nothing. */
type Reach = 'all' | 'segments' | 'none'

function createReachedStore(inner: ObjectStore, reach: () => Reach): ObjectStore {
  return aroundEachOperation(inner, async (operate, key) => {
    const isReached = reach() === 'all' || (reach() === 'segments' && key.includes('/raw/'))
    if (!isReached) throw new StorageError('UNAVAILABLE', 'nobody answers')
    return operate()
  })
}

interface Left {
  readonly store: Snapshot
  readonly url: string
  readonly folder: string
  readonly names: string[]
  readonly dropped: number
}

/** Of a folder in which somebody is at work. */
async function copyAsItIs(from: string, to: string): Promise<void> {
  await expectSoon(async () => {
    await rm(to, { recursive: true, force: true })
    return cp(from, to, { recursive: true }).then(
      () => true,
      () => false,
    )
  })
}

/** A writer that stored and counted some, stored some more, spooled some, and dropped some. */
async function leaveBehind(isKilled: boolean): Promise<Left> {
  const inner = new MemoryStore()
  let reach: Reach = 'all'
  const options = { maxSpoolBytes: 50_000, flushIntervalMillis: 3_600_000 }
  const store = createReachedStore(inner, () => reach)
  const capture = startSpooling(store, folder, 'left', options)
  await capture.ready
  const names = recordItems(capture, 'counted', 30)
  await capture.flush()
  reach = 'segments'
  names.push(...recordItems(capture, 'stored', 30))
  await expect(capture.flush()).rejects.toThrow()
  reach = 'none'
  for (let step = 0; step < 12; step++) {
    names.push(...recordItems(capture, `spooled-${step}`, 20, 40))
    await expectSoon(() => itemsOf(capture.status()).stored - 60 < 70 || step > 6)
  }
  await expectSoon(async () => (await filesIn(folder)).some((name) => name.endsWith('.gz')))
  const pristine = join(root, 'pristine')
  if (isKilled) await copyAsItIs(folder, pristine)
  const { dropped } = itemsOf(await capture.stop())
  if (!isKilled) await cp(folder, pristine, { recursive: true })
  if (isKilled) await killAll(pristine)
  await rm(folder, { recursive: true })
  const left = { store: await copyOf(inner), url: store.url, folder: pristine }
  return { ...left, names, dropped: isKilled ? 0 : dropped }
}

test.each([
  ['stopped', false, false],
  ['was killed', true, false],
  ['stopped, and its session was completed since', false, true],
])(
  'a writer that %s',
  async (_, isKilled, isCompleted) => {
    const left = await leaveBehind(isKilled)
    let runs = 0
    for (const isDone of [false, true]) {
      for (let at = isDone ? 1 : Math.ceil(EACH / 2); ; at += EACH, runs++) {
        const copy = await storeOf(left.store, left.url)
        await rm(folder, { recursive: true, force: true })
        await cp(left.folder, folder, { recursive: true })
        if (isCompleted) await completeFor(copy)
        const first = await attempt(createDyingStore(copy, at, isDone))
        // Killed a second time, somewhere.
        await attempt(createDyingStore(copy, 1 + (at % 5), !isDone))
        await recoverAndFinish(copy, folder)
        // And once more with files that a power failure brought back.
        await cp(left.folder, folder, { recursive: true })
        await recoverAndFinish(copy, folder)
        await expectAll(copy, left, isKilled)
        expect(await readdir(folder)).toEqual([])
        if (first) break
      }
    }
    process.stdout.write(`${runs} kills\n`)
  },
  60_000,
)

async function expectAll(store: ObjectStore, left: Left, isKilled: boolean): Promise<void> {
  const found: string[] = []
  let dropped = 0
  for await (const prefix of store.listFolders('sessions/')) {
    const sessionId = prefix.split('/')[1]
    found.push(...(await expectHonest(store, sessionId)))
    const metadata = await loadSession(store, sessionId)
    expect(metadata.status).toBe('completed')
    if (isKilled) expect(metadata.interruptedWriters).toBe(1)
    dropped += itemsOf(metadata).dropped
  }
  expect(new Set(found).size).toBe(found.length)
  expect(found.length).toBeGreaterThan(60)
  if (isKilled) expect(left.names).toEqual(expect.arrayContaining(found))
  else
    expect({ all: found.length + dropped, dropped }).toEqual({
      all: left.names.length,
      dropped: left.dropped,
    })
}

/** Somebody completed it, as its writer had been silent for long. */
async function completeFor(store: ObjectStore): Promise<void> {
  for await (const { key } of store.list('sessions/left/writers/')) {
    const summary = JSON.parse(Buffer.from((await store.get(key)).body).toString()) as object
    const silent = { ...summary, updatedAt: '2026-01-01T00:00:00.000Z' }
    await store.put(key, Buffer.from(JSON.stringify(silent)))
  }
  await completeSession(store, 'left')
}

async function attempt(store: ObjectStore): Promise<boolean> {
  return recoverAndFinish(store, folder).then(
    () => true,
    () => false,
  )
}
