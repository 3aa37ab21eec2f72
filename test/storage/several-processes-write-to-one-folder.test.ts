// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { acquireFileLock } from '../../src/storage/file-lock'
import { FileStore } from '../../src/storage/file-store'
import { startScript } from '../support/child-script'
import { keysOf } from '../support/store-conformance'

const script = (name: string) => join(__dirname, 'children', name)

let root: string
let store: FileStore

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'otel-tape-'))
  store = new FileStore(root)
})

afterEach(async () => {
  await store.close()
  await rm(root, { recursive: true })
})

it('counts every step of four processes that count at once', async () => {
  await store.put('counter', Buffer.from('0'))
  const counters = Array.from({ length: 4 }, () =>
    startScript(script('count-up.ts'), root, 'counter', '50'),
  )
  await Promise.all(counters.map((counter) => counter.done()))
  expect(Buffer.from((await store.get('counter')).body).toString()).toBe('200')
  expect(await readdir(join(root, '.pending'))).toEqual([])
})

it('leaves whole objects alone when a writer is killed at any moment', async () => {
  for (let round = 0; round < 5; round++) {
    const writer = startScript(script('write-for-ever.ts'), root)
    for (let i = 0; i <= round; i++) await writer.message()
    await writer.kill()

    const { body } = await store.get('replaced')
    expect(body.length).toBe(500_000 + body[0])
    expect(body.every((byte) => byte === body[0])).toBe(true)
    for await (const { key, sizeBytes } of store.list('')) {
      if (key !== 'replaced') expect(sizeBytes).toBe(100_000)
      expect(key).toMatch(/^(replaced|added\/\d+)$/)
      if (key !== 'replaced') await store.delete(key)
    }
  }
})

it('takes the lock of a killed process over', async () => {
  const { etag } = await store.put('object', Buffer.from('1'))
  const name = createHash('sha256').update('object').digest('hex')
  const path = join(root, '.pending', `${name}.lock`)
  const holder = startScript(script('hold-a-lock.ts'), path)
  await holder.message()

  const write = store.put('object', Buffer.from('2'), { ifMatch: etag })
  await expect(
    store.put('object', Buffer.from('3'), { signal: AbortSignal.timeout(300) }),
  ).rejects.toMatchObject({ code: 'ABORTED' })
  await holder.kill()
  await write
  expect(Buffer.from((await store.get('object')).body).toString()).toBe('2')
})

it('gives a lock that many want, and whose owner is dead, to one at a time', async () => {
  const path = join(root, 'lock')
  let holders = 0
  let mostHolders = 0
  const use = async () => {
    const lock = await acquireFileLock(path, new AbortController().signal)
    mostHolders = Math.max(mostHolders, ++holders)
    await store.head('anything')
    expect(lock.isHeld()).toBe(true)
    holders--
    await lock.release()
  }
  for (let round = 0; round < 5; round++) {
    const holder = startScript(script('hold-a-lock.ts'), path)
    await holder.message()
    await holder.kill()
    await Promise.all(Array.from({ length: 20 }, use))
  }
  expect(mostHolders).toBe(1)
  expect(await readdir(root)).toEqual([])
})

it('neither lists nor keeps for ever what a killed writer has left', async () => {
  const pending = join(root, '.pending')
  await mkdir(pending)
  await writeFile(join(pending, '123-old'), 'half an obj')
  await writeFile(join(pending, '123-young'), 'half an obj')
  await utimes(join(pending, '123-old'), 1_600_000_000, 1_600_000_000)
  expect(await keysOf(store.list(''))).toEqual([])
  await store.put('object', Buffer.from('x'))
  expect(await keysOf(store.list(''))).toEqual(['object'])
  expect(await readdir(pending)).toEqual(['123-young'])
})
