// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { verifySession } from '../../src/capture/verify-session'
import type { FoundDamage } from '../../src/session/damage'
import type { SessionMetadata } from '../../src/session/metadata'
import { FileStore } from '../../src/storage/file-store'
import { createWriter, makeBatch, recordSession } from '../support/recording'
import { startFaultStore } from '../support/s3/fault-store'
import { makeTerminal, runInside } from '../cli/test-terminal'

let folder: string
let store: FileStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-verify-'))
  store = new FileStore(folder)
  await recordSession(store, 'checked', [
    makeBatch('traces', { names: ['a', 'b'] }),
    makeBatch('logs', { names: ['c', 'd', 'e'] }),
  ])
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

async function verify(sessionId = 'checked') {
  const damage: FoundDamage[] = []
  const onDamage = (piece: FoundDamage): unknown => damage.push(piece)
  return { report: await verifySession(sessionId, { store, onDamage }), damage }
}

/** The path of the one object whose key has this in it. */
async function pathOf(part: string): Promise<string> {
  const names = await readdir(join(folder, 'sessions/checked'), { recursive: true })
  const [name, ...more] = names.filter((path) => path.includes(part) && path.includes('.'))
  expect(more).toEqual([])
  return join(folder, 'sessions/checked', name)
}

async function changeMetadata(change: (metadata: SessionMetadata) => void): Promise<void> {
  const path = await pathOf('metadata.json')
  const metadata = JSON.parse(readFileSync(path, 'utf8')) as SessionMetadata
  change(metadata)
  writeFileSync(path, JSON.stringify(metadata))
}

test('a session of which all is there is whole', async () => {
  const { report, damage } = await verify()
  expect(damage).toEqual([])
  expect(report).toMatchObject({
    isWhole: true,
    status: 'completed',
    objects: 2,
    items: { traces: { whole: 2 }, metrics: { whole: 0 }, logs: { whole: 3, missing: 0 } },
  })
})

const WRONG_METADATA: [what: string, change: (it: SessionMetadata) => void, message: RegExp][] = [
  ['fewer items', (it) => (it.signals.logs.items = 2), /items are 2 by the totals, 3 as found/],
  ['more batches', (it) => (it.signals.logs.batches = 2), /batches are 2 by the totals, 1 as/],
  ['an earlier arrival', (it) => (it.signals.logs.firstArrivalUnixNano = '1'), /firstArrival/],
  ['a sum that is none', (it) => (it.capturedLogs = 7), /capturedLogs is 7, its signals say 3/],
  ['other services', (it) => (it.serviceNames = ['x']), /does not list 1 of the services/],
]

test.each(WRONG_METADATA)('metadata that tells of %s', async (_, change, message) => {
  await changeMetadata(change)
  const { report, damage } = await verify()
  expect(report.isWhole).toBe(false)
  expect(damage).toContainEqual(
    expect.objectContaining({
      key: 'sessions/checked/metadata.json',
      reason: 'inconsistent',
      message: expect.stringMatching(message) as string,
    }),
  )
})

test('items that are counted, and of which the segment is gone', async () => {
  rmSync(await pathOf('logs-'))
  const { report, damage } = await verify()
  expect(report).toMatchObject({ isWhole: false, items: { logs: { whole: 0, missing: 3 } } })
  expect(damage).toEqual([
    expect.objectContaining({ reason: 'missing', signal: 'logs', itemCount: 3 }),
  ])
})

test.each(['metadata.json', 'writers/'])('a damaged %s', async (part) => {
  writeFileSync(await pathOf(part), '{"signals":')
  const { report, damage } = await verify()
  expect(report.isWhole).toBe(false)
  expect(damage).toMatchObject([
    { reason: 'malformed', key: expect.stringContaining(part) as string },
  ])
})

test('metadata that is gone', async () => {
  rmSync(await pathOf('metadata.json'))
  const { report, damage } = await verify()
  expect(report.isWhole).toBe(false)
  expect(damage).toMatchObject([
    { reason: 'missing', message: expect.stringContaining('sessions repair checked') as string },
  ])
})

test('a segment under a name that tells another time', async () => {
  const path = await pathOf('logs-')
  const bytes = readFileSync(path)
  rmSync(path)
  writeFileSync(path.replace(/logs-\d{13}/, 'logs-1700000000000'), bytes)
  const { damage } = await verify()
  expect(damage).toMatchObject([
    { reason: 'inconsistent', offsetBytes: 0, itemCount: 3, signal: 'logs' },
  ])
})

