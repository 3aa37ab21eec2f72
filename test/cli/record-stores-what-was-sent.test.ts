// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { SessionMetadata } from '../../src/session/metadata'
import { FileStore } from '../../src/storage/file-store'
import { makeBatch, readAll } from '../support/recording'
import { makeFolder, parseLines, runCommand } from './command-line'
import { type RecordEvent, send, startRecord } from './record-running'

const spans = makeBatch('traces', { names: ['a', 'b'], service: 'shop' })
const logs = makeBatch('logs', { names: ['l'], service: 'shop' })

/** A place for sessions and the write-ahead folder, and the options that name them. */
async function makePlace() {
  const folder = await makeFolder()
  const stored = [
    '--store',
    join(folder.path, 'store'),
    '--write-ahead',
    join(folder.path, 'ahead'),
  ]
  return {
    stored,
    args: ['--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0', ...stored],
    store: new FileStore(join(folder.path, 'store')),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

describe('otel-tape record', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stores what was sent, and ends cleanly: %s', async (signal, code) => {
    await using place = await makePlace()
    const record = await startRecord(['--session', 'tape', ...place.args])
    expect(record.listening).toEqual({
      event: 'listening',
      http: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as unknown,
      grpc: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown,
      sessionId: 'tape',
    })
    expect(await send(record.listening.http, spans)).toBe(200)
    expect(await send(record.listening.http, logs)).toBe(200)
    await record.event('progress')
    record.process.kill(signal)
    const { exitCode, stdout } = await record.outcome
    const events = parseLines<RecordEvent>(stdout)
    expect(events[0].event).toBe('listening')
    expect(events.at(-1)).toMatchObject({
      event: 'stopped',
      sessions: [{ sessionId: 'tape', status: 'completed', capturedTraces: 2, capturedLogs: 1 }],
      received: { traces: { items: 2 }, logs: { items: 1 } },
      itemsByService: { shop: 3 },
    })
    expect(exitCode).toBe(code)
    const bodies = await readAll({ store: place.store, sessionId: 'tape' })
    expect(bodies.map(({ body }) => Buffer.from(body))).toEqual(
      expect.arrayContaining([Buffer.from(spans.body), Buffer.from(logs.body)]),
    )
  })

  test('prints the command that replays the session', async () => {
    await using place = await makePlace()
    const script = 'setTimeout(() => {}, 10)'
    const args = ['record', '--session', 'tape', ...place.stored, '--', 'node', '-e', script]
    const { exitCode, stdout, stderr } = await runCommand(args)
    expect(stderr).toContain(
      `replay it: otel-tape replay tape --store ${place.store.url} --to http://localhost:4318\n`,
    )
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' })
  })

  const hasHangup = process.platform === 'win32' ? test.skip : test
  hasHangup('goes on in another session at SIGHUP', async () => {
    await using place = await makePlace()
    const record = await startRecord(['--session', 'tape', ...place.args])
    expect(await send(record.listening.http, spans)).toBe(200)
    record.process.kill('SIGHUP')
    await record.event('sessionStopped')
    expect(await send(record.listening.http, logs)).toBe(200)
    record.process.kill('SIGINT')
    const { stdout } = await record.outcome
    const stopped = parseLines<RecordEvent>(stdout).at(-1)
    const sessions = stopped?.sessions as SessionMetadata[]
    expect(
      sessions.map(({ capturedTraces, capturedLogs }) => [capturedTraces, capturedLogs]),
    ).toEqual([
      [2, 0],
      [0, 1],
    ])
  })

  test('ends at once when it is interrupted twice', async () => {
    await using place = await makePlace()
    // Nobody listens there: for what is to be sent on, it would wait.
    const forward = ['--forward', 'http://127.0.0.1:9']
    const record = await startRecord(['--session', 'tape', ...forward, ...place.args])
    expect(await send(record.listening.http, spans)).toBe(200)
    record.process.kill('SIGINT')
    await record.event('sessionStopped')
    record.process.kill('SIGINT')
    const { exitCode, stdout } = await record.outcome
    expect(parseLines<RecordEvent>(stdout).map(({ event }) => event)).not.toContain('stopped')
    expect(exitCode).toBe(130)
  })

  test('names the port that is in use, and a way out', async () => {
    await using place = await makePlace()
    const squatter = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => squatter.once('listening', resolve))
    const { port } = squatter.address() as AddressInfo
    const args = ['record', ...place.args, '--http', `127.0.0.1:${port}`]
    const { exitCode, stdout, stderr } = await runCommand(args)
    squatter.close()
    expect(stderr).toMatch(
      new RegExp(`^otel-tape: [^\\n]*${port} is in use[^\\n]*another port[^\\n]*\\n$`),
    )
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  })
})
