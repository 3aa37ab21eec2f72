// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api'
import { QueryError } from '../query-error'
import { loadDuckDb } from './load-duckdb'
import { sqlError } from './sql-error'

/** A comment, or nothing: what may stand before the first word. */
const BLANK = String.raw`(?:\s|--[^\n]*(?:\n|$)|/\*[\s\S]*?\*/)*`
const EXPLAIN = new RegExp(
  String.raw`^${BLANK}explain\b${BLANK}(?:analyze\b${BLANK})?(?:\([^)]*\))?`,
  'i',
)

/**
 * Functions that do something, and can be called where a SELECT asks. What reads files or the
 * network is not among them: no setting lets it, and the settings are locked.
 */
const REFUSED_FUNCTIONS: ReadonlySet<string> = new Set([
  'checkpoint',
  'force_checkpoint',
  'enable_logging',
  'disable_logging',
  'truncate_duckdb_logs',
  'write_log',
  'enable_profiling',
  'disable_profiling',
  'nextval',
  // These run SQL that can't be seen here.
  'query',
  'json_execute_serialized_sql',
])

/**
 * A statement that only asks: one SELECT (also as FROM, VALUES, DESCRIBE, SUMMARIZE or SHOW), or
 * the EXPLAIN of one. What else could do harm has nothing to do it with: files are open for
 * reading alone, and locked settings forbid all others.
 *
 * @throws QueryError of reason `QueryRefused`, or `InvalidQuery`, which shows the place
 */
export async function prepareQuestion(
  connection: DuckDBConnection,
  sql: string,
): Promise<DuckDBPreparedStatement> {
  await checkQuestion(connection, sql)
  try {
    const statements = await connection.extractStatements(sql)
    if (statements.count !== 1) {
      // Such as PIVOT, which has to look for its values first, and keeps them.
      throw refused('it takes several statements; of PIVOT, name the values: ON … IN (…)')
    }
    const prepared = await statements.prepare(0)
    const { StatementType } = loadDuckDb()
    if (![StatementType.SELECT, StatementType.EXPLAIN].includes(prepared.statementType)) {
      throw refused(`it is ${StatementType[prepared.statementType]}`)
    }
    return prepared
  } catch (error) {
    throw sqlError(error)
  }
}

/** Looks at what DuckDB's own parser makes of it; only what asks can be written as JSON. */
async function checkQuestion(connection: DuckDBConnection, sql: string): Promise<void> {
  const parsed = await parse(connection, sql.replace(EXPLAIN, ''))
  if (parsed.error) {
    if (parsed.error_type !== 'parser') throw refused('it does something else')
    // DuckDB says the same with the line and the place, when it is to run it.
    await connection.extractStatements(sql).catch((error: unknown) => {
      throw sqlError(error)
    })
    throw new QueryError('InvalidQuery', parsed.error_message ?? "the SQL can't be understood")
  }
  const { statements = [] } = parsed
  if (statements.length === 0) throw new QueryError('InvalidQuery', 'there is no SQL to run')
  if (statements.length > 1) throw refused(`there are ${statements.length} statements`)
  for (const name of functionsIn(statements)) {
    if (REFUSED_FUNCTIONS.has(name.toLowerCase())) throw refused(`it calls ${name}()`)
  }
}

interface ParsedSql {
  readonly error: boolean
  readonly error_type?: string
  readonly error_message?: string
  readonly statements?: unknown[]
}

async function parse(connection: DuckDBConnection, sql: string): Promise<ParsedSql> {
  const result = await connection.run('SELECT json_serialize_sql($1::VARCHAR)', [sql])
  const [[json]] = await result.getRows()
  // As DuckDB documents it.
  return JSON.parse(String(json)) as ParsedSql
}

function* functionsIn(node: unknown): Generator<string, void, undefined> {
  const waiting = [node]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (typeof next !== 'object' || next === null) continue
    if ('function_name' in next && typeof next.function_name === 'string') yield next.function_name
    for (const member of Object.values(next)) waiting.push(member)
  }
}

function refused(what: string): QueryError {
  return new QueryError(
    'QueryRefused',
    `only one SELECT (or FROM, DESCRIBE, SUMMARIZE, SHOW, EXPLAIN) is run at a time: ${what}`,
  )
}
