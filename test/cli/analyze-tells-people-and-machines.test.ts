// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { PassThrough } from 'node:stream'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { reportLines } from '../../src/cli/analysis/report-lines'
import { createTerminal } from '../../src/cli/terminal'
import { FileStore } from '../../src/storage/file-store'
import type { SessionAnalysis } from '../../src/query/analysis/session-analysis'
import { analysisOf, logBatch, traceBatch, traceIdOf } from '../query/analysis/made-session'
import { recordSession } from '../support/recording'
import { makeFolder, parseLines, runCommand } from './command-line'
import { runInside } from './test-terminal'

/** Requests of a shop that asks its database twelve times each. */
const BATCHES = Array.from({ length: 5 }, (_, index) =>
  traceBatch(
    {
      service: 'cart',
      name: 'GET /cart',
      kind: 'server',
      at: index * 1_000,
      takes: 100 + index,
      failed: index === 4,
      children: Array.from({ length: 12 }, (_, item) => ({
        service: 'cart',
        name: 'SELECT',
        kind: 'client' as const,
        at: index * 1_000 + item * 8,
        takes: 7,
        attributes: {
          'db.system.name': 'postgresql',
          'db.query.text': `SELECT * FROM item WHERE id = ${item}`,
        },
      })),
    },
    traceIdOf(index),
  ),
).concat(logBatch([{ service: 'cart', body: 'started on port 80', at: 0 }]))

describe('otel-tape analyze', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>

  beforeEach(async () => {
    folder = await makeFolder()
    await recordSession(new FileStore(folder.path), 'tape', BATCHES)
  })

  afterEach(() => folder[Symbol.asyncDispose]())

  const analyze = (...args: string[]) =>
    runInside(['analyze', 'tape', '--store', folder.path, ...args])

  test('tells people what there is, with traces that show it', async () => {
    const { exitCode, stdout, stderr } = await analyze()
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(
      /^tape: 1 service, 5 traces, 65 spans \(1 failed\), 1 log record, 0 metric/,
    )
    expect(stdout).toMatch(/^ 1\. 'GET \/cart' of cart calls 'SELECT \* FROM item WHERE id = \?'/m)
    expect(stdout).toMatch(new RegExp(`^    traces ${traceIdOf(0)}`, 'm'))
    expect(stdout).toMatch(/^cart  -> +postgresql \(database\) +60 +- +7 ms +7 ms +7 ms +█$/m)
    expect(stdout).toMatch(/^cart SELECT +client +60 +- .* 420 ms +82% +█{8}$/m)
    expect(stdout).toMatch(/^cart GET \/cart +server +5 +1 \(20%\) /m)
    expect(stdout).toMatch(/^ +5 ms to 10 ms {2}60 {2}█{40}$/m)
    expect(stdout).toMatch(/^ +1 +0 {2}INFO +cart +started on port <n>$/m)
  })

  test('tells machines the same as one object', async () => {
    const { stdout } = await analyze('--json')
    const [analysis, ...others] = parseLines<SessionAnalysis>(stdout)
    expect(others).toEqual([])
    expect(analysis).toMatchObject({ sessionId: 'tape', totals: { spans: 65, traces: 5 } })
    expect(analysis.patterns[0]).toMatchObject({ kind: 'n-plus-one', maxCalls: 12 })
  })

  test('draws the graph alone', async () => {
    const mermaid = await analyze('--graph', 'mermaid')
    expect(mermaid.stdout).toBe(
      'flowchart LR\n  n0["cart"]\n  n1[("postgresql")]\n  n0 -->|"60 calls, p95 7 ms"| n1\n',
    )
    const dot = await analyze('--graph', 'dot')
    expect(dot.stdout).toMatch(/^digraph session \{\n.*\n\}\n$/s)
  })

  test('compares with a baseline, and takes what arrived in a range', async () => {
    await recordSession(new FileStore(folder.path), 'healthy', BATCHES.slice(0, 2))
    const compared = await analyze('--baseline', 'healthy')
    expect(compared.stdout).toMatch(/^compared with healthy$/m)
    const { stdout } = await analyze('--from', '2030-01-01T00:00:00Z')
    expect(stdout).toMatch(/^tape: 0 services, 0 traces, 0 spans/)
  })

  test('shows as many as are asked for, and says that there are more', async () => {
    const { stdout } = await analyze('--top', '1')
    expect(stdout).toMatch(/^ {2}… and 1 more operations \(--top\)$/m)
    expect(stdout.match(/^a+\d /gm)).toHaveLength(1)
  })

  test('names what is damaged, tells the rest, and fails', async () => {
    const [segment] = (await readdir(folder.path, { recursive: true })).filter((path) =>
      path.includes('logs-'),
    )
    await writeFile(join(folder.path, segment), 'neither gzip nor OTLP')
    const { exitCode, stdout, stderr } = await analyze()
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^otel-tape: damaged: sessions\/tape\/raw\//)
    expect(stdout).toMatch(/^ {2}1 damaged pieces, named on stderr$/m)
  })

  test.each([
    [['--json', '--graph', 'dot'], /--json has the graph in it/, 2],
    [['--graph', 'svg'], /Allowed choices are mermaid, dot/, 2],
    [['--top', '0'], /Give a whole number above 0/, 2],
    [['--baseline', 'gone'], /there is no session 'gone' .* \(SessionNotFound\)$/, 1],
  ])('is called with %j', async (args, message, code) => {
    const { exitCode, stderr, stdout } = await analyze(...args)
    expect(stderr.trimEnd()).toMatch(message)
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' })
  })

  test('works in a process of its own, into a pipe', async () => {
    const { exitCode, stdout } = await runCommand(['analyze', 'tape', '--store', folder.path])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^Service graph$/m)
    expect(stdout).not.toMatch('\u001b')
  })
})

const HOSTILE = '\u001b]0;owned\u0007\nname 日本語 '.repeat(9)

test.each([40, 80, 200])('a report fits a terminal of %i columns', async (columns) => {
  const batches = [
    ...BATCHES,
    traceBatch({ service: HOSTILE, name: HOSTILE, at: 0, takes: 5 }, traceIdOf(77)),
    logBatch([{ service: HOSTILE, body: HOSTILE, at: 5 }]),
  ]
  const lines = [...reportLines(await analysisOf(batches), { columns, top: 10 })]
  expect(lines.join('').match(/[\u0000-\u001f]/)).toBeNull()
  // Numbers and ids are whole on the narrowest, where their tables stand out.
  const isTable = (line: string) => / {2}\S/.test(line.trimStart())
  const tooLong = lines.filter((line) => [...line].length > columns)
  expect(columns < 80 ? tooLong.filter((line) => !isTable(line)) : tooLong).toEqual([])
})

test('a terminal is as wide as its stdout, a pipe as wide as reads well', () => {
  const { signal } = new AbortController()
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
  expect(createTerminal(streams, signal).columns).toBe(100)
  const widthOf = (columns: number) => {
    const stdout = Object.assign(new PassThrough(), { columns })
    return createTerminal({ ...streams, stdout }, signal).columns
  }
  expect(widthOf(60)).toBe(60)
  expect(widthOf(0)).toBe(100)
})
