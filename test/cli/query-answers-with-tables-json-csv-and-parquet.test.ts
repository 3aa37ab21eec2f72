// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { loadDuckDb } from '../../src/query/sql/load-duckdb'
import { FileStore } from '../../src/storage/file-store'
import { makeBatch, recordSession } from '../support/recording'
import { runSourcesInWorkers } from '../support/sources-in-workers'
import { type Outcome, makeFolder, parseLines, startCommand } from './command-line'
import { makeTerminal, runInside } from './test-terminal'

let folder: { path: string } & AsyncDisposable
const places: string[] = []

beforeAll(async () => {
  runSourcesInWorkers()
  folder = await makeFolder()
  const store = new FileStore(join(folder.path, 'store'))
  const names = ['a,b', 'say "hi"', 'two\nlines \u001b[31m', 'x'.repeat(100)]
  await recordSession(store, 'asked', [makeBatch('traces', { names })])
  places.push('--store', join(folder.path, 'store'), '--cache', join(folder.path, 'cache'))
})
afterAll(() => folder[Symbol.asyncDispose]())

function query(sql: string, ...options: string[]): Promise<Outcome> {
  return runInside(['query', 'asked', sql, ...options, ...places])
}

it('prints a table whose cells fit a line, and whose numbers stand right', async () => {
  const { stdout, stderr, exitCode } = await query(
    'SELECT name, duration_nanos AS nanos, NULL::INTEGER AS nothing FROM spans ORDER BY span_id',
  )
  expect(stdout).toBe(
    [
      `name${' '.repeat(60)}nanos  nothing`,
      `a,b${' '.repeat(57)}  5000000`,
      `say "hi"${' '.repeat(52)}  5000000`,
      `two lines  [31m${' '.repeat(45)}  5000000`,
      `${'x'.repeat(59)}…  5000000`,
      '',
    ].join('\n'),
  )
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
})

it('prints lines of JSON', async () => {
  const sql = `SELECT name, start_time_unix_nano AS nanos, count(*) OVER () AS spans, attributes,
    resource_attributes, [1.5, 'NaN'::DOUBLE] AS list, ''::BLOB AS bytes FROM spans LIMIT 1`
  const { stdout } = await query(sql, '--json')
  expect(parseLines(stdout)).toEqual([
    {
      name: 'a,b',
      nanos: '1767323045000000000',
      spans: 4,
      attributes: {},
      resource_attributes: { 'service.name': 'checkout' },
      list: [1.5, 'NaN'],
      bytes: '',
    },
  ])
})

it('prints CSV that DuckDB reads back', async () => {
  const sql = "SELECT name, '' AS empty, NULL::VARCHAR AS nothing FROM spans ORDER BY span_id"
  const { stdout } = await query(sql, '--csv', '--limit', '2')
  expect(stdout).toBe('name,empty,nothing\n"a,b","",\n"say ""hi""","",\n')
})

it('writes a Parquet file', async () => {
  const file = join(folder.path, 'spans.parquet')
  const { stderr, exitCode } = await query('FROM spans;', '--parquet', file)
  expect({ stderr, exitCode }).toEqual({ stderr: `${file}: 4 rows\n`, exitCode: 0 })
  expect((await readFile(file)).subarray(0, 4).toString()).toBe('PAR1')
  const instance = await loadDuckDb().DuckDBInstance.create()
  const connection = await instance.connect()
  const result = await connection.run(`SELECT max(strlen(name)) FROM '${file}'`)
  expect(await result.getRows()).toEqual([[100n]])
  instance.closeSync()
  expect((await readdir(folder.path)).sort()).toEqual(['cache', 'spans.parquet', 'store'])
})

it('says when there are more rows', async () => {
  expect(await query('FROM range(101)')).toMatchObject({
    stderr: 'there are more than these 100 rows; --limit 0 shows all\n',
    exitCode: 0,
  })
  const { stdout, stderr } = await query('FROM range(101)', '--limit', '0')
  expect({ lines: stdout.split('\n').length, stderr }).toEqual({ lines: 103, stderr: '' })
})

it('shows where the SQL is wrong', async () => {
  const { stderr, exitCode } = await query('SELECT nme FROM spans')
  expect(stderr).toMatch(/^otel-tape: .*"nme" not found.*\(InvalidQuery\)\n/)
  expect(stderr).toContain('LINE 1: SELECT nme FROM spans\n               ^')
  expect(exitCode).toBe(1)
})

it.each([
  [['query', 'asked'], 2, /give a session and the SQL/],
  [['query', 'nope', 'SELECT 1'], 1, /no session 'nope'.*SessionNotFound/],
  [['query', '../up', 'SELECT 1'], 2, /INVALID_SESSION_ID/],
  [['query', 'asked', 'DROP VIEW spans'], 1, /QueryRefused/],
  [['query', 'asked', 'SELECT 1', '--json', '--csv'], 2, /only one of/],
  [['query', 'asked', 'SELECT 1', '--limit', 'few'], 2, /whole number of rows/],
  [['query', 'asked', 'SELECT 1', '--parquet', '/no/such/folder/x.parquet'], 2, /can't be written/],
])('%j ends with exit code %d', async (args, exitCode, message) => {
  expect(await runInside([...args, ...places])).toEqual({
    exitCode,
    stdout: '',
    stderr: expect.stringMatching(message) as string,
  })
})

it('shows on a terminal how far the reading is', async () => {
  const terminal = makeTerminal({ isTTY: true })
  const args = ['query', 'asked', 'SELECT 1', ...places.slice(0, 2), '--cache', 'off']
  await runInside(args, terminal)
  expect(terminal.text.stderr).toMatch(/reading \[.*\] .* bytes/)
})

it('ends at Ctrl-C with 130', async () => {
  const sql = 'SELECT range AS n FROM range(1000000000000)'
  const { process: child, outcome } = startCommand(['query', 'asked', sql, '--json', ...places])
  child.stdout?.once('data', () => child.kill('SIGINT'))
  const { exitCode, stderr } = await outcome
  expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: 'otel-tape: interrupted\n' })
})
