// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { FileStore } from '../../src/storage/file-store'
import { openTarget } from '../replay/otlp-target'
import { PARTITION_MILLIS, putCollectorObject } from '../session/collector-objects'
import { makeBatch, recordSession } from '../support/recording'
import { makeFolder, parseLines } from './command-line'
import { runInside } from './test-terminal'

describe('what the Collector wrote', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>

  beforeEach(async () => {
    folder = await makeFolder()
    const store = new FileStore(folder.path)
    const json = { marshaler: 'otlp_json', compression: 'gzip', prefix: 'team-a/p' } as const
    await putCollectorObject(store, { ...json, signal: 'logs', names: ['a', 'b'] })
    const atMillis = PARTITION_MILLIS + 60_000
    await putCollectorObject(store, { ...json, signal: 'traces', names: ['c'], atMillis })
    await recordSession(store, 'tape', [makeBatch('metrics', { names: ['m'] })])
  })

  afterEach(() => folder[Symbol.asyncDispose]())

  const run = (...args: string[]) => runInside([...args, '--store', folder.path])

  test.each([
    { name: 'team-a/p', layout: [] },
    { name: 'team-a', layout: ['--layout', 'awss3'] },
  ])('is replayed as $name $layout', async ({ name, layout }) => {
    await using target = await openTarget()
    const args = ['replay', name, ...layout, '--to', target.url, '--speed', 'max']
    const { exitCode, stderr } = await run(...args)
    expect(stderr).toMatch(/^sent 3, failed 0, filtered 0, of 3 items stored$/m)
    expect(exitCode).toBe(0)
    expect(target.requests.map(({ signal }) => signal)).toEqual(['logs', 'traces'])
    expect(target.requests[0].headers).toMatchObject({ 'x-replay-session': name })
  })

  test('is printed, also a part of it', async () => {
    const all = await run('cat', 'team-a/p')
    expect(parseLines(all.stdout)).toHaveLength(2)
    const from = new Date(PARTITION_MILLIS + 1).toISOString()
    const late = await run('cat', 'team-a/p', '--layout', 'awss3', '--from', from)
    expect(parseLines<object>(late.stdout).map((line) => Object.keys(line))).toEqual([
      ['resourceSpans'],
    ])
  })

  test('is listed and counted', async () => {
    const list = await run('sessions')
    expect(list.stdout).toMatch(/^SESSION .* LAYOUT$/m)
    expect(list.stdout).toMatch(/^tape .* sessions$/m)
    expect(list.stdout).toMatch(/^team-a .* awss3$/m)
    const json = await run('sessions', '--layout', 'awss3', '--json')
    expect(parseLines(json.stdout)).toEqual([
      {
        sessionId: 'team-a',
        layout: 'awss3',
        s3Prefix: 'team-a/',
        status: 'completed',
        createdBy: 'unknown',
      },
    ])
    const ours = await run('sessions', '--layout', 'sessions')
    expect(ours.stdout).not.toMatch('team-a')
    const shown = await run('sessions', 'show', 'team-a/p', '--json')
    expect(parseLines(shown.stdout)).toEqual([
      expect.objectContaining({
        sessionId: 'team-a/p',
        layout: 'awss3',
        capturedTraces: 1,
        capturedLogs: 2,
        objects: expect.objectContaining({ count: 2 }) as unknown,
      }),
    ])
  })

  test('what of it is damaged makes cat and sessions show fail', async () => {
    const content = Buffer.from('no OTLP')
    const prefix = 'team-a/p'
    const store = new FileStore(folder.path)
    const key = await putCollectorObject(store, { signal: 'logs', names: [], content, prefix })
    for (const args of [
      ['cat', 'team-a/p'],
      ['sessions', 'show', 'team-a/p'],
    ]) {
      const { exitCode, stderr } = await run(...args)
      expect(stderr).toMatch(`damaged: ${key}`)
      expect(exitCode).toBe(1)
    }
  })

  test.each([
    [['sessions', 'remove', 'team-a', '--yes'], 1, /the Collector's/],
    [['sessions', 'complete', 'team-a/p'], 1, /the Collector's/],
    [['sessions', 'show', 'team-a/p', '--layout', 's3'], 2, /Allowed choices are sessions, awss3/],
    [['cat', 'tape', '--layout', 'awss3'], 1, /there is no session 'tape'/],
    [['cat', 'team-a/../..'], 2, /is not allowed/],
    [['import', '.', '--session', 'team-a/p'], 2, /is not allowed/],
  ])('%j is refused', async (args, exitCode, message) => {
    const outcome = await run(...args)
    expect(outcome.stderr).toMatch(message)
    expect(outcome.exitCode).toBe(exitCode)
    const { stdout } = await run('sessions', 'show', 'team-a/p', '--json')
    expect(stdout).toMatch('"count":2')
  })
})
