// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileError } from '../../src/storage/file-error'
import { FileStore } from '../../src/storage/file-store'
import { expectCode, keysOf } from '../support/store-conformance'

let folder: string
let store: FileStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-'))
  await mkdir(join(folder, 'root'))
  await writeFile(join(folder, 'secret'), 'not ours')
  store = new FileStore(join(folder, 'root'))
})

afterEach(() => rm(folder, { recursive: true }))

it('keeps its own folder to itself', async () => {
  await store.put('object', Buffer.from('x'))
  await expectCode(store.put('.pending/x', Buffer.from('x')), 'INVALID_KEY', '.pending/x')
  await expectCode(store.put('.pending', Buffer.from('x')), 'INVALID_KEY', '.pending')
  await store.put('folder/.pending', Buffer.from('x'))
  expect(await keysOf(store.list(''))).toEqual(['folder/.pending', 'object'])
})

it('lists no links, which could lead anywhere or round in circles', async () => {
  await symlink('..', join(folder, 'root', 'circle'))
  await symlink(join(folder, 'secret'), join(folder, 'root', 'link'))
  expect(await keysOf(store.list(''))).toEqual([])
})

it('says what is in the way of an object', async () => {
  await store.put('object', Buffer.from('x'))
  const below = await expectCode(store.put('object/below', Buffer.from('x')), 'FAILED')
  expect(below.message).toContain('in its way')
  await store.put('folder/object', Buffer.from('x'))
  await expectCode(store.put('folder', Buffer.from('x')), 'FAILED', 'folder')
  await expectCode(store.put('folder', Buffer.from('x'), { ifAbsent: true }), 'FAILED', 'folder')
  expect(await store.head('folder')).toBeUndefined()
  expect(await store.head('object/below')).toBeUndefined()
  await expectCode(store.get('folder'), 'NOT_FOUND', 'folder')
  await store.delete('folder')
  expect(await keysOf(store.list(''))).toEqual(['folder/object', 'object'])
})

it('says so when its root is a file', async () => {
  const wrong = new FileStore(join(folder, 'secret'))
  await expectCode(wrong.check(), 'FAILED')
  await expectCode(wrong.put('object', Buffer.from('x')), 'FAILED', 'object')
})

it.each([
  ['ENOSPC', 'FULL'],
  ['EDQUOT', 'FULL'],
  ['EACCES', 'ACCESS_DENIED'],
  ['EPERM', 'ACCESS_DENIED'],
  ['EROFS', 'ACCESS_DENIED'],
  ['EIO', 'FAILED'],
])('takes %s for %s', (errno, code) => {
  const cause = Object.assign(new Error(`${errno}: it failed`), { code: errno })
  expect(fileError(cause, 'put', 'key')).toMatchObject({ code, key: 'key', cause })
})
