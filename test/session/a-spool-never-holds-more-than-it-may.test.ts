// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SegmentSpool, createSegmentSpool } from '../../src/session/on-disk/segment-spool'
import { segmentKey } from '../../src/session/session-keys'
import type { StorageError } from '../../src/storage/storage-error'
import { filesIn } from '../support/spool'

const soon = (): AbortSignal => new AbortController().signal
let root: string
let failures: StorageError[]

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'spool-'))
  failures = []
})

afterEach(() => rm(root, { recursive: true, force: true }))

function makeSpool(maxSpoolBytes: number): SegmentSpool {
  const writerId = randomUUID()
  const description = { sessionId: 's', createdBy: 'a test', enabledFlags: [] }
  return createSegmentSpool({
    folder: join(root, writerId),
    owner: { description, writerId, storeUrl: 'memory:', isSpool: true },
    maxSpoolBytes,
    onFailure: (failure) => failures.push(failure),
  })
}

const makeKey = (): string => segmentKey('s', 'logs', Date.now())

async function sizeOf(folder: string): Promise<number> {
  // What was refused may just be about to go.
  const names = (await filesIn(folder)).filter((name) => !name.endsWith('.new'))
  const sizes = names.map(async (name) => (await stat(join(folder, name))).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

test('whoever shares the folder shares the room', async () => {
  const spools = [makeSpool(10_000), makeSpool(10_000), makeSpool(10_000)]
  let kept = 0
  const fill = async (spool: SegmentSpool): Promise<void> => {
    for (let index = 0; index < 12; index++) {
      const bytes = randomBytes(600 + index * 10)
      await spool.put(makeKey(), bytes, soon()).then(
        () => (kept += bytes.length),
        ({ code }: StorageError) => expect(code).toBe('FULL'),
      )
    }
  }
  await Promise.all(spools.map(fill))
  expect(await sizeOf(root)).toBe(kept)
  expect(kept).toBeLessThanOrEqual(10_000)
  expect(kept).toBeGreaterThan(0)
  expect(failures.every(({ message }) => /may take 10000 bytes/.test(message))).toBe(true)
  for (const spool of spools) await spool.remove()
  expect(await readdir(root)).toEqual([])
})

test('what is released makes room, and what fails rests', async () => {
  const spool = makeSpool(1_000)
  const key = makeKey()
  await spool.put(key, randomBytes(900), soon())
  await expect(spool.put(makeKey(), randomBytes(900), soon())).rejects.toMatchObject({
    code: 'FULL',
  })
  expect(spool.isResting).toBe(true)
  await spool.release([key])
  expect(spool.isResting).toBe(false)
  await spool.put(makeKey(), randomBytes(900), soon())
  await spool.remove()
})

test('a file has its name when it is whole, and what is given up has none', async () => {
  const spool = makeSpool(1_000_000)
  const [key, other] = [makeKey(), makeKey()]
  const bytes = randomBytes(100_000)
  const cut = new AbortController()
  const given = spool.put(other, bytes, cut.signal)
  cut.abort(new Error('enough'))
  await expect(given).rejects.toThrow()
  await spool.put(key, bytes, soon())
  const isThere = async (): Promise<string[]> =>
    (await filesIn(root)).filter((name) => name.endsWith('.gz'))
  expect(await isThere()).toHaveLength(1)
  expect(await readFile(join(root, (await isThere())[0]))).toEqual(bytes)
  expect(await spool.read(key, bytes.length)).toEqual(bytes)
  await expect(spool.read(other, bytes.length)).rejects.toMatchObject({ code: 'UNREADABLE' })
  await spool.remove()
})
