// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import type { SessionMetadata } from '../../src/session/metadata'
import { makeBatch } from '../support/recording'
import { makeFolder, parseLines, runCommand } from './command-line'
import { type RecordEvent, startRecord } from './record-running'

const { body } = makeBatch('traces', { names: ['a', 'b', 'c'], service: 'shop' })

/** Sends spans to where the environment says, and then does what it is told. */
const app = (then: string): string => `
  const url = process.env.OTEL_EXPORTER_OTLP_ENDPOINT + '/v1/traces'
  const headers = { 'content-type': 'application/x-protobuf' }
  const body = Buffer.from('${Buffer.from(body).toString('base64')}', 'base64')
  fetch(url, { method: 'POST', headers, body }).then(async (response) => {
    console.log('answered', response.status, process.env.OTEL_EXPORTER_OTLP_PROTOCOL)
    ${then}
  })`

describe('otel-tape record -- command', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>
  let stored: string[]

  beforeEach(async () => {
    folder = await makeFolder()
    stored = ['--session', 'tape', '--store', join(folder.path, 'store')]
    stored.push('--write-ahead', join(folder.path, 'ahead'))
  })

  afterEach(() => folder[Symbol.asyncDispose]())

  const runRecorded = (script: string, env: NodeJS.ProcessEnv = {}) =>
    runCommand(['record', ...stored, '--', process.execPath, '-e', script], env)

  async function storedSession(): Promise<SessionMetadata> {
    const { stdout } = await runCommand([
      'sessions',
      '--json',
      '--store',
      join(folder.path, 'store'),
    ])
    return parseLines<SessionMetadata>(stdout)[0]
  }

  test.each([
    ['', 0],
    ['process.exitCode = 3', 3],
    ["process.kill(process.pid, 'SIGKILL')", 137],
  ])('stores what it sent and ends as it does: %j', async (then, code) => {
    const { exitCode, stdout, stderr } = await runRecorded(app(then))
    expect(stdout).toBe('answered 200 http/protobuf\n')
    expect(stderr).toMatch(/^completed: tape, 3 spans, 0 data points, 0 log records/m)
    expect(exitCode).toBe(code)
    expect(await storedSession()).toMatchObject({ status: 'completed', capturedTraces: 3 })
  })

  test('stores also what it sent last, without waiting for an answer', async () => {
    const script = `
      const { port } = new URL(process.env.OTEL_EXPORTER_OTLP_ENDPOINT)
      const body = Buffer.from('${Buffer.from(body).toString('base64')}', 'base64')
      const head = 'POST /v1/traces HTTP/1.1\\r\\nHost: h\\r\\nContent-Type: application/x-protobuf\\r\\n'
      const socket = require('node:net').connect(port, '127.0.0.1', () => {
        socket.write(head + 'Content-Length: ' + body.length + '\\r\\n\\r\\n')
        socket.write(body, () => process.exit(0))
      })`
    expect((await runRecorded(script)).exitCode).toBe(0)
    expect(await storedSession()).toMatchObject({ capturedTraces: 3 })
  })

  test('prints nothing but events on stdout with --json', async () => {
    const args = ['record', '--json', ...stored, '--', process.execPath, '-e', app('')]
    const { exitCode, stdout, stderr } = await runCommand(args)
    const events = parseLines<RecordEvent>(stdout)
    expect([events[0].event, events.at(-1)?.event]).toEqual(['listening', 'stopped'])
    expect(stderr).toBe('answered 200 http/protobuf\n')
    expect(exitCode).toBe(0)
  })

  test.each([
    ['SIGINT', 7],
    ['SIGTERM', 8],
  ] as const)('gets %s, and a chance to end by itself', async (signal, code) => {
    const script = app(`
      setInterval(() => undefined, 1000)
      process.on('SIGINT', () => process.exit(7)).on('SIGTERM', () => process.exit(8))
      process.stderr.write('ready\\n')`)
    const record = await startRecord([...stored, '--', process.execPath, '-e', script])
    for await (const chunk of record.process.stderr ?? []) {
      if (String(chunk).includes('ready')) break
    }
    record.process.kill(signal)
    expect((await record.outcome).exitCode).toBe(code)
    expect(await storedSession()).toMatchObject({ status: 'completed', capturedTraces: 3 })
  })

  test.each([
    ['no-such-command-anywhere', 127, /can't start 'no-such-command-anywhere': there is no such/],
    [__filename, 126, /can't start '[^']+': it may not be executed/],
  ])('that cannot be started is named: %s', async (command, code, says) => {
    const { exitCode, stdout, stderr } = await runCommand(['record', ...stored, '--', command])
    expect(stderr).toMatch(says)
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' })
  })

  test('that would speak gRPC to no gRPC endpoint is not started', async () => {
    const args = [
      'record',
      ...stored,
      '--grpc',
      'off',
      '--',
      process.execPath,
      '-e',
      'console.log(1)',
    ]
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }
    const { exitCode, stdout, stderr } = await runCommand(args, env)
    expect(stderr).toMatch(
      /^otel-tape: the command would send 'grpc' .* but --grpc is off: [^\n]+\n$/,
    )
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  })
})
