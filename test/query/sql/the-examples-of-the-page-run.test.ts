// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runInThisContext } from 'node:vm'
import { transformSync } from '@swc/core'
import { SEMANTIC_ATTRIBUTES } from '../../../src/query/sql/semantic-columns'
import { type OpenQueryOptions, type Query, openQuery } from '../../../src/query/sql/open-query'
import { FileStore } from '../../../src/storage/file-store'
import { runInside } from '../../cli/test-terminal'
import { makeBatch, recordSession } from '../../support/recording'
import { runSourcesInWorkers } from '../../support/sources-in-workers'

const PAGE = readFileSync(join(__dirname, '../../../docs/query.md'), 'utf8')
const TABLES = [
  'spans',
  'span_events',
  'span_links',
  'logs',
  'metric_points',
  'exemplars',
  'sessions',
]

let folder: string
let store: FileStore
let query: Query

beforeAll(async () => {
  runSourcesInWorkers()
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-docs-'))
  store = new FileStore(join(folder, 'store'))
  for (const id of ['debug-payment', 'before', 'after']) {
    const signals = ['traces', 'metrics', 'logs'] as const
    await recordSession(
      store,
      id,
      signals.map((signal) => makeBatch(signal, { names: ['one', 'two'] })),
    )
  }
  query = await openQuery({ sessions: ['before', 'after'], store, cache: join(folder, 'cache') })
})
afterAll(async () => {
  await query.close()
  await rm(folder, { recursive: true, force: true })
})

function examples(language: string): string[] {
  return [...PAGE.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g'))].map(
    ([, text]) => text,
  )
}

/** Columns and their types, of the tables below a heading. */
function documented(heading: string): [string, string][] {
  const [, section = ''] = PAGE.split(`${heading}\n`)
  const [text] = section.split(/\n#/)
  return [...text.matchAll(/^\| (`.*?) +\| (.*?) +\|/gm)].flatMap(([, names, type]) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name]): [string, string] => [name, type]),
  )
}

it.each(TABLES)('the page has the columns of %s, and their types', async (table) => {
  const common = table === 'sessions' ? [] : documented('All tables but `sessions` also have:')
  const { rows } = await query.run(`SELECT column_name, column_type FROM (DESCRIBE ${table})`)
  const found = rows.map((row) => [row.column_name, row.column_type])
  expect(documented(`### ${table}`).concat(common).sort()).toEqual(found.sort())
})

it('the page has the attributes that fill columns, in order', () => {
  const rows = Object.entries(SEMANTIC_ATTRIBUTES).map(([column, names]) => ({
    column,
    isThere: new RegExp(
      `^\\| \`${column}\` +\\| \\w+ +\\| ${names.map((name) => `\`${name}\``).join(', ')} +\\|`,
      'm',
    ).test(PAGE),
  }))
  expect(rows.filter(({ isThere }) => !isThere)).toEqual([])
})

it.each(examples('sql'))('this runs: %s', async (sql) => {
  await query.run(sql)
})

it('the program runs', async () => {
  const [program] = examples('ts')
  const body = program
    .replace(/^import .*$/m, '')
    .replace("'spans.parquet'", JSON.stringify(join(folder, 'spans.parquet')))
  const { code } = transformSync(`(async (openQuery, console) => { ${body} })`, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    isModule: false,
  })
  const printed: unknown[][] = []
  const open = (options: OpenQueryOptions): Promise<Query> =>
    openQuery({ ...options, store, cache: join(folder, 'cache') })
  const run = runInThisContext(code) as (...globals: unknown[]) => Promise<void>
  await run(open, { log: (...values: unknown[]) => printed.push(values) })
  expect(printed[0]).toEqual(['checkout', 2n])
  expect(printed).toHaveLength(5)
})

it.each(examples('sh').flatMap((text) => text.trim().split('\n')))('%s', async (line) => {
  const [, ...words] = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, word]) => quoted ?? word,
  )
  const args = words.map((word) => (word === 'spans.parquet' ? join(folder, word) : word))
  const place = ['--store', join(folder, 'store'), '--cache', join(folder, 'cache')]
  expect(await runInside([...args, ...place])).toMatchObject({ exitCode: 0 })
})
