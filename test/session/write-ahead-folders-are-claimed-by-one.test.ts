// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto'
import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ownIdentity } from '../../src/session/process-identity'
import { MemoryStore } from '../../src/storage/memory-store'
import { makeBatch } from '../support/recording'
import {
  NO_PID,
  contentOf,
  createJournaledWriter,
  expectExactTotals,
  killAll,
  recoverAndFinish,
} from '../support/write-ahead'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'write-ahead-'))
})

afterEach(() => rm(folder, { recursive: true }))

/** A writer that keeps one log record; gives the name of its folder. */
async function keepOne(store: MemoryStore, sessionId: string, name = 'a'): Promise<string> {
  const before = await readdir(folder)
  const writer = createJournaledWriter(store, folder, sessionId)
  await writer.ready
  await writer.write(makeBatch('logs', { names: [name] }))?.durable
  const [own] = (await readdir(folder)).filter((entry) => !before.includes(entry))
  return own
}

async function walOf(name: string): Promise<string> {
  const [wal] = (await readdir(join(folder, name))).filter((entry) => entry.endsWith('.wal'))
  return join(folder, name, wal)
}

test('the folder of a writer that lives is left alone', async () => {
  const store = new MemoryStore()
  const name = await keepOne(store, 'living')
  expect(await recoverAndFinish(store, folder)).toEqual({
    sessionIds: [],
    undecided: 0,
    events: [],
    problems: [],
  })
  expect(await readdir(folder)).toEqual([name])
})

const here = ownIdentity()
const seconds = (ago: number): Date => new Date(Date.now() - ago * 1000)

const PRESENCES: [string, object | string, Date, 'dead' | 'living' | 'undecided'][] = [
  ['a pid of here that is gone', { ...here, pid: NO_PID }, seconds(0), 'dead'],
  ['a pid of here, taken by another since', { ...here, startTicks: '1' }, seconds(0), 'dead'],
  ['a pid of here, silent for long', here, seconds(3600), 'living'],
  ['another container, just touched', { ...here, pidScope: 'x' }, seconds(5), 'undecided'],
  ['another container, silent', { ...here, pidScope: 'x' }, seconds(31), 'dead'],
  ['a system without scopes', { host: 'h', pid: 1 }, seconds(5), 'undecided'],
  ['cut short, just touched', '{"host":', seconds(5), 'undecided'],
  ['cut short, silent', '', seconds(31), 'dead'],
]

test.each(PRESENCES)('a presence of %s', async (_, identity, touched, verdict) => {
  const store = new MemoryStore()
  const alive = join(folder, await keepOne(store, 'any'), 'alive')
  const content = typeof identity === 'string' ? identity : JSON.stringify(identity)
  await writeFile(alive, content)
  await utimes(alive, touched, touched)
  const { sessionIds, undecided } = await recoverAndFinish(store, folder)
  expect({ dead: sessionIds.length, undecided }).toEqual({
    dead: verdict === 'dead' ? 1 : 0,
    undecided: verdict === 'undecided' ? 1 : 0,
  })
})

test('of many who recover at once, each folder is recovered by one', async () => {
  const store = new MemoryStore()
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const name of names) await keepOne(store, 'shared', name)
  await killAll(folder)
  const all = await Promise.all(Array.from({ length: 6 }, () => recoverAndFinish(store, folder)))
  expect(all.flatMap(({ problems }) => problems)).toEqual([])
  expect(all.flatMap(({ events }) => events)).toHaveLength(names.length)
  expect((await contentOf(store, 'shared')).names).toEqual(names)
  await expectExactTotals(store, 'shared')
  expect(await readdir(folder)).toEqual([])
})

test('a claim holds while its owner lives, and not longer', async () => {
  const store = new MemoryStore()
  const name = await keepOne(store, 'claimed')
  await killAll(folder)
  const claimId = randomUUID()
  const claim = join(folder, `${claimId}.claim`)
  await writeFile(claim, JSON.stringify(here))
  await rename(join(folder, name), join(folder, `${name}.${claimId}`))
  expect((await recoverAndFinish(store, folder)).sessionIds).toEqual([])

  await writeFile(claim, JSON.stringify({ ...here, pid: NO_PID }))
  expect((await recoverAndFinish(store, folder)).events).toHaveLength(1)
  expect((await contentOf(store, 'claimed')).names).toEqual(['a'])
  // The claim of the dead goes when nothing is left that it claims.
  await recoverAndFinish(store, folder)
  expect(await readdir(folder)).toEqual([])
})

