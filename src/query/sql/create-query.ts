// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { DuckDBConnection, DuckDBInstance, DuckDBResult } from '@duckdb/node-api'
import { QueryError } from '../query-error'
import { fileError } from './file-error'
import { type SessionDatabase, openDatabase } from './open-database'
import { prepareQuestion } from './prepare-question'
import { type QueryValue, toQueryValue } from './query-value'
import { RunningStatement } from './running-statement'
import { sqlError } from './sql-error'
import { quoted } from './views'

export interface QueryColumn {
  /** Unique in its row: what SQL calls the same gets a number. */
  readonly name: string
  /** As DuckDB calls it: `VARCHAR`, `BIGINT`, `MAP(VARCHAR, VARCHAR)`. */
  readonly type: string
}

export type QueryRow = Record<string, QueryValue>

export interface QueryResult {
  readonly columns: readonly QueryColumn[]
  readonly rows: QueryRow[]
  /** There are more rows than `limit`. */
  readonly isCut: boolean
}

export interface RunOptions {
  /** Ends the statement; what was called rejects with the signal's reason. */
  signal?: AbortSignal
}

export interface RunWithLimitOptions extends RunOptions {
  /** At most so many rows. Default: all of them, which have to fit into memory. */
  limit?: number
}

/** Rows as they come; leaving the loop ends the statement. */
export interface QueryStream extends AsyncIterable<QueryRow> {
  readonly columns: readonly QueryColumn[]
}

/** Sessions that can be asked with SQL. docs/query.md has the tables. */
export interface Query extends AsyncDisposable {
  /** Those that are asked, as the table `sessions` describes them. */
  readonly sessionIds: readonly string[]
  /**
   * Runs one SELECT.
   *
   * @throws QueryError of reason `InvalidQuery` (the message shows the place), `QueryRefused`,
   * `Closed` or `IndexUnusable`
   */
  run(sql: string, options?: RunWithLimitOptions): Promise<QueryResult>
  /** The same, row by row, in bounded memory. */
  stream(sql: string, options?: RunOptions): Promise<QueryStream>
  /**
   * Writes what a SELECT yields to a Parquet file, which appears when it is whole. Resolves to
   * the number of rows.
   */
  exportParquet(sql: string, file: string, options?: RunOptions): Promise<number>
  /** Ends what is running and removes what is not kept. */
  close(): Promise<void>
}

export interface OpenedQuery {
  readonly databases: readonly SessionDatabase[]
  readonly memoryLimitMB: number
  readonly temporaryFolder: string
  /** What is to be done last. */
  release(): Promise<void>
  /** A database turned out to be damaged: the next query is to build it anew. */
  discard(): Promise<void>
}

export async function createQuery(opened: OpenedQuery): Promise<Query> {
  return new SqlQuery(opened, await openDatabase(opened.databases, opened))
}

class SqlQuery implements Query {
  readonly sessionIds: readonly string[]
  readonly #opened: OpenedQuery
  readonly #instance: DuckDBInstance
  readonly #running = new Set<RunningStatement>()
  readonly #starting = new Set<Promise<RunningStatement>>()
  #closing: Promise<void> | undefined

  constructor(opened: OpenedQuery, instance: DuckDBInstance) {
    this.#opened = opened
    this.#instance = instance
    this.sessionIds = opened.databases.map(({ sessionId }) => sessionId)
  }

