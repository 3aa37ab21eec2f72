// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdir, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadSession } from '../../src/session/catalogue'
import {
  expectHonest,
  expectSoon,
  filesIn,
  isCompleted,
  itemsOf,
  recordItems,
} from '../support/spool'
import { useSpoolScene } from '../support/spool-scene'
import { recoverAndFinish } from '../support/write-ahead'

const scene = useSpoolScene()

/** A capture of 60 items that ended while the store was down. */
async function spoolSome(sessionId: string): Promise<void> {
  scene.isDown = true
  const capture = scene.start(sessionId)
  recordItems(capture, sessionId, 60)
  expect(itemsOf(await capture.stop())).toEqual({ stored: 0, dropped: 0, spooled: 60 })
  scene.isDown = false
}

test('a folder that can not be made: one warning, and the capture is as without', async () => {
  await writeFile(scene.folder, 'a file')
  const capture = scene.start('nowhere')
  await capture.ready
  recordItems(capture, 'x', 60)
  await capture.flush()
  scene.isDown = true
  for (let step = 0; step < 10; step++) {
    recordItems(capture, `lost-${step}`, 30, 40)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect(itemsOf(await capture.stop())).toEqual({ stored: 60, dropped: 300, spooled: 0 })
  expect(await readFile(scene.folder, 'utf8')).toBe('a file')
  expect(scene.warnings.filter((warning) => warning.includes("can't be used"))).toHaveLength(1)
})

test('a folder that is removed while it is used is made again', async () => {
  scene.isDown = true
  const capture = scene.start('removed')
  await expectSoon(async () => (await readdir(scene.folder).catch(() => [])).length === 1)
  await rm(scene.folder, { recursive: true })
  recordItems(capture, 'x', 30)
  const stopped = itemsOf(await capture.stop())
  // The first to find it gone makes it again for those who come after.
  expect(stopped.spooled + stopped.dropped).toBe(30)
  expect(stopped.spooled).toBeGreaterThan(0)
  scene.isDown = false
  await recoverAndFinish(scene.store, scene.folder)
  expect(await expectHonest(scene.store, 'removed')).toHaveLength(stopped.spooled)
  expect(itemsOf(await loadSession(scene.store, 'removed')).dropped).toBe(stopped.dropped)
})

test('segments that somebody removed from under a living capture are dropped, and counted', async () => {
  const capture = scene.start('robbed')
  await capture.ready
  scene.isDown = true
  for (let step = 0; step < 10; step++) {
    recordItems(capture, `x-${step}`, 20, 40)
    await expectSoon(() => itemsOf(capture.status()).stored < 70)
  }
  const spooled = itemsOf(capture.status()).spooled
  expect(spooled).toBeGreaterThan(0)
  const gone = (await filesIn(scene.folder)).filter((name) => name.endsWith('.gz'))
  const [cut, ...removed] = gone
  await truncate(join(scene.folder, cut), 20)
  for (const name of removed) await rm(join(scene.folder, name))
  scene.isDown = false
  const stopped = itemsOf(await capture.stop())
  expect(stopped).toEqual({ stored: 200 - spooled, dropped: spooled, spooled: 0 })
  expect(await expectHonest(scene.store, 'robbed')).toHaveLength(200 - spooled)
  expect(await readdir(join(scene.folder, 'damaged'))).toEqual([cut.split('/')[1]])
})

test('what is none of ours is left alone, and what else there is is stored', async () => {
  await spoolSome('ours')
  await writeFile(join(scene.folder, 'notes.txt'), 'mine')
  await mkdir(join(scene.folder, 'photos'))
  const [writer] = (await readdir(scene.folder)).filter((name) => /^[0-9a-f-]{36}$/.test(name))
  await writeFile(join(scene.folder, writer, 'traces.otlp.gz'), 'mine')
  const next = scene.start('next')
  await expectSoon(() => isCompleted(scene.store, 'ours'))
  await next.stop()
  expect(await expectHonest(scene.store, 'ours')).toHaveLength(60)
  expect(await readFile(join(scene.folder, 'notes.txt'), 'utf8')).toBe('mine')
  expect(await readdir(scene.folder)).toContain('photos')
  const left = (await readdir(scene.folder)).find((name) => name.startsWith(writer)) ?? ''
  expect(await readdir(join(scene.folder, left))).toEqual(['traces.otlp.gz'])
})

test('a damaged file is told of and set aside, and what can be read of it is stored', async () => {
  await spoolSome('damaged')
  const files = (await filesIn(scene.folder)).filter((name) => name.endsWith('.gz'))
  const [cut, flipped, empty] = files.map((name) => join(scene.folder, name))
  const bytes = await readFile(cut)
  await truncate(cut, bytes.length - 10)
  const other = await readFile(flipped)
  other[other.length - 20] ^= 0xff
  await writeFile(flipped, other)
  await writeFile(empty, '')
  const { problems } = await recoverAndFinish(scene.store, scene.folder)
  expect(problems).toMatchObject([{ code: 'DAMAGED' }, { code: 'DAMAGED' }, { code: 'DAMAGED' }])
  expect((await readdir(join(scene.folder, 'damaged'))).sort()).toEqual(
    files.map((name) => name.split('/')[1]).sort(),
  )
  expect(await readdir(scene.folder)).toEqual(['damaged'])
  // One block each: nothing of them could be read.
  expect(await expectHonest(scene.store, 'damaged')).toEqual([])
  expect(await loadSession(scene.store, 'damaged')).toMatchObject({ status: 'completed' })
})

test('two captures may share the folder, and leave to each other what is theirs', async () => {
  scene.isDown = true
  const captures = ['a', 'b'].map((name) => scene.start(name))
  for (const capture of captures) recordItems(capture, capture.sessionId, 60)
  const [first, second] = captures
  await first.stop()
  scene.isDown = false
  const third = scene.start('c')
  await expectSoon(() => isCompleted(scene.store, 'a'))
  expect(await isCompleted(scene.store, 'b')).toBe(false)
  expect(itemsOf(await second.stop())).toEqual({ stored: 60, dropped: 0, spooled: 0 })
  await third.stop()
  for (const name of ['a', 'b']) expect(await expectHonest(scene.store, name)).toHaveLength(60)
  expect(await readdir(scene.folder)).toEqual([])
})

test('many who start at once store each segment once', async () => {
  await Promise.all(['a', 'b', 'c', 'd'].map((name) => spoolSome(name)))
  const next = Array.from({ length: 5 }, (_, index) => scene.start(`next-${index}`))
  for (const name of ['a', 'b', 'c', 'd']) await expectSoon(() => isCompleted(scene.store, name))
  await Promise.all(next.map((capture) => capture.stop()))
  for (const name of ['a', 'b', 'c', 'd']) {
    expect(await expectHonest(scene.store, name)).toHaveLength(60)
  }
  expect(await readdir(scene.folder)).toEqual([])
})
