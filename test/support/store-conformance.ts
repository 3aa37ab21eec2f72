// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import * as fc from 'fast-check'
import type { ObjectStore } from '../../src/storage/object-store'
import { StorageError } from '../../src/storage/storage-error'

export interface StoreUnderTest {
  readonly store: ObjectStore
  /** Another store on the same objects, as another process would have it. */
  readonly other: ObjectStore
  /** Removes the objects and whatever holds them. */
  remove(): Promise<void>
}

/** What every store does alike. Each test file calls it with a store of its kind. */
export function describeStore(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`${name} does what every object store does`, () => {
    let under: StoreUnderTest
    let store: ObjectStore

    beforeEach(async () => {
      under = await create()
      store = under.store
    })

    afterEach(async () => {
      await under.store.close()
      await under.other.close()
      await under.remove()
    })

    describe('writing and reading', () => {
      it('gives back the bytes that were written', async () => {
        const body = randomBytes(100_000)
        const written = await store.put('folder/object', body)
        const read = await under.other.get('folder/object')
        expect(Buffer.compare(read.body, body)).toBe(0)
        expect(read).toMatchObject({ key: 'folder/object', sizeBytes: 100_000, etag: written.etag })
        expect(Math.abs(read.lastModified.getTime() - Date.now())).toBeLessThan(60_000)
      })

      it('keeps an empty object', async () => {
        await store.put('empty', new Uint8Array())
        expect((await store.get('empty')).body.length).toBe(0)
        expect(await store.head('empty')).toMatchObject({ sizeBytes: 0 })
        expect(await buffer(store.read('empty'))).toHaveLength(0)
      })

      it('writes a view of a larger buffer as that view', async () => {
        const whole = randomBytes(1000)
        await store.put('view', new Uint8Array(whole.buffer, whole.byteOffset + 100, 200))
        expect(Buffer.compare((await store.get('view')).body, whole.subarray(100, 300))).toBe(0)
      })

      it('keeps nothing that the caller can alter', async () => {
        const body = Buffer.from('as it was')
        await store.put('copy', body)
        body.fill(0)
        ;(await store.get('copy')).body.fill(0)
        for await (const chunk of store.read('copy')) (chunk as Buffer).fill(0)
        expect(Buffer.from((await store.get('copy')).body).toString()).toBe('as it was')
      })

      it('replaces an object whole', async () => {
        await store.put('object', Buffer.from('a longer first content'))
        await store.put('object', Buffer.from('second'))
        expect(Buffer.from((await store.get('object')).body).toString()).toBe('second')
      })

      it('streams any part of an object of some MiB', async () => {
        const body = randomBytes(3_000_000)
        await store.put('large', body)
        for (const startBytes of [0, 1, 65_536, 2_999_999, 3_000_000, 5_000_000]) {
          const read = await buffer(store.read('large', { startBytes }))
          expect(Buffer.compare(read, body.subarray(startBytes))).toBe(0)
        }
        for (const [startBytes, lengthBytes] of [
          [0, 1],
          [7, 100_000],
          [2_999_990, 100],
          [3_000_000, 1],
        ]) {
          const read = await buffer(store.read('large', { startBytes, lengthBytes }))
          const expected = body.subarray(startBytes, startBytes + lengthBytes)
          expect(Buffer.compare(read, expected)).toBe(0)
        }
        await expectCode(buffer(store.read('large', { startBytes: -1 })), 'FAILED', 'large')
        await expectCode(buffer(store.read('large', { lengthBytes: 0.5 })), 'FAILED', 'large')
      })

      it('can be left in the middle of a stream', async () => {
        await store.put('large', randomBytes(3_000_000))
        for await (const chunk of store.read('large')) {
          expect((chunk as Buffer).length).toBeGreaterThan(0)
          break
        }
        expect(await store.head('large')).toMatchObject({ sizeBytes: 3_000_000 })
      })

      it('keeps an object of 16 MiB', async () => {
        const body = randomBytes(16 * 1024 * 1024)
        await store.put('segment', body)
        expect(Buffer.compare((await store.get('segment')).body, body)).toBe(0)
      })
    })

    describe('what is not there', () => {
      it('fails get and read with NOT_FOUND and the key', async () => {
        await expectCode(store.get('no/such/key'), 'NOT_FOUND', 'no/such/key')
        await expectCode(buffer(store.read('no/such/key')), 'NOT_FOUND', 'no/such/key')
      })

      it('has no head, lists empty and can be deleted', async () => {
        expect(await store.head('nothing')).toBeUndefined()
        expect(await keysOf(store.list(''))).toEqual([])
        expect(await all(store.listFolders(''))).toEqual([])
        await store.delete('nothing')
        await store.delete('folder/nothing')
      })

      it('is gone after a delete', async () => {
        await store.put('folder/object', Buffer.from('x'))
        await store.delete('folder/object')
        expect(await store.head('folder/object')).toBeUndefined()
        expect(await all(store.listFolders(''))).toEqual([])
        await store.put('folder', Buffer.from('now an object'))
        expect(await keysOf(store.list(''))).toEqual(['folder'])
      })
    })

    describe('conditions', () => {
      it('writes ifAbsent once', async () => {
        const first = await store.put('once', Buffer.from('first'), { ifAbsent: true })
        const second = under.other.put('once', Buffer.from('second'), { ifAbsent: true })
        await expectCode(second, 'PRECONDITION_FAILED', 'once')
        expect(await store.get('once')).toMatchObject({ etag: first.etag, sizeBytes: 5 })
      })

      it('writes ifMatch only over the etag it knows', async () => {
        const first = await store.put('object', Buffer.from('first'))
        const second = await store.put('object', Buffer.from('other'), { ifMatch: first.etag })
        expect(second.etag).not.toBe(first.etag)
        const stale = under.other.put('object', Buffer.from('third'), { ifMatch: first.etag })
        await expectCode(stale, 'PRECONDITION_FAILED', 'object')
        expect(Buffer.from((await store.get('object')).body).toString()).toBe('other')
      })

      it('fails ifMatch where there is no object', async () => {
        const written = await store.put('object', Buffer.from('x'))
        await store.delete('object')
        const write = store.put('object', Buffer.from('y'), { ifMatch: written.etag })
        await expectCode(write, 'PRECONDITION_FAILED', 'object')
      })

      it('takes the etag that head, get and list give', async () => {
        await store.put('a/object', Buffer.from('0'))
        const head = await store.head('a/object')
        const { etag: fromHead } = await store.put('a/object', Buffer.from('1'), {
          ifMatch: head?.etag,
        })
        expect((await store.get('a/object')).etag).toBe(fromHead)
        const [listed] = await all(store.list('a/'))
        await store.put('a/object', Buffer.from('2'), { ifMatch: listed.etag })
        expect(Buffer.from((await store.get('a/object')).body).toString()).toBe('2')
      })

      it('gives a new etag to every content', async () => {
        const etags = new Set<string>()
        for (let i = 0; i < 50; i++) {
          etags.add((await store.put('object', Buffer.from(String(i).padStart(3)))).etag)
        }
        expect(etags.size).toBe(50)
      })

      it('lets exactly one of twenty concurrent ifAbsent writers win', async () => {
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            won((i % 2 ? store : under.other).put('race', bytes(i), { ifAbsent: true })),
          ),
        )
        expect(outcomes.filter(Boolean)).toHaveLength(1)
        expect((await store.get('race')).body).toEqual(bytes(outcomes.indexOf(true)))
      })

      it('lets exactly one of twenty concurrent ifMatch writers win', async () => {
        const { etag } = await store.put('race', Buffer.from('start'))
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            won((i % 2 ? store : under.other).put('race', bytes(i), { ifMatch: etag })),
          ),
        )
        expect(outcomes.filter(Boolean)).toHaveLength(1)
        expect((await store.get('race')).body).toEqual(bytes(outcomes.indexOf(true)))
      })

      it('shows a reader the old object or the new one, never a mixture', async () => {
        await store.put('object', Buffer.alloc(200_000, 0))
        let writing = true
        const writer = (async () => {
          for (let i = 1; i <= 20; i++) await store.put('object', Buffer.alloc(200_000 + i, i))
          writing = false
        })()
        while (writing) {
          const { body } = await under.other.get('object')
          expect(body.length).toBe(200_000 + body[0])
          expect(body.every((byte) => byte === body[0])).toBe(true)
        }
        await writer
      })
    })

    describe('listing', () => {
      it('lists in the order of UTF-8 bytes, across folders', async () => {
        const keys = ['b', 'a/z', 'a.txt', 'a-b', 'a0', 'a/b/c', 'é', '\uffee', '😀', 'Z', '_']
        for (const key of keys) await store.put(key, Buffer.from(key))
        const expected = [...keys].sort((l, r) => Buffer.compare(Buffer.from(l), Buffer.from(r)))
        expect(await keysOf(store.list(''))).toEqual(expected)
      })

      it('tells size, etag and time as head does', async () => {
        await store.put('a/b', Buffer.from('four'))
        const [listed] = await all(store.list('a/'))
        const head = await store.head('a/b')
        expect(listed).toMatchObject({ key: 'a/b', sizeBytes: 4, etag: head?.etag })
        expect(Math.abs(listed.lastModified.getTime() - Number(head?.lastModified))).toBeLessThan(
          1000,
        )
      })

      it('lists what begins with the prefix, a folder or a part of a name', async () => {
        for (const key of ['s/a/1', 's/ab/2', 's/b', 't/s/a', 's.x']) {
          await store.put(key, Buffer.from('x'))
        }
        expect(await keysOf(store.list('s/'))).toEqual(['s/a/1', 's/ab/2', 's/b'])
        expect(await keysOf(store.list('s/a'))).toEqual(['s/a/1', 's/ab/2'])
        expect(await keysOf(store.list('s/a/'))).toEqual(['s/a/1'])
        expect(await keysOf(store.list('s/b'))).toEqual(['s/b'])
        expect(await keysOf(store.list('s/b/'))).toEqual([])
        expect(await keysOf(store.list('none/'))).toEqual([])
      })

      it('lists after a key, whether it exists or not', async () => {
        for (const key of ['a/1', 'a/2', 'b/1', 'b/2', 'c']) await store.put(key, Buffer.from('x'))
        const after = (startAfter: string) => keysOf(store.list('', { startAfter }))
        expect(await after('a/1')).toEqual(['a/2', 'b/1', 'b/2', 'c'])
        expect(await after('a/3')).toEqual(['b/1', 'b/2', 'c'])
        expect(await after('b')).toEqual(['b/1', 'b/2', 'c'])
        expect(await after('b/')).toEqual(['b/1', 'b/2', 'c'])
        expect(await after('c')).toEqual([])
      })

      it('lists the folders below a folder, and nothing deeper', async () => {
        for (const key of ['s/b/x/1', 's/b/y', 's/a/1', 's/a-b/1', 's/file', 't/1', 'root']) {
          await store.put(key, Buffer.from('x'))
        }
        expect(await all(store.listFolders(''))).toEqual(['s/', 't/'])
        expect(await all(store.listFolders('s/'))).toEqual(['s/a-b/', 's/a/', 's/b/'])
        expect(await all(store.listFolders('s/', { startAfter: 's/a/' }))).toEqual(['s/b/'])
        expect(await all(store.listFolders('s/a/'))).toEqual([])
        expect(await all(store.listFolders('none/'))).toEqual([])
      })

      it('keeps keys that look like numbers as they are', async () => {
        const keys = ['00123', '0x10', '1e5', '1.50', 'true', 'null', '-0']
        for (const key of keys) await store.put(`n/${key}`, Buffer.from('x'))
        expect(await keysOf(store.list('n/'))).toEqual(keys.map((key) => `n/${key}`).sort())
        for (const key of keys) await store.put(key, Buffer.from('x'))
        const listed = await keysOf(store.list(''))
        expect(listed.filter((key) => !key.includes('/'))).toEqual([...keys].sort())
      })

      it('keeps the special characters of keys', async () => {
        const special = ` !"#$%&'()*+,-.:;<=>?@[]^_\`{|}~ %41 %2F+é€😀 `
        await store.put(`sp/${special}/x`, Buffer.from('x'))
        await store.put(`sp/${special}x`, Buffer.from('y'))
        expect(await keysOf(store.list('sp/'))).toEqual([`sp/${special}/x`, `sp/${special}x`])
        expect(await keysOf(store.list(`sp/${special}`))).toHaveLength(2)
        expect(await all(store.listFolders('sp/'))).toEqual([`sp/${special}/`])
        expect(Buffer.from((await store.get(`sp/${special}x`)).body).toString()).toBe('y')
        expect(await store.head(`sp/${special}/x`)).toMatchObject({ sizeBytes: 1 })
        await store.delete(`sp/${special}x`)
        expect(await keysOf(store.list('sp/'))).toHaveLength(1)
      })

      it('gives back any well-formed key', async () => {
        const segment = fc
          .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
          .filter((text) => /^[^/\\\p{C}]+$/u.test(text) && !/^\.{1,2}$/.test(text))
          .filter((text) => text.normalize() === text)
        const path = fc.array(segment, { minLength: 1, maxLength: 3 })
        let round = 0
        await fc.assert(
          fc.asyncProperty(path, async (segments) => {
            const key = `any/${round++}/${segments.join('/')}`
            await store.put(key, Buffer.from(key))
            expect(Buffer.from((await store.get(key)).body).toString()).toBe(key)
            expect(await keysOf(store.list(key))).toEqual([key])
          }),
          { numRuns: 30 },
        )
      })
    })

    describe('keys that are refused', () => {
      const tooLong = 'x'.repeat(256)
      it.each([
        '',
        '/',
        '/absolute',
        'a//b',
        'a/',
        '.',
        '..',
        '../a',
        'a/../b',
        'a/./b',
        'a\\b',
        '..\\a',
        'nul\0',
        'lone\ud800',
        tooLong,
        `${'é'.repeat(128)}`,
        'a/'.repeat(600) + 'b',
      ])('refuses %j', async (key) => {
        const body = Buffer.from('x')
        await expectCode(store.put(key, body), 'INVALID_KEY', key)
        await expectCode(store.get(key), 'INVALID_KEY', key)
        await expectCode(store.head(key), 'INVALID_KEY', key)
        await expectCode(store.delete(key), 'INVALID_KEY', key)
        await expectCode(buffer(store.read(key)), 'INVALID_KEY', key)
        expect(await keysOf(store.list(''))).toEqual([])
      })

      it.each(['/', '../', 'a/../', 'a//', './', 'a\\', '\0'])(
        'refuses the prefix %j',
        async (prefix) => {
          await expectCode(all(store.list(prefix)), 'INVALID_KEY', prefix)
          await expectCode(all(store.listFolders(prefix)), 'INVALID_KEY', prefix)
        },
      )

      it('refuses to list the folders of what is no folder', async () => {
        await expectCode(all(store.listFolders('folder')), 'INVALID_KEY', 'folder')
      })
    })

    describe('its end', () => {
      it('does nothing for a signal that has fired', async () => {
        const signal = AbortSignal.abort()
        await expectCode(store.put('k', Buffer.from('x'), { signal }), 'ABORTED', 'k')
        await expectCode(store.get('k', { signal }), 'ABORTED', 'k')
        await expectCode(buffer(store.read('k', { signal })), 'ABORTED', 'k')
        await expectCode(store.head('k', { signal }), 'ABORTED', 'k')
        await expectCode(store.delete('k', { signal }), 'ABORTED', 'k')
        await expectCode(all(store.list('', { signal })), 'ABORTED', '')
        await expectCode(all(store.listFolders('', { signal })), 'ABORTED', '')
        await expectCode(store.check({ signal }), 'ABORTED')
        expect(await store.head('k')).toBeUndefined()
      })

      it('answers a check, also before anything was written', async () => {
        await store.check()
        expect(await keysOf(store.list(''))).toEqual([])
      })

      it('does nothing more once closed', async () => {
        await store.put('k', Buffer.from('x'))
        const pending = settled(store.put('k', randomBytes(1_000_000)))
        await store.close()
        await store.close()
        const outcome = await pending
        if (outcome !== 'done') expect(outcome).toMatchObject({ code: 'CLOSED' })
        await expectCode(store.put('k', Buffer.from('x')), 'CLOSED')
        await expectCode(store.get('k'), 'CLOSED')
        await expectCode(buffer(store.read('k')), 'CLOSED')
        await expectCode(all(store.list('')), 'CLOSED')
        await expectCode(store.check(), 'CLOSED')
        expect(await under.other.head('k')).toBeDefined()
      })
    })
  })
}

/** Expects a StorageError of this code, about this key. */
export async function expectCode(
  operation: Promise<unknown>,
  code: StorageError['code'],
  key?: string,
): Promise<StorageError> {
  const error = await operation.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(StorageError)
  if (!(error instanceof StorageError)) throw error
  expect({ code: error.code, message: error.message }).toMatchObject({ code })
  if (key !== undefined) expect(error.key).toBe(key)
  return error
}

/** Everything that an async iterable yields. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = []
  for await (const item of items) result.push(item)
  return result
}

export async function keysOf(items: AsyncIterable<{ key: string }>): Promise<string[]> {
  return (await all(items)).map(({ key }) => key)
}

function bytes(i: number): Buffer {
  return Buffer.alloc(3000 + i, i)
}

async function settled(operation: Promise<unknown>): Promise<unknown> {
  return operation.then(
    () => 'done',
    (error: unknown) => error,
  )
}

async function won(write: Promise<unknown>): Promise<boolean> {
  const outcome = await settled(write)
  if (outcome === 'done') return true
  expect(outcome).toMatchObject({ code: 'PRECONDITION_FAILED' })
  return false
}
