// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadDuckDb } from '../../../src/query/sql/load-duckdb'
import {
  type OpenQueryOptions,
  type QueryProgress,
  openQuery,
} from '../../../src/query/sql/open-query'
import { FileStore } from '../../../src/storage/file-store'
import type { ObjectInfo } from '../../../src/storage/object-store'
import { createWriter, makeBatch } from '../../support/recording'
import { runSourcesInWorkers } from '../../support/sources-in-workers'

beforeAll(runSourcesInWorkers)

let folder: string
let cache: string
let store: FileStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-cache-'))
  cache = join(folder, 'cache')
  store = new FileStore(join(folder, 'store'))
})
afterEach(async () => {
  for (const close of open.splice(0)) await close()
  await rm(folder, { recursive: true, force: true })
})

/** One writer's spans, stored and, unless another still writes, completed. */
async function record(...names: string[]): Promise<void> {
  const writer = createWriter(store, 'grows')
  await writer.ready
  writer.write(makeBatch('traces', { names }))
  await writer.flush(AbortSignal.timeout(10_000))
  open.push(() => writer.close(AbortSignal.timeout(10_000)))
}

const open: (() => Promise<unknown>)[] = []

interface Answer {
  names: unknown[]
  /** Of objects that had to be read for it. */
  readBytes: number
}

async function ask(options: Partial<OpenQueryOptions> = {}): Promise<Answer> {
  let readBytes = 0
  const onProgress = ({ totalBytes }: QueryProgress): void => void (readBytes = totalBytes)
  await using query = await openQuery({ sessions: 'grows', store, cache, onProgress, ...options })
  const { rows } = await query.run('SELECT name FROM spans ORDER BY name')
  return { names: rows.map(({ name }) => name), readBytes }
}

async function objects(): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = []
  for await (const object of store.list('sessions/grows/raw/')) found.push(object)
  return found
}

async function databasePath(): Promise<string> {
  const names = (await readdir(cache)).filter((name) => name.endsWith('.duckdb'))
  expect(names).toHaveLength(1)
  return join(cache, names[0])
}

it("a database is built once, and is nobody else's to read", async () => {
  await record('one')
  expect((await ask()).readBytes).toBeGreaterThan(0)
  expect(await ask()).toEqual({ names: ['one'], readBytes: 0 })
  expect((await stat(await databasePath())).mode & 0o077).toBe(0)
})

it('is extended by what has been recorded since, also by a writer that is late', async () => {
  await record('one')
  const first = await ask()
  await record('two')
  const [, { sizeBytes }] = await objects()
  expect(await ask()).toEqual({ names: ['one', 'two'], readBytes: sizeBytes })
  expect(await ask()).toEqual({ names: ['one', 'two'], readBytes: 0 })
  expect(first.names).toEqual(['one'])
})

it('a reader goes on with what it opened while it is extended', async () => {
  await record('one')
  await using query = await openQuery({ sessions: 'grows', store, cache })
  await record('two')
  expect((await ask()).names).toEqual(['one', 'two'])
  expect((await query.run('SELECT name FROM spans')).rows).toEqual([{ name: 'one' }])
})

it('is built anew when an object has changed or is gone', async () => {
  await record('one')
  await record('two')
  await ask()
  const [{ key }] = await objects()
  const name = Buffer.from((await store.get(key)).body)
  await store.delete(key)
  const left = await ask()
  expect(left.names).toHaveLength(1)
  expect(left.readBytes).toBeGreaterThan(0)
  await store.put(key, name)
  expect((await ask()).names).toEqual(['one', 'two'])
})

const DAMAGES: Record<string, (path: string) => Promise<unknown>> = {
  'was cut': (path) => truncate(path, 8192),
  'is something else': (path) => writeFile(path, 'no database at all'.repeat(1000)),
  'is of another version of the schema': async (path) => {
    const instance = await loadDuckDb().DuckDBInstance.create(path)
    const connection = await instance.connect()
    await connection.run('UPDATE otel_tape_manifest SET schema_version = 0')
    connection.closeSync()
    instance.closeSync()
  },
  'is of a later version of DuckDB': async (path) => {
    const bytes = await readFile(path)
    // The version of the storage stands behind checksum and magic bytes.
    bytes.writeBigUInt64LE(9_999n, 12)
    await writeFile(path, bytes)
  },
}

it('is built anew when the file is damaged, or of another version', async () => {
  await record('one')
  await ask()
  for (const [what, damage] of Object.entries(DAMAGES)) {
    await damage(await databasePath())
    const { names, readBytes } = await ask()
    expect({ what, names, wasBuilt: readBytes > 0 }).toEqual({
      what,
      names: ['one'],
      wasBuilt: true,
    })
  }
})

it('damage that shows when a question is asked is told, and the next query builds anew', async () => {
  await record('one')
  await ask()
  const path = await databasePath()
  const bytes = await readFile(path)
  // Behind what is read when it is opened lie the blocks, each with a checksum.
  await writeFile(
    path,
    bytes.map((byte, at) => (at > 3 * 4096 && at % 5 === 0 ? byte ^ 0x55 : byte)),
  )
  const failure = await ask().catch((error: unknown) => error)
  if (failure instanceof Error) expect(failure).toMatchObject({ reason: 'IndexUnusable' })
  expect((await ask()).names).toEqual(['one'])
})

it('two that build at once both have the whole', async () => {
  await record('one')
  await record('two')
  const answers = await Promise.all([ask(), ask()])
  expect(answers.map(({ names }) => names)).toEqual([
    ['one', 'two'],
    ['one', 'two'],
  ])
  expect(await ask()).toEqual({ names: ['one', 'two'], readBytes: 0 })
  expect(await readdir(cache)).toHaveLength(1)
})

it('what a builder that was killed has left is removed, when nobody can be building it', async () => {
  await record('one')
  const [left, living] = [join(cache, 'building-killed'), join(cache, 'building-living')]
  for (const path of [left, living]) {
    await mkdir(path, { recursive: true })
    await writeFile(join(path, 'session.duckdb'), 'half of it')
  }
  await utimes(left, new Date(0), new Date(0))
  expect((await ask()).names).toEqual(['one'])
  expect((await readdir(cache)).filter((name) => name.startsWith('building-'))).toEqual([
    'building-living',
  ])
})

it('a build that is given up leaves nothing', async () => {
  await record('one')
  const stop = new AbortController()
  const onProgress = (): void => stop.abort(new Error('enough'))
  await expect(ask({ signal: stop.signal, onProgress })).rejects.toThrow('enough')
  expect(await readdir(cache)).toEqual([])
})

it('without a cache a database lives as long as its query', async () => {
  await record('one')
  expect((await ask({ cache: 'off' })).names).toEqual(['one'])
  await expect(readdir(cache)).rejects.toMatchObject({ code: 'ENOENT' })
})

it("a folder that can't be made is named", async () => {
  await record('one')
  await writeFile(cache, 'a file')
  await expect(ask()).rejects.toMatchObject({
    reason: 'IndexUnusable',
    message: expect.stringMatching(/cache.*OTEL_TAPE_CACHE/) as string,
  })
})
