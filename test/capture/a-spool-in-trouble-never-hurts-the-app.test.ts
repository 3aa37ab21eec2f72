// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diag } from '@opentelemetry/api'
import { loadSession } from '../../src/session/catalogue'
import { MemoryStore } from '../../src/storage/memory-store'
import {
  collectWarnings,
  expectHonest,
  expectSoon,
  filesIn,
  isCompleted,
  itemsOf,
  recordItems,
  startSpooling,
} from '../support/spool'
import { createSwitchedStore } from '../support/stores/switched-store'
import { recoverAndFinish } from '../support/write-ahead'

let root: string
let folder: string
let isDown: boolean
let inner: MemoryStore
let warnings: string[]
const store = () => createSwitchedStore(inner, () => isDown)

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'spool-'))
  folder = join(root, 'spool')
  isDown = false
  inner = new MemoryStore()
  warnings = collectWarnings()
})

afterEach(async () => {
  diag.disable()
  await rm(root, { recursive: true, force: true })
})

/** A capture of 60 items that ended while the store was down. */
async function spoolSome(sessionId: string): Promise<void> {
  isDown = true
  const capture = startSpooling(store(), folder, sessionId)
  recordItems(capture, sessionId, 60)
  expect(itemsOf(await capture.stop())).toEqual({ stored: 0, dropped: 0, spooled: 60 })
  isDown = false
}

test('a folder that can not be made: one warning, and the capture is as without', async () => {
  await writeFile(folder, 'a file')
  const capture = startSpooling(store(), folder, 'nowhere')
  await capture.ready
  recordItems(capture, 'x', 60)
  await capture.flush()
  isDown = true
  for (let step = 0; step < 10; step++) {
    recordItems(capture, `lost-${step}`, 30, 40)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect(itemsOf(await capture.stop())).toEqual({ stored: 60, dropped: 300, spooled: 0 })
  expect(await readFile(folder, 'utf8')).toBe('a file')
  expect(warnings.filter((warning) => warning.includes("can't be used"))).toHaveLength(1)
})

test('a folder that is removed while it is used is made again', async () => {
  isDown = true
  const capture = startSpooling(store(), folder, 'removed')
  await expectSoon(async () => (await readdir(folder).catch(() => [])).length === 1)
  await rm(folder, { recursive: true })
  recordItems(capture, 'x', 30)
  const stopped = itemsOf(await capture.stop())
  // The first to find it gone makes it again for those who come after.
  expect(stopped.spooled + stopped.dropped).toBe(30)
  expect(stopped.spooled).toBeGreaterThan(0)
  isDown = false
  await recoverAndFinish(inner, folder)
  expect(await expectHonest(inner, 'removed')).toHaveLength(stopped.spooled)
  expect(itemsOf(await loadSession(inner, 'removed')).dropped).toBe(stopped.dropped)
})

test('segments that somebody removed from under a living capture are dropped, and counted', async () => {
  const capture = startSpooling(store(), folder, 'robbed')
  await capture.ready
  isDown = true
  for (let step = 0; step < 10; step++) {
    recordItems(capture, `x-${step}`, 20, 40)
    await expectSoon(() => itemsOf(capture.status()).stored < 70)
  }
  const spooled = itemsOf(capture.status()).spooled
  expect(spooled).toBeGreaterThan(0)
  const gone = (await filesIn(folder)).filter((name) => name.endsWith('.gz'))
  const [cut, ...removed] = gone
  await truncate(join(folder, cut), 20)
  for (const name of removed) await rm(join(folder, name))
  isDown = false
  const stopped = itemsOf(await capture.stop())
  expect(stopped).toEqual({ stored: 200 - spooled, dropped: spooled, spooled: 0 })
  expect(await expectHonest(inner, 'robbed')).toHaveLength(200 - spooled)
  expect(await readdir(join(folder, 'damaged'))).toEqual([cut.split('/')[1]])
})

test('what is none of ours is left alone, and what else there is is stored', async () => {
  await spoolSome('ours')
  await writeFile(join(folder, 'notes.txt'), 'mine')
  await mkdir(join(folder, 'photos'))
  const [writer] = (await readdir(folder)).filter((name) => /^[0-9a-f-]{36}$/.test(name))
  await writeFile(join(folder, writer, 'traces.otlp.gz'), 'mine')
  const next = startSpooling(store(), folder, 'next')
  await expectSoon(() => isCompleted(inner, 'ours'))
  await next.stop()
  expect(await expectHonest(inner, 'ours')).toHaveLength(60)
  expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine')
  expect(await readdir(folder)).toContain('photos')
  const left = (await readdir(folder)).find((name) => name.startsWith(writer)) ?? ''
  expect(await readdir(join(folder, left))).toEqual(['traces.otlp.gz'])
})

test('a damaged file is told of and set aside, and what can be read of it is stored', async () => {
  await spoolSome('damaged')
  const files = (await filesIn(folder)).filter((name) => name.endsWith('.gz'))
  const [cut, flipped, empty] = files.map((name) => join(folder, name))
  const bytes = await readFile(cut)
  await truncate(cut, bytes.length - 10)
  const other = await readFile(flipped)
  other[other.length - 20] ^= 0xff
  await writeFile(flipped, other)
  await writeFile(empty, '')
  const { problems } = await recoverAndFinish(inner, folder)
  expect(problems).toMatchObject([{ code: 'DAMAGED' }, { code: 'DAMAGED' }, { code: 'DAMAGED' }])
  expect((await readdir(join(folder, 'damaged'))).sort()).toEqual(
    files.map((name) => name.split('/')[1]).sort(),
  )
  expect(await readdir(folder)).toEqual(['damaged'])
  // One block each: nothing of them could be read.
  expect(await expectHonest(inner, 'damaged')).toEqual([])
  expect(await loadSession(inner, 'damaged')).toMatchObject({ status: 'completed' })
})

test('two captures may share the folder, and leave to each other what is theirs', async () => {
  isDown = true
  const captures = ['a', 'b'].map((name) => startSpooling(store(), folder, name))
  for (const capture of captures) recordItems(capture, capture.sessionId, 60)
  const [first, second] = captures
  await first.stop()
  isDown = false
  const third = startSpooling(store(), folder, 'c')
  await expectSoon(() => isCompleted(inner, 'a'))
  expect(await isCompleted(inner, 'b')).toBe(false)
  expect(itemsOf(await second.stop())).toEqual({ stored: 60, dropped: 0, spooled: 0 })
  await third.stop()
  for (const name of ['a', 'b']) expect(await expectHonest(inner, name)).toHaveLength(60)
  expect(await readdir(folder)).toEqual([])
})

test('many who start at once store each segment once', async () => {
  await Promise.all(['a', 'b', 'c', 'd'].map((name) => spoolSome(name)))
  const next = Array.from({ length: 5 }, (_, index) =>
    startSpooling(store(), folder, `next-${index}`),
  )
  for (const name of ['a', 'b', 'c', 'd']) await expectSoon(() => isCompleted(inner, name))
  await Promise.all(next.map((capture) => capture.stop()))
  for (const name of ['a', 'b', 'c', 'd']) {
    expect(await expectHonest(inner, name)).toHaveLength(60)
  }
  expect(await readdir(folder)).toEqual([])
})
