// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FileStore } from '../../src/storage/file-store'
import type { SessionMetadata } from '../../src/session/metadata'
import { EPOCH_MILLIS, createWriter, makeBatch, recordSession } from '../support/recording'
import { makeFolder, parseLines } from './command-line'
import { runInside } from './test-terminal'

describe('otel-tape sessions', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>
  let store: FileStore

  beforeEach(async () => {
    folder = await makeFolder()
    store = new FileStore(folder.path)
    await recordSession(store, 'first', [
      makeBatch('traces', { names: ['a', 'b'], service: 'cart' }),
      makeBatch('traces', { names: ['c'], service: 'payment', atMillis: EPOCH_MILLIS + 90_000 }),
      makeBatch('metrics', { names: ['m'] }),
    ])
    await recordSession(store, 'second', [makeBatch('logs', { names: ['l'] })])
  })

  afterEach(async () => {
    await store.close()
    await folder[Symbol.asyncDispose]()
  })

  const run = (...args: string[]) => runInside(['sessions', ...args, '--store', folder.path])

  test('lists them in a table', async () => {
    const { exitCode, stdout, stderr } = await run()
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const [header, first, second, ...more] = stdout.trimEnd().split('\n')
    expect(header).toMatch(
      /^SESSION +STATUS +STARTED +DURATION +SPANS +POINTS +LOGS +SIZE +SERVICES$/,
    )
    expect(first).toMatch(
      /^first +completed .* 1 min 30 s +3 +1 +0 +\S+ \S+ +cart, checkout, payment$/,
    )
    expect(second).toMatch(/^second +completed .* 0 ms +0 +0 +1 +\S+ \S+ +checkout$/)
    expect(more).toEqual([])
  })

  test('lists them as JSON lines', async () => {
    const { exitCode, stdout } = await run('list', '--json')
    expect(exitCode).toBe(0)
    const listed = parseLines<SessionMetadata>(stdout)
    expect(listed.map(({ sessionId }) => sessionId)).toEqual(['first', 'second'])
    expect(listed[0]).toMatchObject({ capturedTraces: 3, capturedMetrics: 1, capturedLogs: 0 })
  })

  test('says that there are none', async () => {
    const { exitCode, stdout, stderr } = await runInside(['sessions', '--store', 'memory:'])
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' })
    expect(stderr).toMatch(/no sessions in memory:/)
  })

  test('shows what one holds', async () => {
    const { exitCode, stdout, stderr } = await run('show', 'first')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(/^services +cart, checkout, payment$/m)
    expect(stdout).toMatch(
      /^arrivals +2026-01-02T03:04:05.000000000Z to 2026-01-02T03:05:35.000000000Z \(1 min 30 s\)$/m,
    )
    expect(stdout).toMatch(/^item times +2026-01-02T03:04:05.000000000Z to /m)
    expect(stdout).toMatch(/^objects +4, /m)
    expect(stdout).toMatch(/^traces +3 +2 +1 .* 0$/m)
  })

  test('shows one as JSON', async () => {
    const { stdout } = await run('show', 'first', '--json')
    const [shown, ...more] = parseLines<{ objects: { count: number; sizeBytes: number } }>(stdout)
    expect(more).toEqual([])
    let sizeBytes = 0
    for await (const object of store.list('sessions/first/')) sizeBytes += object.sizeBytes
    expect(shown.objects).toEqual({ count: 4, sizeBytes })
  })

  test('does not let a hostile name rule the terminal', async () => {
    const escape = String.fromCodePoint(27)
    const batch = makeBatch('logs', { names: ['l'], service: `${escape}[2J\r\nfake` })
    await recordSession(store, 'hostile', [batch])
    for (const args of [[], ['show', 'hostile']]) {
      const { stdout } = await run(...args)
      expect(stdout).not.toContain(escape)
      expect(stdout).toMatch(/ \[2J fake$/m)
    }
  })

  test('does not let a session whose metadata is damaged vanish', async () => {
    await writeFile(join(folder.path, 'sessions/first/metadata.json'), '{"sessionId":')
    const { exitCode, stdout, stderr } = await run()
    expect(stdout).toMatch(/^second /m)
    expect(stderr).toMatch(/metadata.json of session 'first' can't be read.*\(METADATA_CORRUPTED\)/)
    expect(exitCode).toBe(1)
  })

  test('removes what is named, and nothing else', async () => {
    const { exitCode, stdout } = await run('remove', 'first', 'gone', '--yes')
    expect(stdout).toBe('first is removed: 4 objects\n')
    expect(exitCode).toBe(1)
    expect(await readdir(join(folder.path, 'sessions'))).toEqual(['second'])
  })

  test('removes what is older', async () => {
    const path = join(folder.path, 'sessions/first/metadata.json')
    const metadata = JSON.parse(await readFile(path, 'utf8')) as SessionMetadata
    const old = { ...metadata, endTime: new Date(Date.now() - 31 * 86_400_000).toISOString() }
    await writeFile(path, JSON.stringify(old))
    const { exitCode, stdout } = await run('remove', '--older-than', '30d', '--yes', '--json')
    expect(exitCode).toBe(0)
    expect(parseLines(stdout)).toEqual([{ sessionId: 'first', objects: 4 }])
    expect(await readdir(join(folder.path, 'sessions'))).toEqual(['second'])
  })

  test('asks, and without a terminal to ask on removes nothing', async () => {
    const { exitCode, stderr } = await run('remove', 'first')
    expect(stderr).toMatch(/no terminal to ask/)
    expect(exitCode).toBe(2)
    expect(await readdir(join(folder.path, 'sessions'))).toEqual(['first', 'second'])
  })

  test('completes one whose writer died, and removes none that is being recorded', async () => {
    const writer = createWriter(store, 'open')
    await writer.ready
    writer.write(makeBatch('logs', { names: ['l'] }))
    await writer.flush(AbortSignal.timeout(5_000))

    const tooEarly = await run('complete', 'open')
    expect(tooEarly.stderr).toMatch(/'open' is being recorded by process \d+ .*\(SESSION_ACTIVE\)/)
    expect(tooEarly.exitCode).toBe(1)
    const removal = await run('remove', 'open', '--yes')
    expect(removal.stderr).toMatch(/'open' is being recorded/)
    expect(removal.exitCode).toBe(1)

    await letWriterDie('open')
    expect((await run()).stdout).toMatch(/^open +failed/m)
    const { exitCode, stdout } = await run('complete', 'open', 'first')
    expect(stdout).toBe(
      'open is completed: 0 spans, 0 data points, 1 log record\n' +
        'first is completed: 3 spans, 1 data point, 0 log records\n',
    )
    expect(exitCode).toBe(0)
    expect((await run()).stdout).toMatch(/^open +completed/m)
    await writer.close(AbortSignal.timeout(5_000)).catch(() => undefined)
  })

  test('checks whether a store can be used', async () => {
    const fine = await run('check')
    expect(fine.stdout).toBe(`file:${folder.path} can be used\n`)
    expect(fine.exitCode).toBe(0)

    const file = join(folder.path, 'sessions/first/metadata.json')
    const broken = await runInside(['sessions', 'check', '--store', file, '--json'])
    const [answer] = parseLines(broken.stdout)
    expect(answer).toMatchObject({
      url: `file:${file}`,
      ok: false,
      code: expect.any(String) as string,
    })
    expect(broken.stderr).toMatch(/^otel-tape: file:[^\n]+ can't be used: [^\n]+\n$/)
    expect(broken.exitCode).toBe(1)
  })

  /** Its summary as one that was left behind long ago. */
  async function letWriterDie(sessionId: string): Promise<void> {
    const writers = join(folder.path, 'sessions', sessionId, 'writers')
    for (const name of await readdir(writers)) {
      const path = join(writers, name)
      const summary = JSON.parse(await readFile(path, 'utf8')) as object
      await writeFile(path, JSON.stringify({ ...summary, updatedAt: '2026-01-01T00:00:00Z' }))
    }
  }
})
