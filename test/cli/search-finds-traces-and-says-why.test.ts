// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { requestFromJson } from '../../src/otlp/json-to-protobuf'
import type { OtlpBatch } from '../../src/otlp/otlp-batch'
import { createTraceIndex } from '../../src/query/search/create-trace-index'
import { FileStore } from '../../src/storage/file-store'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { makeFolder, parseLines } from './command-line'
import { makeTerminal, runInside } from './test-terminal'

const [HEALTHY, FAILED] = ['a1', 'b2'].map((end) => end.padStart(32, '0'))

function failedBatch(): OtlpBatch {
  const atMillis = EPOCH_MILLIS + 1_000
  const attributes = [
    { key: 'exception.type', value: { stringValue: 'CardError' } },
    { key: 'exception.message', value: { stringValue: 'insufficient funds' } },
  ]
  const span = {
    traceId: FAILED,
    spanId: '00000000000000f1',
    name: 'charge',
    startTimeUnixNano: `${atMillis}000000`,
    endTimeUnixNano: `${atMillis + 1_500}000000`,
    status: { code: 2 },
    events: [{ timeUnixNano: `${atMillis}000000`, name: 'exception', attributes }],
  }
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'payment' } }] }
  const request = { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }
  return {
    signal: 'traces',
    body: requestFromJson(request, 'traces'),
    capturedAtUnixNano: BigInt(atMillis) * 1_000_000n,
  }
}

describe('otel-tape search', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>

  beforeEach(async () => {
    folder = await makeFolder()
    await recordSession(new FileStore(folder.path), 'tape', [
      makeBatch('traces', { names: ['GET /cart', 'read'], service: 'cart', traceId: HEALTHY }),
      makeBatch('logs', { names: ['declined'] }),
      failedBatch(),
    ])
  })

  afterEach(() => folder[Symbol.asyncDispose]())

  const search = (...args: string[]) => runInside(['search', ...args, '--store', folder.path])

  test('prints the trace, why it was found, and how to go on', async () => {
    const { exitCode, stdout, stderr } = await search('tape', 'card rejectd')
    expect(exitCode).toBe(0)
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(
        new RegExp(`^1\\. ${FAILED}  0\\.\\d\\d, 2026-01-02T.*, 1\\.5 s, 1 span, failed$`),
      ),
      '   payment: charge | failed: CardError: insufficient funds (payment: charge)',
      expect.stringMatching(
        /^ {3}- 'card rejectd' is #payment_declined: exception message: insufficient/,
      ),
      expect.stringMatching(/^ {3}- 'card' in exception type: CardError$/),
      '',
    ])
    expect(stderr).toMatch(/^1 of 2 traces; to look into the first:\n/)
    expect(stderr).toContain(
      `otel-tape query tape "SELECT * FROM spans WHERE trace_id = '${FAILED}'`,
    )
  })

  test('prints results as JSON, one a line, and heeds its filters', async () => {
    const ids = async (...args: string[]): Promise<string[]> => {
      const { stdout } = await search('tape', 'cart charge', '--threshold', '0', '--json', ...args)
      return parseLines<{ traceId: string }>(stdout).map(({ traceId }) => traceId)
    }
    expect((await ids()).sort()).toEqual([HEALTHY, FAILED])
    expect(await ids('--limit', '1')).toHaveLength(1)
    expect(await ids('--service', 'cart')).toEqual([HEALTHY])
    expect(await ids('--service', 'car')).toEqual([])
    const later = new Date(EPOCH_MILLIS + 500).toISOString()
    expect(await ids('--from', later)).toEqual([FAILED])
    expect(await ids('--until', later)).toEqual([HEALTHY])
  })

  test('says that there is nothing, and that is no failure', async () => {
    const { exitCode, stdout, stderr } = await search('tape', 'xyzzy')
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' })
    expect(stderr).toMatch(/^nothing in 2 traces is like it/)
  })

  test.each([
    ['an unknown session', 1, ['nope', 'x'], /SessionNotFound/],
    ['an empty query', 2, ['tape', ' '], /InvalidConfig/],
    ['a bad limit', 2, ['tape', 'x', '--limit', '0'], /from 1 to 1000/],
    ['a bad threshold', 2, ['tape', 'x', '--threshold', '70'], /from 0 to 1/],
    ['a model that is not there', 1, ['tape', 'x', '--model', '/nowhere'], /EmbeddingFailure/],
  ])('says in one line what is wrong: %s', async (_what, code, args, line) => {
    const { exitCode, stdout, stderr } = await search(...args)
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' })
    expect(stderr).toMatch(line)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  test('names what is damaged, finds the rest, and fails', async () => {
    const files = await readdir(folder.path, { recursive: true })
    const [segment] = files.filter((path) => path.includes('traces-'))
    const whole = readFileSync(join(folder.path, segment))
    await writeFile(join(folder.path, segment), whole.subarray(0, whole.length - 8))
    const { exitCode, stderr } = await search('tape', 'charge')
    expect(stderr).toMatch(/^otel-tape: damaged: sessions\/tape\/raw\//m)
    expect(exitCode).toBe(1)
  })

  test('shows on a terminal how far it has come', async () => {
    const terminal = makeTerminal({ isTTY: true })
    const { stderr } = await runInside(
      ['search', 'tape', 'charge', '--store', folder.path],
      terminal,
    )
    expect(stderr).toMatch(/indexing \[.*\].* 3 of 3 spans, 2 traces/)
  })
})

describe('ingestSession', () => {
  test('takes in all spans of a session, counts them, and tells how far it has come', async () => {
    await using folder = await makeFolder()
    const store = new FileStore(folder.path)
    const traceIds = Array.from({ length: 40 }, (_, at) => (at + 1).toString(16).padStart(32, '0'))
    // The spans of a trace lie in two batches, far apart.
    const batches = ['first', 'second'].flatMap((name, half) =>
      traceIds.map((traceId, at) =>
        makeBatch('traces', {
          names: half === 0 ? [name] : ['first', name],
          traceId,
          atMillis: EPOCH_MILLIS + half * 60_000 + at,
        }),
      ),
    )
    await recordSession(store, 'tape', batches)
    await using index = createTraceIndex()
    await index.initialize()
    const seen: number[] = []
    const result = await index.ingestSession('tape', {
      store,
      onProgress: ({ spanCount, totalSpanCount }) => seen.push(spanCount / (totalSpanCount ?? 0)),
    })
    // One span of each trace comes twice, with the same id.
    expect(result).toEqual({
      traceCount: 40,
      spanCount: 120,
      errorCount: 0,
      errors: [],
      damagedCount: 0,
    })
    expect(index.status()).toMatchObject({ traceCount: 40, spanCount: 80 })
    expect(seen.at(-1)).toBe(1)
    await expect(index.ingestSession('nope', { store })).rejects.toMatchObject({
      reason: 'SessionNotFound',
      sessionId: 'nope',
    })
    await expect(
      index.ingestSession('tape', { store, layout: 'tape' as 'awss3' }),
    ).rejects.toMatchObject({ reason: 'InvalidConfig' })
  })
})
