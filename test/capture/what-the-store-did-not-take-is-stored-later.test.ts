// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Capture } from '../../src/capture/start-capture'
import { completeSession, loadSession } from '../../src/session/catalogue'
import type { MemoryStore } from '../../src/storage/memory-store'
import {
  expectHonest,
  expectSoon,
  filesIn,
  isCompleted,
  itemsOf,
  recordItems,
  startSpooling,
} from '../support/spool'
import { useSpoolScene } from '../support/spool-scene'
import { TroubledStore } from '../support/stores/troubled-store'
import { contentOf, recoverAndFinish } from '../support/write-ahead'

const MADE = 600
const scene = useSpoolScene()

/** No faster than the disk takes what memory can't: a fifth of it at a time. */
async function recordSlowly(capture: Capture, prefix: string, count: number): Promise<string[]> {
  const names: string[] = []
  const already = itemsOf(capture.status()).stored
  for (let step = 0; step * 20 < count; step++) {
    names.push(...recordItems(capture, `${prefix}-${step}`, 20, 40))
    await expectSoon(() => itemsOf(capture.status()).stored - already < 70)
  }
  return names
}

test('a store that is down from start to end: the next capture stores it all', async () => {
  scene.isDown = true
  const first = scene.start('first', {
    description: 'nobody was there',
    enabledFlags: ['a', 'b'],
    diagnosticSessionId: 'case 7',
  })
  const names = await recordSlowly(first, 'x', MADE)
  const startedMillis = Date.now()
  const stopped = await first.stop()
  expect(Date.now() - startedMillis).toBeLessThan(5_000)
  const { stored, dropped, spooled } = itemsOf(stopped)
  expect({ status: stopped.status, stored }).toEqual({ status: 'failed', stored: 0 })
  expect(dropped + spooled).toBe(MADE)
  expect(dropped).toBe(0)
  expect((await contentOf(scene.store, 'first')).segments).toBe(0)
  expect(scene.warnings.at(-1)).toMatch(/600 items of session 'first' wait in .*recover --spool/)

  scene.isDown = false
  const second = scene.start('second')
  await expectSoon(() => isCompleted(scene.store, 'first'))
  expect((await expectHonest(scene.store, 'first')).sort()).toEqual(names.sort())
  expect(await loadSession(scene.store, 'first')).toMatchObject({
    status: 'completed',
    description: 'nobody was there',
    enabledFlags: ['a', 'b'],
    diagnosticSessionId: 'case 7',
    writers: 1,
    interruptedWriters: 0,
  })
  // When it really began, not when the store heard of it.
  const { startTime } = await loadSession(scene.store, 'first')
  expect(Math.abs(Date.parse(startTime) - Date.parse(stopped.startTime))).toBeLessThan(1_000)
  await second.stop()
  expect(await readdir(scene.folder)).toEqual([])
})

test('a store that goes down in the middle and comes back: nothing is left on disk', async () => {
  const capture = scene.start('back')
  await capture.ready
  const names = await recordSlowly(capture, 'before', 40)
  await capture.flush()
  scene.isDown = true
  names.push(...(await recordSlowly(capture, 'while', MADE)))
  await expectSoon(async () => (await filesIn(scene.folder)).some((name) => name.endsWith('.gz')))
  expect(itemsOf(capture.status()).spooled).toBeGreaterThan(0)
  scene.isDown = false
  names.push(...recordItems(capture, 'after', 20))
  await capture.flush()
  expect(itemsOf(capture.status()).spooled).toBe(0)
  expect(await filesIn(scene.folder)).toEqual([])
  const stopped = await capture.stop()
  expect(itemsOf(stopped)).toEqual({ stored: names.length, dropped: 0, spooled: 0 })
  expect((await expectHonest(scene.store, 'back')).sort()).toEqual(names.sort())
  expect(await readdir(scene.folder)).toEqual([])
  expect(stopped).toMatchObject({ status: 'completed', interruptedWriters: 0 })
})

test.each(['from the start', 'in the middle'])('a store that hangs %s', async (when) => {
  const hanging = new TroubledStore(when === 'in the middle' ? 'none' : 'hanging')
  const capture = startSpooling(hanging, scene.folder, 'hanging', { maxQueueBytes: 256 * 1024 })
  if (when === 'in the middle') await capture.ready
  hanging.trouble = 'hanging'
  recordItems(capture, 'early', 30)
  const now = jest.spyOn(performance, 'now')
  // Sent in the middle, they would wait for the answer for ever.
  if (when === 'in the middle') capture.flush().catch(() => undefined)
  await new Promise((resolve) => setTimeout(resolve, 50))
  now.mockReturnValue(performance.now() + 6_000)
  recordItems(capture, 'late', 330, 40)
  await expectSoon(() => itemsOf(capture.status()).spooled >= 200)
  now.mockRestore()
  expect(itemsOf(await capture.stop())).toEqual({ stored: 0, dropped: 0, spooled: 360 })
  hanging.trouble = 'none'
  await recoverAndFinish(hanging, scene.folder)
  expect(await expectHonest(hanging, 'hanging')).toHaveLength(360)
  expect(await readdir(scene.folder)).toEqual([])
})