  async run(sql: string, { limit, ...options }: RunWithLimitOptions = {}): Promise<QueryResult> {
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 0)) {
      const got = String(limit)
      throw new QueryError(
        'InvalidConfig',
        `'limit' has to be a whole number, 0 or more, got ${got}`,
      )
    }
    const stream = await this.stream(sql, options)
    const rows: QueryRow[] = []
    for await (const row of stream) {
      if (rows.length === limit) return { columns: stream.columns, rows, isCut: true }
      rows.push(row)
    }
    return { columns: stream.columns, rows, isCut: false }
  }

  async stream(sql: string, { signal }: RunOptions = {}): Promise<QueryStream> {
    const statement = await this.#start(this.#instance, signal)
    try {
      const result = await statement.during(async () => {
        const prepared = await prepareQuestion(statement.connection, sql)
        this.#assertOpen()
        signal?.throwIfAborted()
        return prepared.stream()
      })
      const rows = this.#rowsOf(result, statement, signal)
      return { columns: columnsOf(result), [Symbol.asyncIterator]: () => rows }
    } catch (error) {
      statement.end()
      throw await this.#explain(error, signal)
    }
  }

  async exportParquet(sql: string, file: string, { signal }: RunOptions = {}): Promise<number> {
    const target = resolve(file)
    const path = join(dirname(target), `.${basename(target)}.${process.pid}.part`)
    this.#assertOpen()
    // Of its own: nothing else may write, or could do so while this is being written.
    const instance = await openDatabase(this.#opened.databases, {
      ...this.#opened,
      writablePath: path,
    })
    try {
      const statement = await this.#start(instance, signal)
      try {
        const rows = await statement.during(() => copyToParquet(statement.connection, sql, path))
        signal?.throwIfAborted()
        await rename(path, target)
        return rows
      } catch (error) {
        throw await this.#explain(exportError(error, target), signal)
      } finally {
        statement.end()
      }
    } finally {
      instance.closeSync()
      await rm(path, { force: true })
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    // An instance that is closed while it makes a connection takes the process with it.
    await Promise.allSettled(this.#starting)
    const running = [...this.#running]
    for (const statement of running) statement.stop()
    for (const statement of running) {
      await statement.settle()
      statement.end()
    }
    this.#instance.closeSync()
    await this.#opened.release()
  }

  #assertOpen(): void {
    if (this.#closing) throw new QueryError('Closed', 'the query has been closed')
  }

  async #start(instance: DuckDBInstance, signal?: AbortSignal): Promise<RunningStatement> {
    this.#assertOpen()
    const starting = RunningStatement.start(
      instance,
      (ended) => this.#running.delete(ended),
      signal,
    )
    this.#starting.add(starting)
    try {
      const statement = await starting
      this.#running.add(statement)
      if (this.#closing) statement.stop()
      return statement
    } catch (error) {
      throw await this.#explain(error, signal)
    } finally {
      this.#starting.delete(starting)
    }
  }

  async *#rowsOf(
    result: DuckDBResult,
    statement: RunningStatement,
    signal?: AbortSignal,
  ): AsyncGenerator<QueryRow, void, undefined> {
    const names = columnsOf(result).map(({ name }) => name)
    try {
      for (;;) {
        this.#assertOpen()
        signal?.throwIfAborted()
        const chunk = await statement.during(() => result.fetchChunk())
        if (!chunk || chunk.rowCount === 0) return
        for (const values of chunk.getRows()) {
          yield Object.fromEntries(names.map((name, index) => [name, toQueryValue(values[index])]))
        }
      }
    } catch (error) {
      throw await this.#explain(error, signal)
    } finally {
      statement.end()
    }
  }

  async #explain(error: unknown, signal?: AbortSignal): Promise<unknown> {
    if (signal?.aborted) return signal.reason
    if (this.#closing)
      return new QueryError('Closed', 'the query has been closed', { cause: error })
    const explained = sqlError(error)
    if (explained.reason === 'IndexUnusable') await this.#opened.discard()
    return explained
  }
}

function columnsOf(result: DuckDBResult): QueryColumn[] {
  const types = result.columnTypes()
  return result
    .deduplicatedColumnNames()
    .map((name, index) => ({ name, type: types[index].toString() }))
}

async function copyToParquet(
  connection: DuckDBConnection,
  sql: string,
  path: string,
): Promise<number> {
  await prepareQuestion(connection, sql)
  // As a view, which takes what is one statement and no more.
  await connection.run(`CREATE TEMP VIEW exported AS ${sql}`)
  const result = await connection.run(
    `COPY (FROM exported) TO ${quoted(path)} (FORMAT parquet, COMPRESSION zstd)`,
  )
  const [[rows]] = await result.getRows()
  return Number(rows)
}

/** Of a file that is not ours, other things have to be said than of a database. */
function exportError(error: unknown, target: string): unknown {
  if (error instanceof QueryError || !fileError(error, target)) return error
  const { message } = error as Error
  return new QueryError('InvalidConfig', `'${target}' can't be written: ${message}`, {
    cause: error,
  })
}
