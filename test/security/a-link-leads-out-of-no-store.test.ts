// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from 'node:child_process'
import {
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { FileStore } from '../../src/storage/file-store'
import type { ObjectStore } from '../../src/storage/object-store'
import { isStorageError } from '../../src/storage/storage-error'
import { expectCode, keysOf } from '../support/store-conformance'

const SECRET = 'what lies outside'
let folder: string
let root: string
let store: FileStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-links-'))
  root = join(folder, 'root')
  await mkdir(join(folder, 'outside/deep'), { recursive: true })
  await mkdir(join(root, 'a/b'), { recursive: true })
  await writeFile(join(folder, 'outside/secret'), SECRET)
  await writeFile(join(folder, 'outside/deep/secret'), SECRET)
  store = new FileStore(root)
})

afterEach(() => rm(folder, { recursive: true }))

async function outsideNow(): Promise<unknown> {
  const outside = join(folder, 'outside')
  const names = (await readdir(outside, { recursive: true })).sort()
  return [names, await readFile(join(outside, 'secret'), 'utf8')]
}
const UNTOUCHED = [['deep', 'deep/secret', 'secret'], SECRET]

/** Where a link lies, what it points to, and a key that would lead through it. */
const LINKS: [link: string, target: string, key: string][] = [
  ['out', '../outside', 'out/secret'],
  ['out', '../outside', 'out/deep/secret'],
  ['out', '../outside', 'out/deep/new/one'],
  ['a/b/out', '../../../outside', 'a/b/out/secret'],
  ['a/b/out', '../../../outside', 'a/b/out/new'],
  ['secret', '../outside/secret', 'secret'],
  ['a/secret', '../../outside/secret', 'a/secret'],
  ['a/secret', '../../outside/secret', 'a/secret/below'],
  // Into another session of the same store.
  ['sessions', 'a', 'sessions/b/one'],
  ['a/up', '..', 'a/up/a/up/a/b/one'],
  ['a/circle', 'circle', 'a/circle'],
  ['a/circle', 'circle', 'a/circle/one'],
  ['out', '../nowhere', 'out/one'],
  ['out', '../nowhere', 'out'],
]

describe.each(LINKS)('%s -> %s: %s', (link, target, key) => {
  beforeEach(async () => {
    await writeFile(join(root, 'a/b/one'), 'of the store')
    await symlink(target, join(root, link))
  })
  afterEach(async () => {
    expect(await outsideNow()).toEqual(UNTOUCHED)
    expect(await readdir(folder)).not.toContain('nowhere')
    // Nor is the link itself removed or replaced.
    expect(await readlink(join(root, link))).toBe(target)
  })

  test('is not read', async () => {
    await expectCode(store.get(key), 'INVALID_KEY', key)
    await expectCode(buffer(store.read(key)), 'INVALID_KEY', key)
    await expectCode(store.head(key), 'INVALID_KEY', key)
  })

  test('is not written', async () => {
    const bytes = Buffer.from('new')
    await expectCode(store.put(key, bytes), 'INVALID_KEY', key)
    await expectCode(store.put(key, bytes, { ifAbsent: true }), 'INVALID_KEY', key)
    await expectCode(store.put(key, bytes, { ifMatch: 'x' }), 'INVALID_KEY', key)
    expect(await readdir(join(root, '.pending')).catch(() => [])).toEqual([])
  })

  test('is not removed', async () => {
    await expectCode(store.delete(key), 'INVALID_KEY', key)
  })

  test('is not listed', async () => {
    expect(await keysOf(store.list(''))).toEqual(['a/b/one'])
    const parent = key.slice(0, key.lastIndexOf('/') + 1)
    if (parent === '' || !`${key}/`.startsWith(`${link}/`) || key === link) return
    for (const list of [() => store.list(parent), () => store.listFolders(parent)]) {
      await expectCode(keysOrNames(list()), 'INVALID_KEY')
    }
  })
})

async function keysOrNames(listing: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const each of listing) found.push(each)
  return found
}

test('the root may be a link, also one that is changed', async () => {
  await mkdir(join(folder, 'first'))
  await mkdir(join(folder, 'second'))
  const link = join(folder, 'current')
  await symlink('first', link)
  const linked: ObjectStore = new FileStore(link)
  await linked.put('x/one', Buffer.from('1'))
  await unlink(link)
  await symlink('second', link)
  expect(await linked.head('x/one')).toBeUndefined()
  await linked.put('x/two', Buffer.from('2'))
  expect(await keysOf(linked.list(''))).toEqual(['x/two'])
  expect(await readdir(join(folder, 'first/x'))).toEqual(['one'])
  await linked.delete('x/two')
  expect(await readdir(join(folder, 'second'))).toEqual(['.pending'])
})

test("the store's own folder is no link either", async () => {
  await symlink('../outside', join(root, '.pending'))
  await expectCode(store.put('x', Buffer.from('1')), 'INVALID_KEY')
  await expectCode(store.check(), 'INVALID_KEY')
  expect(await outsideNow()).toEqual(UNTOUCHED)
})

test('a pipe is no object, and holds nobody up', async () => {
  try {
    execFileSync('mkfifo', [join(root, 'pipe')])
  } catch {
    return // There are none here.
  }
  await expectCode(store.get('pipe'), 'NOT_FOUND')
  await expectCode(buffer(store.read('pipe')), 'NOT_FOUND')
  expect(await store.head('pipe')).toBeUndefined()
  expect(await keysOf(store.list(''))).toEqual([])
})

/** Of what is read, not one byte comes from outside, however the two folders take turns. */
test('a folder that becomes a link while it is read shows nothing of where that leads', async () => {
  await writeFile(join(root, 'a/secret'), 'of the store')
  const [place, aside] = [join(root, 'a'), join(root, 'aside')]
  const seen = new Set<string>()
  let isDone = false
  const swap = async (): Promise<void> => {
    while (!isDone) {
      await rename(place, aside)
      await symlink('../outside', place)
      await unlink(place)
      await rename(aside, place)
    }
  }
  const swapping = swap()
  for (let round = 0; round < 150; round++) {
    const outcomes = await Promise.allSettled([
      store.get('a/secret').then(({ body }) => Buffer.from(body).toString()),
      buffer(store.read('a/secret')).then(String),
      keysOf(store.list('a/')).then((keys) => keys.find((key) => key.includes('deep')) ?? ''),
    ])
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') seen.add(outcome.value)
      else seen.add(isStorageError(outcome.reason) ? outcome.reason.code : String(outcome.reason))
    }
  }
  isDone = true
  await swapping
  expect([...seen]).not.toContain(SECRET)
  expect([...seen].filter((text) => text.includes('deep'))).toEqual([])
  for (const code of seen) {
    expect(['', 'of the store', 'INVALID_KEY', 'NOT_FOUND']).toContain(code)
  }
  expect((await lstat(place)).isDirectory()).toBe(true)
})
