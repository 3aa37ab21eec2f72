// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import { FileStore } from '../../src/storage/file-store'
import { makeBatch, readAll } from '../support/recording'
import { makeFolder, parseLines } from './command-line'
import { type RecordEvent, send, startRecord } from './record-running'
import { runInside } from './test-terminal'

const kept = makeBatch('traces', {
  names: ['GET /tok_4711', 'GET /tok_0815'],
  service: 'shop',
  traceId: 'f'.repeat(32),
})
const sampledOut = makeBatch('traces', {
  names: ['x', 'y', 'z'],
  traceId: `${'f'.repeat(18)}${'0'.repeat(14)}`,
})

test('otel-tape record leaves out what it is told to, and sessions show says how much', async () => {
  await using folder = await makeFolder()
  const store = join(folder.path, 'store')
  const record = await startRecord([
    ...['--session', 'tape', '--http', '127.0.0.1:0', '--grpc', 'off'],
    ...['--store', store, '--write-ahead', join(folder.path, 'ahead')],
    ...['--redact-key', 'service.*', 'user.*', '--redact-value', 'tok_\\d+', 'nobody'],
    ...['--sample', '0.5'],
  ])
  expect(await send(record.listening.http, kept)).toBe(200)
  expect(await send(record.listening.http, sampledOut)).toBe(200)
  record.process.kill('SIGINT')
  const { stdout } = await record.outcome
  expect(parseLines<RecordEvent>(stdout).at(-1)).toMatchObject({
    event: 'stopped',
    received: { traces: { items: 5 } },
    sessions: [
      {
        capturedTraces: 2,
        serviceNames: ['[REDACTED]'],
        signals: { traces: { sampledOutItems: 3 } },
      },
    ],
  })
  const [{ body }] = await readAll({ store: new FileStore(store), sessionId: 'tape' })
  const text = Buffer.from(body).toString()
  expect(text).not.toMatch(/tok_|shop/)
  expect(text).toContain('GET /[REDACTED]')
  const shown = await runInside(['sessions', 'show', 'tape', '--store', store])
  expect(shown.stdout).toMatch(/^sampled out +3 items$/m)
  expect(shown.stdout).toMatch(/^dropped +nothing$/m)
})