test('a session that is being recorded holds more than is counted, and is whole', async () => {
  const writer = createWriter(store, 'open', { heartbeatMillis: 3_600_000 })
  await writer.ready
  writer.write(makeBatch('logs', { names: ['a'] }))
  await writer.flush(AbortSignal.timeout(5_000))
  const { report, damage } = await verify('open')
  expect(damage).toEqual([])
  expect(report).toMatchObject({ isWhole: true, status: 'active', items: { logs: { whole: 1 } } })
  await writer.close(AbortSignal.timeout(5_000))
})

test('what the Collector wrote is read too, and what is damaged of it is named', async () => {
  const { body } = makeBatch('logs', { names: ['a', 'b'] })
  const folderKey = 'p/year=2026/month=01/day=02/hour=03/minute=04/'
  await store.put(`${folderKey}logs_1.binpb`, body)
  await store.put(`${folderKey}logs_2.binpb.gz`, gzipSync(body).subarray(0, 40))
  const { report, damage } = await verify('p')
  expect(report).toMatchObject({
    ...{ layout: 'awss3', status: 'completed', isWhole: false, objects: 2 },
    items: { logs: { whole: 2, missing: 0, uncounted: 0 } },
  })
  expect(damage).toMatchObject([{ key: `${folderKey}logs_2.binpb.gz`, reason: 'decompression' }])
})

test('a session that is not there', async () => {
  const missing = verifySession('gone', { store })
  await expect(missing).rejects.toMatchObject({ reason: 'SessionNotFound', sessionId: 'gone' })
})

test('the command names what is damaged on stdout, and ends with 1', async () => {
  const whole = await runInside(['verify', 'checked', '--store', folder])
  expect(whole).toMatchObject({ exitCode: 0, stderr: '' })
  expect(whole.stdout).toMatch(
    /^checked is completed; 2 objects, .* read: 2 spans, 0 data points, 3 log records whole\n$/,
  )
  const path = await pathOf('logs-')
  const bytes = readFileSync(path)
  bytes[bytes.length - 20] ^= 1
  writeFileSync(path, bytes)
  const key = path.slice(folder.length + 1)

  const told = await runInside(['verify', 'checked', '--store', folder], makeTerminal())
  expect(told.exitCode).toBe(1)
  expect(told.stdout).toMatch(`damaged: ${key} at byte 0 (decompression), 3 items lost: `)
  expect(told.stdout).toMatch(/^0 spans, 0 data points, 3 log records can not be read$/m)
  expect(told.stderr).toBe("otel-tape: session 'checked' is damaged: 1 piece, named above\n")

  const { stdout } = await runInside(['verify', 'checked', '--store', folder, '--json'])
  const [damage, report] = stdout.trim().split('\n')
  expect(JSON.parse(damage)).toMatchObject({ event: 'damage', key, offsetBytes: 0, itemCount: 3 })
  expect(JSON.parse(report)).toMatchObject({ event: 'verified', isWhole: false, damaged: 1 })
})

test('the command shows on a terminal how far it is', async () => {
  const terminal = makeTerminal({ isTTY: true })
  const { exitCode, stderr } = await runInside(['verify', 'checked', '--store', folder], terminal)
  expect(exitCode).toBe(0)
  expect(stderr).toMatch(/verifying \[.*100% \| \d+ of \d+ bytes, 2 objects/)
})

test('each byte of each object is fetched once', async () => {
  const server = await startFaultStore({ attemptTimeoutMillis: 10_000, timeoutMillis: 20_000 })
  try {
    const large = Array.from({ length: 40 }, () => randomBytes(40_000).toString('base64'))
    const batches = large.map((name) => makeBatch('traces', { names: [name] }))
    await recordSession(server.store, 'large', batches)
    server.s3.requests.length = 0
    const report = await verifySession('large', { store: server.store })
    expect(report).toMatchObject({ isWhole: true, items: { traces: { whole: 40 } } })
    const reads = server.s3.requests.filter(
      ({ method, key }) => method === 'GET' && key.includes('/raw/'),
    )
    const ranges = reads.map(({ headers }) => /bytes=(\d+)-(\d+)/.exec(headers.range as string))
    const fetched = ranges.reduce(
      (sum, range) => sum + Number(range?.[2]) - Number(range?.[1]) + 1,
      0,
    )
    expect(reads.length).toBeGreaterThan(1)
    expect(fetched).toBe(report.bytes)
  } finally {
    await server.stop()
  }
})
