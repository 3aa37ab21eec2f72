// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { constants, readFileSync } from 'node:fs'
import { type FileHandle, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAppendLog } from '../../src/storage/append-log'
import { type UnreadEnd, readAppendLog } from '../../src/storage/append-log-reader'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'append-log-'))
})

afterEach(async () => {
  jest.restoreAllMocks()
  await rm(folder, { recursive: true })
})

const MAGIC_BYTES = 8
const HEADER_BYTES = 8
const records = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 12 })

async function writeLog(contents: readonly Uint8Array[], path: string): Promise<Buffer> {
  const log = createAppendLog(path)
  await Promise.all(contents.map((content) => log.append([content])))
  await log.close()
  return contents.length === 0 ? Buffer.alloc(0) : readFile(path)
}

async function readLog(path: string): Promise<{ found: Buffer[]; unread: UnreadEnd[] }> {
  const found: Buffer[] = []
  const unread: UnreadEnd[] = []
  for await (const record of readAppendLog(path, (end) => unread.push(end))) found.push(record)
  return { found, unread }
}

/** How many of the records end within the first `length` bytes. */
function wholeWithin(contents: readonly Uint8Array[], length: number): number {
  let end = MAGIC_BYTES
  return contents.filter((content) => (end += HEADER_BYTES + content.length) <= length).length
}

/** The class of file handles, which node does not export. */
async function fileHandles(): Promise<FileHandle> {
  const file = await open(join(folder, 'probe'), 'w')
  await file.close()
  return Object.getPrototypeOf(file) as FileHandle
}

/** Where a write is a flush by itself, and no other is asked for. */
const FLUSHES_ON_WRITE = process.platform === 'linux'

/** What the kernel says: every write to this file is flushed before it returns. */
function isFlushedByWrite({ fd }: FileHandle): boolean {
  const [, flags] =
    /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? []
  return (parseInt(flags, 8) & constants.O_DSYNC) !== 0
}

function methodOf(handles: FileHandle, name: keyof FileHandle) {
  return Reflect.get(handles, name) as (...parameters: unknown[]) => Promise<never>
}

test('a log cut at any byte gives the records before the cut', async () => {
  const path = join(folder, 'cut')
  await fc.assert(
    fc.asyncProperty(records, fc.double({ min: 0, max: 1, noNaN: true }), async (all, share) => {
      const bytes = await writeLog(all, path)
      const length = Math.floor(bytes.length * share)
      await writeFile(path, bytes.subarray(0, length))
      const { found, unread } = await readLog(path)
      await rm(path)
      expect(found).toEqual(
        all.slice(0, wholeWithin(all, length)).map((record) => Buffer.from(record)),
      )
      const readBytes = found.reduce((sum, { length }) => sum + HEADER_BYTES + length, MAGIC_BYTES)
      const hasEnd = length > 0 && readBytes !== length
      expect(unread.map(({ lengthBytes }) => lengthBytes > 0)).toEqual(hasEnd ? [true] : [])
    }),
    { numRuns: 150 },
  )
})

test('a flipped bit costs the record that it is in, and those behind it', async () => {
  const path = join(folder, 'flipped')
  const some = fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(some, fc.nat(), fc.nat(7), async (all, position, bit) => {
      const bytes = await writeLog(all, path)
      const at = position % bytes.length
      bytes[at] ^= 1 << bit
      await writeFile(path, bytes)
      const { found, unread } = await readLog(path)
      await rm(path)
      const intact = at < MAGIC_BYTES ? 0 : wholeWithin(all, at)
      expect(found).toEqual(all.slice(0, intact).map((record) => Buffer.from(record)))
      expect(unread).toHaveLength(1)
    }),
    { numRuns: 150 },
  )
})

test('a file that grew and was never written holds no records', async () => {
  const path = join(folder, 'holes')
  const bytes = await writeLog([Buffer.from('one')], path)
  await writeFile(path, Buffer.concat([bytes, Buffer.alloc(4096)]))
  const { found, unread } = await readLog(path)
  expect(found).toEqual([Buffer.from('one')])
  expect(unread).toEqual([{ offsetBytes: bytes.length, lengthBytes: 4096 }])
})

test('records larger than what is read at once come back whole', async () => {
  const path = join(folder, 'large')
  const large = [1, 300_000, 2_000_000, 0, 7].map((length) => Buffer.alloc(length, length))
  await writeLog(large, path)
  const { found } = await readLog(path)
  expect(found.map((record, index) => record.equals(large[index]))).toEqual(large.map(() => true))
})

