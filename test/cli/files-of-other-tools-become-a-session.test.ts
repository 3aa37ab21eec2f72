// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { importFiles } from '../../src/cli/import-files'
import type { OtlpBatch } from '../../src/otlp/otlp-batch'
import { requestToJson } from '../../src/otlp/protobuf-to-json'
import { loadSession } from '../../src/session/catalogue'
import type { SessionMetadata } from '../../src/session/metadata'
import { FileStore } from '../../src/storage/file-store'
import { EPOCH_MILLIS, makeBatch, readAll, recordSession } from '../support/recording'
import { overrideStore } from '../support/stores/override-store'
import { makeFolder, parseLines } from './command-line'
import { makeTerminal, runInside } from './test-terminal'

const WORKPLACE_DATA = join(__dirname, '../../../shared/data/otel-demo.jsonl')

describe('otel-tape import', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>
  let store: FileStore

  beforeEach(async () => {
    folder = await makeFolder()
    store = new FileStore(join(folder.path, 'store'))
  })

  afterEach(async () => {
    await store.close()
    await folder[Symbol.asyncDispose]()
  })

  const importInto = (sessionId: string, ...args: string[]) =>
    runInside(['import', ...args, '--session', sessionId, '--store', store.url])

  async function writeSource(path: string, content: string | Uint8Array): Promise<string> {
    const absolute = join(folder.path, 'source', path)
    await mkdir(dirname(absolute), { recursive: true })
    await writeFile(absolute, content)
    return absolute
  }

  const jsonOf = ({ body, signal }: OtlpBatch) => JSON.stringify(requestToJson(body, signal))
  const read = (sessionId: string) => readAll({ store, sessionId })
  const bodiesOf = (batches: readonly OtlpBatch[]) => batches.map(({ body }) => Buffer.from(body))

  const span = makeBatch('traces', { names: ['a'] })
  const log = makeBatch('logs', { names: ['l'], atMillis: EPOCH_MILLIS + 1_000 })
  const point = makeBatch('metrics', { names: ['m'], atMillis: EPOCH_MILLIS + 2_000 })

  const FORMS: [form: string, path: string, content: string | Uint8Array][] = [
    ['protobuf', 'traces.binpb', span.body],
    ['protobuf in gzip', 'traces.binpb.gz', gzipSync(span.body)],
    ['JSON', 'request.json', jsonOf(span)],
    ['JSON over many lines', 'request.json', JSON.stringify(JSON.parse(jsonOf(span)), null, 2)],
    ['JSON lines', 'requests.jsonl', `${jsonOf(span)}\n`],
    ['JSON lines in gzip', 'requests.jsonl.gz', gzipSync(`${jsonOf(span)}\n`)],
  ]

  test.each(FORMS)('reads %s', async (_form, path, content) => {
    const { exitCode, stdout, stderr } = await importInto('tape', await writeSource(path, content))
    expect(stderr).toBe('')
    expect(stdout).toBe('tape holds 1 request: 1 span, 0 data points, 0 log records\n')
    expect(exitCode).toBe(0)
    expect(bodiesOf(await read('tape'))).toEqual(bodiesOf([span]))
  })

  test('lets a request arrive at its last time, in order, whatever its place in the files', async () => {
    await writeSource('b.jsonl', [point, span].map(jsonOf).join('\n'))
    await writeSource('a.jsonl', jsonOf(log))
    const { exitCode } = await importInto('tape', join(folder.path, 'source'))
    expect(exitCode).toBe(0)
    const batches = await read('tape')
    expect(batches.map(({ capturedAtUnixNano }) => capturedAtUnixNano)).toEqual([
      // A span's end is its last time.
      span.capturedAtUnixNano + 5_000_000n,
      log.capturedAtUnixNano,
      point.capturedAtUnixNano,
    ])
  })

  test('goes by a path that knows the time, unless a request knows it better', async () => {
    const partition = 'year=2026/month=01/day=02/hour=03/minute=04'
    const stale = makeBatch('traces', { names: ['old'], atMillis: EPOCH_MILLIS - 86_400_000 })
    const content = [span, stale].map(jsonOf).join('\n')
    await importInto('tape', await writeSource(`${partition}/traces_1.json`, content))
    const arrivals = (await read('tape')).map(({ capturedAtUnixNano }) => capturedAtUnixNano)
    const partitionNanos = BigInt(Date.parse('2026-01-02T03:04:00Z')) * 1_000_000n
    expect(arrivals).toEqual([partitionNanos, span.capturedAtUnixNano + 5_000_000n])
  })

  test('goes by when a file was changed, of requests without any time', async () => {
    const path = await writeSource(
      'logs.json',
      '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}',
    )
    await utimes(path, EPOCH_MILLIS / 1000, EPOCH_MILLIS / 1000)
    await importInto('tape', path)
    const [batch] = await read('tape')
    expect(batch.capturedAtUnixNano).toBe(BigInt(EPOCH_MILLIS) * 1_000_000n)
  })

  test('copies a session of another store as it is', async () => {
    const other = new FileStore(join(folder.path, 'other'))
    const batches = [
      span,
      log,
      point,
      makeBatch('logs', { names: ['n'], atMillis: 1_800_000_000_000 }),
    ]
    // Not when their items were made: when they arrived.
    const late = batches.map((batch) => ({
      ...batch,
      capturedAtUnixNano: batch.capturedAtUnixNano + 7n,
    }))
    await recordSession(other, 'original', late)
    const { exitCode, stderr } = await importInto('copy', join(folder.path, 'other'))
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const withoutKeys = (await read('copy')).map(({ body, capturedAtUnixNano }) => ({
      body: Buffer.from(body),
      capturedAtUnixNano,
    }))
    expect(withoutKeys).toEqual(
      late.map(({ body, capturedAtUnixNano }) => ({ body: Buffer.from(body), capturedAtUnixNano })),
    )
  })

  test('is told the signal of protobuf that does not say it', async () => {
    // A metric without data could be anything.
    const path = await writeSource('unnamed.bin', Buffer.from([10, 4, 18, 2, 18, 0]))
    const untold = await importInto('untold', path)
    expect(untold.stderr).toMatch(/neither its name nor its content says a signal/)
    expect(untold.exitCode).toBe(1)
    const told = await importInto('told', path, '--signal', 'metrics')
    expect(told.stdout).toMatch(/^told holds 1 request/)
    expect(told.exitCode).toBe(0)
  })

  test('names what it can not read, imports the rest, and fails', async () => {
    await writeSource('a.jsonl', `${jsonOf(span)}\n{"broken\n${jsonOf(log)}\n`)
    await writeSource('readme.txt', 'nothing of interest')
    await writeSource('empty.json', '')
    const { exitCode, stdout, stderr } = await importInto('tape', join(folder.path, 'source'))
    expect(stdout).toBe('tape holds 2 requests: 1 span, 0 data points, 1 log record\n')
    for (const name of ['a.jsonl', 'readme.txt', 'empty.json']) {
      expect(stderr).toMatch(new RegExp(`^otel-tape: damaged: \\S*${name} at byte 0 `, 'm'))
    }
    expect(exitCode).toBe(1)
  })

  test('makes no session of nothing', async () => {
    const path = await writeSource('readme.txt', 'nothing of interest')
    const { exitCode, stdout, stderr } = await importInto('tape', path)
    expect(stderr).toMatch(/^otel-tape: nothing to import in /m)
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    const { stdout: sessions } = await runInside(['sessions', '--store', store.url])
    expect(sessions).toBe('')
  })

  test('leaves a completed session alone', async () => {
    await recordSession(store, 'tape', [span])
    const { exitCode, stderr } = await importInto('tape', await writeSource('l.json', jsonOf(log)))
    expect(stderr).toMatch(/^otel-tape: .*\(SESSION_COMPLETED\)$/m)
    expect(exitCode).toBe(1)
    expect(bodiesOf(await read('tape'))).toEqual(bodiesOf([span]))
  })

  test('names a session of its own when none is given', async () => {
    const path = await writeSource('l.json', jsonOf(log))
    const { stdout } = await runInside(['import', path, '--store', store.url, '--json'])
    const [{ sessionId, status }] = parseLines<SessionMetadata>(stdout)
    expect(status).toBe('completed')
    expect(bodiesOf(await read(sessionId))).toEqual(bodiesOf([log]))
  })

  test('keeps what was stored when it is interrupted', async () => {
    const large = (name: string) => makeBatch('logs', { names: [name.repeat(17_000_000)] })
    await writeSource('1.binpb', large('a').body)
    await writeSource('2.binpb', large('b').body)
    const interruption = new AbortController()
    const { terminal, text } = makeTerminal({ signal: interruption.signal })
    const slowStore = overrideStore(store, {
      put: async (key, ...rest) => {
        const info = await store.put(key, ...rest)
        if (key.endsWith('.otlp.gz')) interruption.abort()
        return info
      },
    })
    const paths = [join(folder.path, 'source')]
    const importing = importFiles(slowStore, paths, terminal, { sessionId: 'tape' })
    await expect(importing).rejects.toThrow()
    expect(text.stderr).toMatch(/^only a part: tape holds 1 request: /m)
    expect(await read('tape')).toHaveLength(1)
    expect((await loadSession(store, 'tape')).status).toBe('completed')
  })

  const onlyWithData = existsSync(WORKPLACE_DATA) ? test : test.skip
  onlyWithData('imports a recording of the OpenTelemetry Demo, and prints it again', async () => {
    const { exitCode, stdout } = await importInto('demo', WORKPLACE_DATA)
    expect(stdout).toBe('demo holds 97 requests: 547 spans, 4,551 data points, 23 log records\n')
    expect(exitCode).toBe(0)
  })
})
