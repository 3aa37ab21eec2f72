// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryStore } from '../../src/storage/memory-store'
import { makeBatch } from '../support/recording'
import {
  type Recovered,
  contentOf,
  createJournaledWriter,
  expectExactTotals,
  killAll,
  recoverAndFinish,
} from '../support/write-ahead'

const BATCHES = 8
const ALL = Array.from({ length: BATCHES }, (_, index) => `item-${index}`)

let root: string
/** A killed writer's folder, with one file in it. */
let pristine: string
let file: string
let content: Buffer

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'write-ahead-'))
  pristine = join(root, 'pristine')
  const writer = createJournaledWriter(new MemoryStore(), pristine, 'torn')
  for (const name of ALL) await writer.write(makeBatch('logs', { names: [name] }))?.durable
  await killAll(pristine)
  const [folder] = await readdir(pristine)
  const [wal] = (await readdir(join(pristine, folder))).filter((name) => name.endsWith('.wal'))
  file = join(folder, wal)
  content = await readFile(join(pristine, file))
})

afterAll(() => rm(root, { recursive: true }))

async function recoverWith(bytes: Buffer): Promise<Recovered & { names: string[] }> {
  const folder = join(root, 'changed')
  await cp(pristine, folder, { recursive: true })
  await writeFile(join(folder, file), bytes)
  const store = new MemoryStore()
  const recovered = await recoverAndFinish(store, folder)
  const { names } = await contentOf(store, 'torn')
  if (names.length > 0) await expectExactTotals(store, 'torn')
  const left = await readdir(folder)
  expect(left).toEqual(recovered.problems.length > 0 ? ['damaged'] : [])
  await rm(folder, { recursive: true })
  return { ...recovered, names }
}

test('a whole file gives all batches, and their times', async () => {
  const { names, problems } = await recoverWith(content)
  expect(names).toEqual(ALL)
  expect(problems).toEqual([])
})

test('a file cut at any byte gives a prefix', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(content.length), async (length) => {
      const { names, problems } = await recoverWith(content.subarray(0, length))
      expect(names).toEqual(ALL.slice(0, names.length))
      for (const problem of problems) expect(problem).toMatchObject({ code: 'DAMAGED' })
    }),
    { numRuns: 60 },
  )
})

test('a flipped bit gives a prefix, is named, and the file is set aside', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(content.length - 1), fc.nat(7), async (at, bit) => {
      const flipped = Buffer.from(content)
      flipped[at] ^= 1 << bit
      const { names, problems } = await recoverWith(flipped)
      expect(names.length).toBeLessThan(BATCHES)
      expect(names).toEqual(ALL.slice(0, names.length))
      expect(problems).toMatchObject([{ name: 'WriteAheadError', code: 'DAMAGED' }])
    }),
    { numRuns: 60 },
  )
})