test('the parts of a record are laid end to end, also when the disk takes a few bytes at a time', async () => {
  const handles = await fileHandles()
  const writev = methodOf(handles, 'writev')
  jest.spyOn(handles, 'writev').mockImplementation(function (this: FileHandle, [first]) {
    return writev.call(this, [Buffer.from(first.buffer, first.byteOffset, 1)])
  })
  const path = join(folder, 'parts')
  const log = createAppendLog(path)
  await Promise.all([
    log.append([Buffer.from('a'), Buffer.alloc(0), Buffer.from('bc')]),
    log.append([]),
    log.append([Buffer.from('d')]),
  ])
  await log.close()
  expect((await readLog(path)).found.map(String)).toEqual(['abc', '', 'd'])
})

test('sixty-four who append at once share flushes', async () => {
  // One flush each, whichever way.
  const writev = jest.spyOn(await fileHandles(), 'writev')
  const log = createAppendLog(join(folder, 'shared'))
  const rounds = 20
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      for (let round = 0; round < rounds; round++) await log.append([Buffer.alloc(500)])
    }),
  )
  await log.close()
  const perFlush = (64 * rounds) / writev.mock.calls.length
  process.stdout.write(`${perFlush.toFixed(1)} records a flush\n`)
  expect(perFlush).toBeGreaterThan(16)
})

test('an append resolves after the flush, and after the flush of the folder', async () => {
  const handles = await fileHandles()
  const calls: string[] = []
  for (const name of ['writev', 'datasync', 'sync'] as const) {
    const original = methodOf(handles, name)
    jest.spyOn(handles, name).mockImplementation(async function (this: FileHandle, ...parameters) {
      const result = await original.apply(this, parameters)
      const isFlush = name === 'writev' && FLUSHES_ON_WRITE && isFlushedByWrite(this)
      calls.push(name, ...(isFlush ? ['datasync'] : []))
      return result
    })
  }
  const log = createAppendLog(join(folder, 'order'))
  await log.append([Buffer.from('first')]).then(() => calls.push('resolved'))
  await log.append([Buffer.from('second')]).then(() => calls.push('resolved'))
  await log.close()
  const record = ['writev', 'datasync', 'resolved']
  const magic = FLUSHES_ON_WRITE ? ['writev', 'datasync'] : ['writev']
  expect(calls).toEqual([...magic, 'sync', ...record, ...record])
})

test.each(FLUSHES_ON_WRITE ? (['writev'] as const) : (['writev', 'datasync'] as const))(
  'after a %s that failed, nothing is taken any more',
  async (name) => {
    const log = createAppendLog(join(folder, 'full'))
    await log.append([Buffer.from('kept')])
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    jest.spyOn(await fileHandles(), name).mockRejectedValueOnce(full)
    const concerned = [log.append([Buffer.from('a')]), log.append([Buffer.from('b')])]
    const refused = { name: 'StorageError', code: 'FULL' }
    for (const append of concerned) await expect(append).rejects.toMatchObject(refused)
    await expect(log.append([Buffer.from('c')])).rejects.toMatchObject(refused)
    await log.close()
    expect((await readLog(join(folder, 'full'))).found[0]).toEqual(Buffer.from('kept'))
  },
)

test('a log that can not be made rejects, and so does one that is closed', async () => {
  const nowhere = createAppendLog(join(folder, 'none', 'log'))
  await expect(nowhere.append([])).rejects.toMatchObject({ name: 'StorageError' })
  await nowhere.close()
  const closed = createAppendLog(join(folder, 'closed'))
  const last = closed.append([Buffer.from('last')])
  await closed.close()
  await last
  await closed.close()
  await expect(closed.append([])).rejects.toMatchObject({ code: 'CLOSED' })
  expect((await readLog(join(folder, 'closed'))).found).toHaveLength(1)
})

test('a log that is not there is a typed error', async () => {
  await expect(readLog(join(folder, 'none'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a log that somebody removed acknowledges nothing any more', async () => {
  const path = join(folder, 'removed.log')
  const log = createAppendLog(path)
  await log.append([Buffer.from('kept')])
  await rm(path)
  await expect(log.append([Buffer.from('lost')])).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await log.close()
})
