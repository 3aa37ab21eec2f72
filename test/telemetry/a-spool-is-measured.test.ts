// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryStore } from '../../src/storage/memory-store'
import { expectSoon, filesIn, itemsOf, recordItems, startSpooling } from '../support/spool'
import { createSwitchedStore } from '../support/stores/switched-store'
import { recoverAndFinish } from '../support/write-ahead'
import { type Measured, startMeasuring } from './measured'

let measured: Measured
let folder: string

beforeEach(async () => {
  measured = startMeasuring()
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-spool-'))
})

afterEach(async () => {
  await measured.stop()
  await rm(folder, { recursive: true, force: true })
})

test('by the bytes that wait on disk, and by what is recovered from there', async () => {
  let isDown = false
  const inner = new MemoryStore()
  const capture = startSpooling(
    createSwitchedStore(inner, () => isDown),
    folder,
    'spooled',
  )
  await capture.ready
  isDown = true
  for (let step = 0; step < 10; step++) {
    recordItems(capture, `x-${step}`, 20, 40)
    await expectSoon(() => itemsOf(capture.status()).stored < 70)
  }
  // The last of them may still be on its way to the disk.
  await expectSoon(
    async () => (await measured.sum('otel_tape.spool.size')) === (await sizeOfFiles()),
  )
  expect(await sizeOfFiles()).toBeGreaterThan(0)
  const { spooled, dropped } = itemsOf(await capture.stop())
  expect(spooled).toBeGreaterThan(0)
  expect(await measured.sum('otel_tape.spool.size')).toBe(0)
  expect(await measured.sum('otel_tape.item.captured')).toBe(200)
  expect(await measured.sum('otel_tape.item.dropped')).toBe(dropped)
  expect(await measured.sum('otel_tape.item.stored')).toBe(0)

  isDown = false
  await recoverAndFinish(inner, folder)
  expect(await measured.sum('otel_tape.item.recovered')).toBe(spooled)
})

async function sizeOfFiles(): Promise<number> {
  const files = (await filesIn(folder)).filter((name) => name.endsWith('.gz'))
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(folder, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
