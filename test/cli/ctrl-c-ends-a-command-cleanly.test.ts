// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import type { SessionMetadata } from '../../src/session/metadata'
import { FileStore } from '../../src/storage/file-store'
import { openTarget } from '../replay/otlp-target'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { makeFolder, parseLines, runCommand, startCommand } from './command-line'

const HOUR_MILLIS = 3_600_000

describe('Ctrl-C', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends a replay that waits: %s', async (signal, code) => {
    await using folder = await makeFolder()
    await using target = await openTarget()
    await recordSession(new FileStore(folder.path), 'tape', [
      makeBatch('logs', { names: ['now'] }),
      makeBatch('logs', { names: ['later'], atMillis: EPOCH_MILLIS + HOUR_MILLIS }),
    ])
    const args = ['replay', 'tape', '--to', target.url, '--store', folder.path]
    const { process, outcome } = startCommand(args)
    await target.received(1)
    process.kill(signal)
    const { exitCode, stdout, stderr } = await outcome
    expect(stderr).toMatch(/^cancelled: tape to http:/m)
    expect(stderr).toMatch(/^sent \d, failed 0, filtered 0, not reached \d, of 2 items stored$/m)
    expect(stderr).toMatch(/^the same command with --resume goes on where it stopped$/m)
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' })
    expect(target.requests).toHaveLength(1)
  })

  test('ends a replay whose target does not answer', async () => {
    await using folder = await makeFolder()
    await using target = await openTarget(() => undefined)
    await recordSession(new FileStore(folder.path), 'tape', [makeBatch('logs', { names: ['l'] })])
    const args = ['replay', 'tape', '--to', target.url, '--store', folder.path]
    const { process, outcome } = startCommand(args)
    await target.received(1)
    process.kill('SIGINT')
    const { exitCode, stderr } = await outcome
    expect(stderr).toMatch(/^sent 0, failed 0, filtered 0, not reached 1, /m)
    expect(exitCode).toBe(130)
  })

  test('ends the demo with its app', async () => {
    await using folder = await makeFolder()
    const { process, outcome } = startCommand(['demo', '--store', folder.path])
    let told = ''
    for await (const chunk of process.stderr ?? []) {
      told += String(chunk)
      if (told.includes('capturing')) break
    }
    process.kill('SIGINT')
    const [exitCode] = (await once(process, 'exit')) as [number]
    expect(exitCode).toBe(130)
    // Settles when the app, which has the same stderr, is gone as well.
    await outcome
    const { stdout } = await runCommand(['sessions', '--json', '--store', folder.path])
    const statuses = parseLines<SessionMetadata>(stdout).map(({ status }) => status)
    expect(statuses).not.toContain('completed')
  })
})
