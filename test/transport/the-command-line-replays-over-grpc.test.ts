// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { FileStore } from '../../src/storage/file-store'
import { makeFolder } from '../cli/command-line'
import { runInside } from '../cli/test-terminal'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { openGrpcTarget } from './grpc-target'

const BATCHES = [
  makeBatch('traces', { names: ['a', 'b'] }),
  makeBatch('logs', { names: ['l'], atMillis: EPOCH_MILLIS + 1 }),
  makeBatch('metrics', { names: ['m', 'n', 'o'], atMillis: EPOCH_MILLIS + 2 }),
]

async function replayTo(to: string, ...args: string[]) {
  await using folder = await makeFolder()
  await recordSession(new FileStore(folder.path), 'tape', BATCHES)
  // Awaited, or the folder would be gone before it is read.
  return await runInside(['replay', 'tape', '--to', to, '--store', folder.path, ...args])
}

test('with --to grpc:// and --header', async () => {
  await using target = await openGrpcTarget()
  const args = ['--timestamps', 'none', '--gzip', '--header', 'x-a=1', 'x-b=2=3']
  const { exitCode, stderr } = await replayTo(target.url, ...args)
  expect(stderr).toMatch(/^completed: tape to grpc:\S+, 3 requests in \d+ ms$/m)
  expect(stderr).toMatch(/^sent 6, failed 0, filtered 0, of 6 items stored$/m)
  expect(exitCode).toBe(0)
  const bodies = target.requests.map(({ body }) => body.toString('hex'))
  expect(bodies.sort()).toEqual(BATCHES.map(({ body }) => Buffer.from(body).toString('hex')).sort())
  for (const { metadata } of target.requests) {
    expect(metadata.getMap()).toMatchObject({
      'x-a': '1',
      'x-b': '2=3',
      'x-replay-session': 'tape',
    })
  }
})

test('and fails when nobody listens', async () => {
  const target = await openGrpcTarget()
  target.die()
  const { exitCode, stderr } = await replayTo(target.url)
  expect(exitCode).toBe(1)
  expect(stderr).toContain(`${target.url} can't be reached: `)
  expect(stderr).toContain('(IngestionFailure)')
})
