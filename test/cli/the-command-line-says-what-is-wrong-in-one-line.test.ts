// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { FileStore } from '../../src/storage/file-store'
import { makeBatch, recordSession } from '../support/recording'
import { makeFolder, runCommand } from './command-line'
import { runInside } from './test-terminal'

/** A port that nobody listens on: the one of the discard protocol. */
const NOWHERE = 'http://127.0.0.1:9'

const WRONG_USAGE: [args: string[], says: RegExp][] = [
  [['frobnicate'], /unknown command 'frobnicate'/],
  [['--frobnicate'], /unknown option '--frobnicate'/],
  [['sessions', 'frobnicate'], /unknown command 'frobnicate'/],
  [['sessions', 'show'], /missing required argument 'session'/],
  [['sessions', 'show', '../etc'], /session id '..\/etc' is not allowed/],
  [['sessions', 'show', 'x'.repeat(10_000)], /session id 'x+' is not allowed/],
  [['sessions', '--store', 'ftp://host/x'], /a store of the kind 'ftp:'/],
  [['sessions', '--store', 's3://user:pass@host/bucket'], /without host, port or credentials/],
  [['sessions', 'remove'], /name the sessions to remove/],
  [['sessions', 'remove', 'kept'], /give --yes/],
  [['sessions', 'remove', '--older-than', '30 days'], /'30 days' is invalid/],
  [['replay'], /missing required argument 'session'/],
  [['replay', 'kept', '--frobnicate'], /unknown option '--frobnicate'/],
  [['replay', 'kept', '--to', 'localhost:4318'], /--to 'localhost:4318' .* try 'http:/],
  [['replay', 'kept', '--to', 'grpc://localhost:4317/x'], /OTLP\/gRPC has no path/],
  [['replay', 'kept', '--to', 'not a url'], /--to 'not a url' can't be used/],
  [['replay', 'kept', '--speed', '0'], /'--speed <factor>' argument '0' is invalid/],
  [['replay', 'kept', '--speed', 'fast'], /Give a number above 0, or 'max'/],
  [['replay', 'kept', '--signal', 'spans'], /choices are traces, metrics, logs/],
  [['replay', 'kept', '--timestamps', 'now'], /choices are none, relative, current/],
  [['replay', 'kept', '--concurrency', '1.5'], /Give a whole number/],
  [['replay', 'kept', '--concurrency', '100000'], /'concurrency' has to be/],
  [['replay', 'kept', '--header', 'secret'], /--header has to be 'name=value'/],
  [['replay', 'kept', '--from', 'yesterday'], /Give ISO 8601/],
  [['replay', 'kept', '--from', '2026-02-01', '--until', '2026-01-01'], /nothing can lie between/],
  [['cat', 'kept', '--signal', 'spans'], /choices are traces, metrics, logs/],
  [['import'], /missing required argument 'paths'/],
  [['import', '/no/such/file'], /can't read '\/no\/such\/file'/],
  [['import', __filename, '--session', 'a/b'], /session id 'a\/b' is not allowed/],
]

const FAILURES: [args: string[], says: RegExp][] = [
  [['sessions', 'show', 'gone'], /no session 'gone' .*\(SESSION_NOT_FOUND\)/],
  [['sessions', 'complete', 'gone'], /no session 'gone' .*\(SESSION_NOT_FOUND\)/],
  [['replay', 'gone', '--to', NOWHERE], /no session 'gone' .*\(SessionNotFound\)/],
  [['cat', 'gone'], /no session 'gone' .*\(SessionNotFound\)/],
  [['import', __filename], /damaged: .*JSON|nothing to import/],
]

const ONE_LINE = /^otel-tape: [^\n]+\n$/

describe('the command line', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>
  let store: string

  beforeAll(async () => {
    folder = await makeFolder()
    store = `file:${folder.path}`
    const batches = [makeBatch('traces', { names: ['a'] })]
    await recordSession(new FileStore(folder.path), 'kept', batches)
  })

  afterAll(() => folder[Symbol.asyncDispose]())

  test.each(WRONG_USAGE)('refuses %j', async (args, says) => {
    const { exitCode, stdout, stderr } = await runInside(['--store', store, ...args])
    expect(stderr).toMatch(ONE_LINE)
    expect(stderr).toMatch(says)
    expect(stderr).not.toMatch(/pass@|secret\b(?!')/)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  })

  test.each(FAILURES)('fails at %j', async (args, says) => {
    const { exitCode, stdout, stderr } = await runInside(['--store', store, ...args])
    expect(stderr).toMatch(says)
    expect(stderr).not.toMatch(/^ +at /m)
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  })

  test.each([
    [['frobnicate'], 2],
    [['sessions', 'show', 'gone'], 1],
    [['sessions', '--store', 's3://bucket'], 2],
  ])('ends the process as it should: %j', async (args, code) => {
    const { exitCode, stdout, stderr } = await runCommand(args, { OTEL_TAPE_STORE: store })
    expect(stderr).toMatch(ONE_LINE)
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' })
  })

  test('does not end without a word while it waits for a store that is down', async () => {
    const { exitCode, stderr } = await runCommand(['sessions', 'check', '--store', 's3://tapes'], {
      MINIO_ENDPOINT: NOWHERE,
      MINIO_ACCESS_KEY: 'key',
      MINIO_SECRET_KEY: 'not-to-be-shown',
    })
    expect(stderr).toMatch(/^otel-tape: s3:\/\/tapes can't be used: [^\n]+ \(UNAVAILABLE\)\n$/)
    expect(stderr).not.toContain('not-to-be-shown')
    expect(exitCode).toBe(1)
  })

  test('warns of a variable that is wrong, and goes on', async () => {
    const { exitCode, stderr } = await runCommand(['replay', 'gone'], {
      OTEL_TAPE_STORE: store,
      REPLAY_DEFAULT_SPEED: 'fast',
    })
    expect(stderr).toMatch(/otel-tape: warning: .*REPLAY_DEFAULT_SPEED is ignored: 'fast'/)
    expect(exitCode).toBe(1)
  })

  test('shows a stack to whoever asks for it', async () => {
    const args = ['sessions', 'show', 'gone']
    const { stderr } = await runCommand(args, { OTEL_TAPE_STORE: store, OTEL_TAPE_DEBUG: '1' })
    expect(stderr).toMatch(/^ +at /m)
  })

  test.each([[['--help']], [['replay', '--help']], [['sessions', '--help']], [['demo', '--help']]])(
    'explains itself: %j',
    async (args) => {
      const { exitCode, stdout, stderr } = await runInside(args)
      expect(stdout).toMatch(/Usage: otel-tape/)
      expect(stdout).toMatch(/--store <url>/)
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    },
  )

  test('knows its version', async () => {
    const { exitCode, stdout } = await runCommand(['--version'])
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(exitCode).toBe(0)
  })
})
