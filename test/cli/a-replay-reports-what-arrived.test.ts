// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReplayStatus } from '../../src/replay/replay-status'
import { FileStore } from '../../src/storage/file-store'
import { type Answer, type OtlpTarget, openTarget } from '../replay/otlp-target'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { makeFolder, parseLines } from './command-line'
import { runInside } from './test-terminal'

type Event = { event: string; sequenceNumber?: number; itemCount?: number } & Partial<ReplayStatus>

const BATCHES = [
  makeBatch('traces', { names: ['a', 'b'], service: 'cart' }),
  makeBatch('logs', { names: ['l'], service: 'payment', atMillis: EPOCH_MILLIS + 100 }),
  makeBatch('metrics', { names: ['m', 'n', 'o'], service: 'cart', atMillis: EPOCH_MILLIS + 200 }),
]

describe('otel-tape replay', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>
  let target: OtlpTarget

  beforeEach(async () => {
    folder = await makeFolder()
    await recordSession(new FileStore(folder.path), 'tape', BATCHES)
  })

  afterEach(async () => {
    await target.close()
    await folder[Symbol.asyncDispose]()
  })

  async function replay(answer?: Answer, ...args: string[]) {
    target = await openTarget(answer)
    const given = ['replay', 'tape', '--to', target.url, '--store', folder.path, ...args]
    return runInside(given)
  }

  test('sums up what became of the session, and how its times moved', async () => {
    const { exitCode, stdout, stderr } = await replay(undefined, '--speed', '10')
    expect(stderr).toMatch(/^completed: tape to http:\S+, 3 requests in \d+ ms$/m)
    expect(stderr).toMatch(/^sent 6, failed 0, filtered 0, of 6 items stored$/m)
    expect(stderr).toMatch(/^times moved by \+\d+\.\d{9} s \(\d+ d \d+ h\)$/m)
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' })
    expect(target.requests.map(({ signal }) => signal)).toEqual(['traces', 'logs', 'metrics'])
  })

  test('sends what was asked for, as it was asked to', async () => {
    const { exitCode, stderr } = await replay(
      undefined,
      ...['--timestamps', 'none', '--speed', 'max', '--gzip'],
      ...['--signal', 'traces', 'logs', '--service', 'cart', '--header', 'x-a=1', 'x-b=2=3'],
    )
    expect(stderr).toMatch(/^sent 2, failed 0, filtered 1, of 3 items stored$/m)
    expect(stderr).toMatch(/^times were not moved$/m)
    expect(exitCode).toBe(0)
    expect(target.requests.map(({ body }) => body)).toEqual([Buffer.from(BATCHES[0].body)])
    expect(target.requests[0].headers).toMatchObject({
      'content-encoding': 'gzip',
      'x-a': '1',
      'x-b': '2=3',
    })
  })

  test('sends what arrived within a range', async () => {
    const from = new Date(EPOCH_MILLIS + 100).toISOString()
    const until = new Date(EPOCH_MILLIS + 200).toISOString()
    const { exitCode, stderr } = await replay(undefined, '--from', from, '--until', until)
    expect(stderr).toMatch(/^sent 1, failed 0, filtered 0, of 1 item stored$/m)
    expect(exitCode).toBe(0)
  })

  test('prints its schedule, a line for each batch', async () => {
    const { stdout } = await replay(undefined, '--speed', '10', '--print-schedule')
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[1]).toMatch(
      /^ +1 {2}logs {5}2026-01-02T03:04:05.100000000Z {2}20\S+Z {2}\+\d+\.\d{9} s {2}1 item$/,
    )
  })

  test('tells what happens as JSON lines', async () => {
    const refuseLogs: Answer = (response, { signal }) => {
      response.writeHead(signal === 'logs' ? 400 : 200).end()
    }
    const { exitCode, stdout, stderr } = await replay(
      refuseLogs,
      ...['--json', '--print-schedule', '--speed', 'max'],
    )
    const events = parseLines<Event>(stdout)
    const of = (name: string) => events.filter(({ event }) => event === name)
    expect(of('batch').map(({ sequenceNumber }) => sequenceNumber)).toEqual([0, 1, 2])
    expect(of('rejected')).toEqual([expect.objectContaining({ signal: 'logs', itemCount: 1 })])
    expect(of('progress').length).toBeGreaterThan(0)
    expect(events.at(-1)).toMatchObject({
      event: 'finished',
      status: 'completed',
      sentRecords: 5,
      failedRecords: 1,
    })
    expect(stderr).toBe('otel-tape: not all of it arrived\n')
    expect(exitCode).toBe(1)
  })

  const REFUSALS: [what: string, answer: Answer, says: RegExp][] = [
    [
      'answers 400',
      (response) => void response.writeHead(400).end('no room'),
      /answered 400: no room/,
    ],
    [
      'answers with a web page',
      (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      /is it an OTLP\/HTTP endpoint\?/,
    ],
  ]

  test.each(REFUSALS)('names what a target refuses that %s', async (_what, answer, says) => {
    const { exitCode, stderr } = await replay(answer, '--speed', 'max')
    expect(stderr).toMatch(says)
    expect(stderr).toMatch(/^refused: 2 items of traces of sessions\/tape\/raw\/\S+: /m)
    expect(stderr).toMatch(/^sent 0, failed 6, filtered 0, of 6 items stored$/m)
    expect(exitCode).toBe(1)
  })

  test('ends at the first refusal if it is to', async () => {
    const refuse: Answer = (response) => void response.writeHead(400).end()
    const { exitCode, stderr } = await replay(refuse, '--on-error', 'abort', '--speed', 'max')
    expect(stderr).toMatch(/^failed: tape to /m)
    expect(stderr).toMatch(/^otel-tape: .* did not arrive: .*\(IngestionFailure\)$/m)
    expect(exitCode).toBe(1)
  })

  test('ends when the target can not be reached', async () => {
    const gone = await openTarget()
    await gone.close()
    const { exitCode, stderr } = await replay(undefined, '--to', gone.url, '--speed', 'max')
    expect(stderr).toMatch(
      /^otel-tape: http:\S+ can't be reached: .*ECONNREFUSED.* \(IngestionFailure\)$/m,
    )
    expect(exitCode).toBe(1)
  })

  test('names what of the session is damaged, and sends the rest', async () => {
    const raw = join(folder.path, 'sessions/tape/raw')
    const names = await readdir(raw, { recursive: true })
    const name = names.find((path) => path.includes('traces-')) ?? ''
    const bytes = await readFile(join(raw, name))
    await writeFile(join(raw, name), bytes.fill(0xff, bytes.length - 40))
    const { exitCode, stderr } = await replay(undefined, '--speed', 'max')
    expect(stderr).toMatch(
      /^damaged: sessions\/tape\/raw\/\S+ at byte 0 \(decompression\), 2 items lost: /m,
    )
    expect(stderr).toMatch(/^sent 4, failed 2, filtered 0, of 6 items stored, 1 piece damaged$/m)
    expect(stderr).toMatch(/^otel-tape: not all of it arrived$/m)
    expect(exitCode).toBe(1)
  })

  test('tells twenty refusals, and counts the rest', async () => {
    const many = Array.from({ length: 30 }, (_, index) =>
      makeBatch('logs', { names: [`${index}`] }),
    )
    await recordSession(new FileStore(folder.path), 'many', many)
    target = await openTarget((response) => void response.writeHead(400).end())
    const { stderr } = await runInside([
      'replay',
      'many',
      '--to',
      target.url,
      '--store',
      folder.path,
      '--speed',
      'max',
    ])
    expect(stderr.match(/^refused: /gm)).toHaveLength(20)
    expect(stderr).toMatch(/^further refusals are counted; --json names them all$/m)
    expect(stderr).toMatch(/^sent 0, failed 30, /m)
  })
})