test('oldest first', async () => {
  const capture = scene.start('order', { maxQueueBytes: 64 * 1024 })
  await capture.ready
  scene.isDown = true
  await recordSlowly(capture, 'x', 400)
  const segments = (await filesIn(scene.folder)).filter((name) => name.endsWith('.gz'))
  expect(segments.length).toBeGreaterThan(10)
  scene.isDown = false
  const put = jest.spyOn(scene.store, 'put')
  await capture.flush()
  const arrivals = put.mock.calls
    .filter(([key]) => key.includes('/raw/'))
    .map(([key]) => Number(/-(\d{13})-/.exec(key)?.[1]))
  const sorted = [...arrivals].sort((a, b) => a - b)
  // Up to four were on their way when the store went down, or are at once.
  const farthest = Math.max(
    ...arrivals.map((arrival, at) => Math.abs(sorted.indexOf(arrival) - at)),
  )
  expect(farthest).toBeLessThanOrEqual(6)
  await capture.stop()
})

test('what does not fit is dropped, and both are counted to the item', async () => {
  scene.isDown = true
  const maxSpoolBytes = 64 * 1024
  const first = scene.start('bounded', { maxSpoolBytes })
  for (let step = 0; step < 60; step++) {
    recordItems(first, `x-${step}`, 20, 40)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const before = itemsOf(await first.stop())
  expect(before.dropped).toBeGreaterThan(0)
  expect(before.spooled).toBeGreaterThan(0)
  expect(before.stored + before.dropped + before.spooled).toBe(1200)
  expect(
    scene.warnings.some((warning) => /spool in .* is full: it may take 65536 bytes/.test(warning)),
  ).toBe(true)

  scene.isDown = false
  const second = scene.start('second')
  await expectSoon(() => isCompleted(scene.store, 'bounded'))
  await second.stop()
  const names = await expectHonest(scene.store, 'bounded')
  const after = itemsOf(await loadSession(scene.store, 'bounded'))
  expect(after).toEqual({ stored: names.length, dropped: before.dropped, spooled: 0 })
  expect(after.stored + after.dropped).toBe(1200)
})

test('a session that was completed meanwhile gets a session beside it', async () => {
  const first = scene.start('closed')
  await first.ready
  recordItems(first, 'early', 30)
  await first.flush()
  scene.isDown = true
  recordItems(first, 'late', 30)
  expect(itemsOf(await first.stop())).toMatchObject({ stored: 30, spooled: 30 })
  await interruptIn(scene.store, 'closed')
  await completeSession(scene.store, 'closed')
  const completed = await scene.store.get('sessions/closed/metadata.json')

  scene.isDown = false
  const second = scene.start('second')
  const beside = async () => {
    for await (const prefix of scene.store.listFolders('sessions/')) {
      if (prefix.includes('.recovered-')) return prefix.split('/')[1]
    }
    return ''
  }
  await expectSoon(async () => isCompleted(scene.store, await beside()))
  await second.stop()
  expect(await scene.store.get('sessions/closed/metadata.json')).toEqual(completed)
  expect(await expectHonest(scene.store, 'closed')).toHaveLength(30)
  const names = await expectHonest(scene.store, await beside())
  expect(names.every((name) => name.startsWith('late'))).toBe(true)
  expect(names).toHaveLength(30)
})

test('a session that must not be joined is not joined by what lies in the spool either', async () => {
  const owner = startSpooling(scene.store, join(scene.root, 'other'), 'mine')
  await owner.ready
  scene.isDown = true
  const first = scene.start('mine', { join: false })
  recordItems(first, 'stranger', 12)
  await first.stop()
  scene.isDown = false
  const second = scene.start('second')
  await expectSoon(async () => (await readdir(scene.folder)).length === 1)
  await second.stop()
  recordItems(owner, 'own', 3)
  await owner.stop()
  expect(await expectHonest(scene.store, 'mine')).toHaveLength(3)
})

/** Its writers fell silent long ago, as far as the store can tell. */
async function interruptIn(store: MemoryStore, sessionId: string): Promise<void> {
  for await (const { key } of store.list(`sessions/${sessionId}/writers/`)) {
    const summary = JSON.parse(Buffer.from((await store.get(key)).body).toString()) as object
    const silent = { ...summary, updatedAt: '2026-01-01T00:00:00.000Z' }
    await store.put(key, Buffer.from(JSON.stringify(silent)))
  }
}
