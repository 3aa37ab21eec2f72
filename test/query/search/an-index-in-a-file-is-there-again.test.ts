// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  type FileHandle,
  mkdtemp,
  open,
  readFile,
  readdir,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTraceIndex } from '../../../src/query/search/create-trace-index'
import { createAppendLog } from '../../../src/storage/append-log'
import { startScript } from '../../support/child-script'
import { failed, idsOf, makeTrace, openIndex } from './made-traces'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-index-'))
  path = join(folder, 'traces.index')
})

afterEach(async () => {
  jest.restoreAllMocks()
  await rm(folder, { recursive: true })
})

const TRACES = [
  makeTrace('a', { name: 'POST /orders' }, failed('PSQLException', 'deadlock detected')),
  makeTrace('b', { name: 'GET /cart', serviceName: 'cart' }),
  makeTrace('c', { name: 'GET /price' }),
]

async function makeFile(): Promise<void> {
  await using index = await openIndex({ path })
  await index.ingestBatch(TRACES)
}

async function expectUnusable(message: RegExp): Promise<void> {
  const before = await readFile(path).catch(() => undefined)
  await using index = createTraceIndex({ path })
  const failure = index.initialize()
  await expect(failure).rejects.toMatchObject({ reason: 'IndexUnusable' })
  await expect(failure).rejects.toThrow(message)
  await expect(index.searchTraces('a')).rejects.toMatchObject({ reason: 'NotInitialized' })
  // Whatever is wrong with it, it may be worth something to somebody.
  expect(await readFile(path).catch(() => undefined)).toEqual(before)
}

describe('an index in a file', () => {
  test('has what was ingested, and answers as before', async () => {
    const queries = ['deadlock', 'cart', 'price', 'slow']
    const before = []
    {
      await using index = await openIndex({ path })
      await index.ingestBatch(TRACES)
      for (const query of queries) before.push(await index.searchTraces(query))
    }
    await using again = await openIndex({ path })
    expect(again.status()).toMatchObject({ traceCount: 3, spanCount: 4 })
    for (const [at, query] of queries.entries()) {
      expect(await again.searchTraces(query)).toEqual(before[at])
    }
    expect((await again.getTraceById('a'))?.spans).toHaveLength(2)
  })

  test('has spans that came late, and takes more', async () => {
    await makeFile()
    {
      await using index = await openIndex({ path })
      const late = { ...TRACES[1].spans[0], spanId: 'late', name: 'INSERT voucher' }
      await index.ingestTrace({ traceId: 'b', spans: [late] })
    }
    await using again = await openIndex({ path })
    expect(idsOf(await again.searchTraces('voucher'))).toEqual(['b'])
    expect(again.status()).toMatchObject({ traceCount: 3, spanCount: 5 })
  })

  test('stores nothing that it knows', async () => {
    await makeFile()
    const { length } = await readFile(path)
    await makeFile()
    expect(await readFile(path)).toHaveLength(length)
    expect(await readdir(folder)).toEqual(['traces.index'])
  })

  test('is used by one at a time', async () => {
    {
      await using first = await openIndex({ path })
      await first.ingestTrace(TRACES[0])
      await expectUnusable(/in use/)
      expect(idsOf(await first.searchTraces('deadlock'))).toEqual(['a'])
    }
    await using next = await openIndex({ path })
    expect(next.status().traceCount).toBe(1)
  })

  test('that was killed has all that it said was ingested', async () => {
    const child = startScript(join(__dirname, 'children/ingest-until-killed.ts'), path)
    let last = 0
    while (last < 20) last = (await child.message()) as number
    await using second = createTraceIndex({ path })
    await expect(second.initialize()).rejects.toThrow(/in use/)
    await child.kill()
    await using index = await openIndex({ path })
    expect(index.status().traceCount).toBeGreaterThan(last)
    for (let number = 0; number <= last; number++) {
      expect(await index.getTraceById(`trace-${number}`)).toBeDefined()
    }
  })

  test('cut short at any byte has what was whole, and goes on', async () => {
    await makeFile()
    const whole = await readFile(path)
    for (let length = 0; length < whole.length; length += 101) {
      await writeFile(path, whole)
      await truncate(path, length)
      {
        await using index = await openIndex({ path })
        expect(index.status().traceCount).toBeLessThan(3)
        await index.ingestBatch(TRACES)
      }
      await using again = await openIndex({ path })
      expect(again.status()).toMatchObject({ traceCount: 3, spanCount: 4 })
    }
  })
})

describe('a file that is no index of ours', () => {
  test('is another file', async () => {
    await writeFile(path, 'SQLite format 3\0 and more of it')
    await expectUnusable(/no index of otel-tape/)
  })

  test('is a log of something else', async () => {
    const log = createAppendLog(path)
    await log.append([Buffer.from('H{"format":"otel-tape journal","version":1}')])
    await log.close()
    await expectUnusable(/no index of otel-tape/)
  })

  test('is an index of another version', async () => {
    const log = createAppendLog(path)
    await log.append([Buffer.from('H{"format":"otel-tape trace index","version":7}')])
    await log.close()
    await expectUnusable(/of version 7.*ingest the sessions again/s)
  })

  test('is a folder, or lies where there is none', async () => {
    path = folder
    await expectUnusable(/can't be read or written/)
    path = join(folder, 'nowhere', 'traces.index')
    await expectUnusable(/can't be read or written/)
  })

  test('is damaged, in any record', async () => {
    await makeFile()
    const whole = await readFile(path)
    // Beyond the lengths, which may look like an append that was cut short.
    for (const at of [60, 200, whole.length - 20]) {
      const broken = Buffer.from(whole)
      broken[at] ^= 4
      await writeFile(path, broken)
      await expectUnusable(/damaged.*ingest the sessions again/s)
    }
  })
})

/** The class of file handles, which node does not export. */
async function fileHandles(): Promise<FileHandle> {
  const file = await open(join(folder, 'probe'), 'w')
  await file.close()
  return Object.getPrototypeOf(file) as FileHandle
}

test('a disk that is full fails what is ingested, and nothing else', async () => {
  {
    await using index = await openIndex({ path })
    await index.ingestTrace(TRACES[0])
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    jest.spyOn(await fileHandles(), 'writev').mockRejectedValue(full)
    await expect(index.ingestTrace(TRACES[1])).rejects.toMatchObject({ reason: 'IndexUnusable' })
    const result = await index.ingestBatch(TRACES)
    // The first is known already, and needs no room.
    expect(result).toMatchObject({ successCount: 1, errorCount: 2 })
    expect(result.errors[0].error.message).toMatch(/no space left/)
    expect(idsOf(await index.searchTraces('deadlock'))).toEqual(['a'])
    jest.restoreAllMocks()
    expect(await index.ingestBatch(TRACES)).toMatchObject({ successCount: 3, errorCount: 0 })
  }
  await using again = await openIndex({ path })
  expect(again.status().traceCount).toBe(3)
})