test('what belongs to another store waits for that', async () => {
  const [one, other] = [new MemoryStore('wal-one'), new MemoryStore('wal-other')]
  await keepOne(one, 'elsewhere')
  await killAll(folder)
  const { events, problems } = await recoverAndFinish(other, folder)
  expect(events).toEqual([])
  expect(problems).toMatchObject([{ name: 'WriteAheadError', code: 'OTHER_STORE' }])
  expect(problems[0].message).toContain('memory:wal-one')
  expect((await recoverAndFinish(one, folder)).events).toHaveLength(1)
})

test('what is none of ours is named and left alone', async () => {
  const store = new MemoryStore()
  const name = await keepOne(store, 'ours')
  await killAll(folder)
  await writeFile(join(folder, 'notes.txt'), 'mine')
  await mkdir(join(folder, 'photos'))
  await writeFile(join(folder, name, 'logs-1.otlp.gz.wal'), 'no log at all')
  await writeFile(join(folder, name, 'readme'), 'mine')
  const { events, problems } = await recoverAndFinish(store, folder)
  expect(events).toHaveLength(1)
  expect(problems.map((problem) => 'code' in problem && problem.code).sort()).toEqual([
    'DAMAGED',
    'FOREIGN',
    'FOREIGN',
  ])
  expect(await readdir(join(folder, 'damaged'))).toEqual(['logs-1.otlp.gz.wal'])
  expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine')
  const left = (await readdir(folder)).filter((entry) => entry.startsWith(name))
  expect(await readdir(join(folder, left[0]))).toEqual(['readme'])
})

const OWNERS: [string, (owner: Record<string, unknown>) => string][] = [
  ['not JSON', () => '{"version":'],
  ['another version', (owner) => JSON.stringify({ ...owner, version: 2 })],
  ['another writer', (owner) => JSON.stringify({ ...owner, writerId: randomUUID() })],
  ['no time', (owner) => JSON.stringify({ ...owner, startTime: 'soon' })],
  [
    'a session id that leaves its folder',
    (owner) =>
      JSON.stringify({ ...owner, description: { ...owner.description!, sessionId: '../x' } }),
  ],
]

test.each(OWNERS)('a writer.json that is %s is named, and its batches stay', async (_, change) => {
  const store = new MemoryStore()
  const name = await keepOne(store, 'named')
  const path = join(folder, name, 'writer.json')
  const owner = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  await writeFile(path, change(owner))
  await killAll(folder)
  const { events, problems } = await recoverAndFinish(store, folder)
  expect(events).toEqual([])
  expect(problems).toMatchObject([{ code: 'UNREADABLE', path }])
  expect((await stat(await walOf(name))).size).toBeGreaterThan(0)
})

test('a file of another session is left alone', async () => {
  const store = new MemoryStore()
  const [one, other] = [await keepOne(store, 'one'), await keepOne(store, 'other')]
  const moved = join(folder, one, 'moved.wal')
  await rename(await walOf(other), moved)
  await killAll(folder)
  const { events, problems } = await recoverAndFinish(store, folder)
  expect(events).toEqual([{ sessionId: 'one', segments: 1, items: 1 }])
  expect(problems).toMatchObject([{ code: 'FOREIGN' }])
  const left = (await readdir(folder)).filter((entry) => entry.startsWith(one))
  expect(await readdir(join(folder, left[0]))).toContain('moved.wal')
})

test('a folder whose writer was killed while it made it goes away', async () => {
  const store = new MemoryStore()
  const [fresh, old] = [randomUUID(), randomUUID()]
  for (const name of [fresh, old]) {
    await mkdir(join(folder, name))
    await writeFile(join(folder, name, 'writer.json.new'), '{')
  }
  await utimes(join(folder, old), seconds(120), seconds(120))
  expect((await recoverAndFinish(store, folder)).problems).toEqual([])
  expect(await readdir(folder)).toEqual([fresh])
})

test('a folder that is not there holds nothing', async () => {
  const outcome = await recoverAndFinish(new MemoryStore(), join(folder, 'none'))
  expect(outcome).toEqual({ sessionIds: [], undecided: 0, events: [], problems: [] })
})
