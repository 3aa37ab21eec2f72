// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { testBucket } from '../support/s3/test-bucket'
import { testServer } from '../support/s3/test-server'
import { all, describeStore, keysOf } from '../support/store-conformance'

// Some thousand requests, to a server that writes each of them to disk.
jest.setTimeout(120_000)

describeStore(`MinioStore (${testServer().kind})`, async () => {
  const bucket = testBucket()
  const prefix = 'some/prefix'
  return {
    store: bucket.open({ prefix }),
    other: bucket.open({ prefix }),
    remove: () => bucket.remove(),
  }
})

describe(`MinioStore (${testServer().kind})`, () => {
  const bucket = testBucket()
  afterAll(() => bucket.remove())

  it('lists more than a page, without a prefix, in order', async () => {
    const store = bucket.open()
    const keys = Array.from({ length: 1234 }, (_, i) => String(i).padStart(5, '0'))
    const todo = [...keys]
    const writer = async () => {
      for (let key = todo.pop(); key !== undefined; key = todo.pop()) {
        await store.put(key, Buffer.from(key))
      }
    }
    await Promise.all(Array.from({ length: 16 }, writer))
    expect(await keysOf(store.list(''))).toEqual(keys)
    expect(await keysOf(store.list('', { startAfter: '00444' }))).toEqual(keys.slice(445))
  })

  it('lists more folders than a page', async () => {
    const store = bucket.open({ prefix: 'folders' })
    const folders = Array.from({ length: 1010 }, (_, i) => `${String(i).padStart(4, '0')}/`)
    const todo = folders.map((folder, i) => (i % 10 ? `${folder}a` : `${folder}b/c`))
    const writer = async () => {
      for (let key = todo.pop(); key !== undefined; key = todo.pop()) {
        await store.put(key, Buffer.from('x'))
      }
    }
    await Promise.all(Array.from({ length: 16 }, writer))
    expect(await all(store.listFolders(''))).toEqual(folders)
  })
})
