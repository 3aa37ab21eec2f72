// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Command, InvalidArgumentError } from 'commander'
import { QueryError } from '../query/query-error'
import type { Query, QueryProgress } from '../query/sql/open-query'
import { checkSessionName } from '../session/session-location'
import { type GlobalOptions, type LayoutChoice, layoutOption } from './option-parsers'
import { printCsv, printJson, printTable } from './print-rows'
import { readableCount } from './readable-figures'
import type { Terminal } from './terminal'
import { UsageError } from './usage-error'
import { describeDamage } from './watch-replay'

const EXAMPLES = `
Examples:
  otel-tape query debug-payment "SHOW TABLES"
  otel-tape query debug-payment "DESCRIBE spans"
  otel-tape query debug-payment "SELECT service_name, count(*), quantile_cont(duration_millis, 0.99)
    FROM spans GROUP BY 1 ORDER BY 3 DESC"
  otel-tape query before after "SELECT session_id, name, avg(duration_millis) FROM spans GROUP BY ALL"
  otel-tape query debug-payment "FROM logs WHERE severity_number >= 17" --json | jq .body
  otel-tape query debug-payment "FROM spans" --parquet spans.parquet

SQL is that of DuckDB, whose package has to be there: npm install @duckdb/node-api.
docs/query.md has the tables and their columns. Only questions are answered: files,
network and settings can't be reached from SQL, and nothing is ever changed.

What a session holds is put into a database first, which the next query finds in
--cache, else OTEL_TAPE_CACHE, else .otel-tape/cache, and extends if the session has
grown. The folder may be removed at any time.`

/** Rows that a table shows unless asked for more: a terminal is no place for a million. */
const TABLE_ROWS = 100

interface QueryCommandOptions extends GlobalOptions, LayoutChoice {
  csv?: boolean
  parquet?: string
  limit?: number
  cache?: string
}

export function addQueryCommand(program: Command, terminal: Terminal): void {
  program
    .command('query')
    .description('ask sessions with SQL')
    .argument('<sessions-and-sql...>', 'ids of sessions (with --layout awss3, prefixes), then SQL')
    .addOption(layoutOption())
    .option('--csv', 'print CSV')
    .option('--parquet <file>', 'write a Parquet file')
    .option('--limit <rows>', 'print at most so many; 0: all (default: 100 in a table)', parseLimit)
    .option('--cache <folder>', "keep databases there; 'off': build one for this query alone")
    .addHelpText('after', EXAMPLES)
    .action(async (given: string[], _options: object, command: Command) => {
      await querySessions(given, command.optsWithGlobals<QueryCommandOptions>(), terminal)
    })
}

function parseLimit(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number of rows, 0 for all of them.')
}

async function querySessions(
  given: readonly string[],
  options: QueryCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const sql = given.at(-1) ?? ''
  const sessions = given.slice(0, -1)
  if (sessions.length === 0) {
    throw new UsageError(`give a session and the SQL in quotes, got only '${sql}'`)
  }
  for (const session of sessions) checkSessionName(session)
  const formats = [options.json, options.csv, options.parquet].filter(Boolean)
  if (formats.length > 1) throw new UsageError('only one of --json, --csv and --parquet can be had')
  try {
    await using query = await openSessions(sessions, options, terminal)
    await answer(query, sql, options, terminal)
  } catch (error) {
    if (!(error instanceof QueryError) || !isAboutSql(error)) throw error
    complainOfSql(error, terminal)
  }
}

async function openSessions(
  sessions: readonly string[],
  { store, layout, cache }: QueryCommandOptions,
  terminal: Terminal,
): Promise<Query> {
  // At its first use: nobody who records has to wait for it.
  const { openQuery } =
    require('../query/sql/open-query') as typeof import('../query/sql/open-query')
  const bar = terminal.showProgress('reading')
  try {
    return await openQuery({
      sessions,
      store,
      layout,
      cache,
      signal: terminal.signal,
      onProgress: ({ bytes, totalBytes, items }: QueryProgress) =>
        bar.update(bytes, totalBytes, ` bytes, ${readableCount(items, 'item')}`),
      onDamage: (damage) => terminal.complain(describeDamage(damage)),
    })
  } finally {
    bar.stop()
  }
}

async function answer(
  query: Query,
  sql: string,
  { json, csv, parquet, limit }: QueryCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { signal } = terminal
  if (parquet !== undefined) {
    const rows = await query.exportParquet(sql, parquet, { signal })
    return terminal.note(`${parquet}: ${readableCount(rows, 'row')}`)
  }
  const stream = await query.stream(sql, { signal })
  const print = json ? printJson : csv ? printCsv : printTable
  const isTable = print === printTable
  const most = limit ?? (isTable ? TABLE_ROWS : 0)
  const isCut = await print(stream, terminal, most === 0 ? Infinity : most)
  if (isCut)
    terminal.note(`there are more than these ${readableCount(most, 'row')}; --limit 0 shows all`)
}

function isAboutSql({ reason }: QueryError): boolean {
  return reason === 'InvalidQuery' || reason === 'QueryRefused'
}

/** With the line and the caret below the place, which one line could not show. */
function complainOfSql({ reason, message }: QueryError, terminal: Terminal): void {
  const [first, ...lines] = message.split('\n')
  terminal.complain(`${first} (${reason})`)
  for (const line of lines) if (line.trim() !== '') terminal.note(line)
}
