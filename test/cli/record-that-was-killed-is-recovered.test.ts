// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import type { SessionMetadata } from '../../src/session/metadata'
import { makeBatch } from '../support/recording'
import { makeFolder, parseLines, runCommand } from './command-line'
import { type RecordEvent, send, startRecord } from './record-running'

describe('otel-tape recover', () => {
  test('stores what a receiver that was killed had acknowledged, once', async () => {
    await using folder = await makeFolder()
    const store = ['--store', join(folder.path, 'store')]
    const ahead = ['--write-ahead', join(folder.path, 'ahead')]
    const listen = ['--http', '127.0.0.1:0', '--grpc', 'off']
    const record = await startRecord(['--session', 'tape', ...listen, ...store, ...ahead])
    const batch = makeBatch('traces', { names: ['a', 'b'] })
    expect(await send(record.listening.http, batch)).toBe(200)
    record.process.kill('SIGKILL')
    await record.outcome

    const recovered = await runCommand(['recover', '--json', ...store, ...ahead])
    expect(recovered).toMatchObject({ exitCode: 0, stderr: '' })
    expect(parseLines<RecordEvent>(recovered.stdout)).toEqual([
      { event: 'recovered', sessionId: 'tape', segments: 1, items: 2 },
    ])
    const { stdout } = await runCommand(['sessions', '--json', ...store])
    expect(parseLines<SessionMetadata>(stdout)).toMatchObject([
      { sessionId: 'tape', status: 'completed', capturedTraces: 2 },
    ])

    const again = await runCommand(['recover', ...store, ...ahead])
    expect(again).toMatchObject({ exitCode: 0, stdout: '' })
    expect(again.stderr).toMatch(/^nothing to recover in /)
  })
})
