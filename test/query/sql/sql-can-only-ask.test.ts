// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Query, openQuery } from '../../../src/query/sql/open-query'
import { FileStore } from '../../../src/storage/file-store'
import { makeBatch, recordSession } from '../../support/recording'
import { runSourcesInWorkers } from '../../support/sources-in-workers'

// Statements that would write, read files, reach the network, or alter what later ones may do.
// `FOLDER` is a folder of this test, `SECRET` a file in it, `DATABASE` the cached database.

const HOSTILE = [
  // More than a question.
  'SELECT 1; SELECT 2',
  'SELECT 1; DROP VIEW spans',
  "SELECT 1; COPY spans TO 'FOLDER/evil.csv'",
  'CREATE TABLE evil (a INTEGER)',
  'CREATE TEMP TABLE evil (a INTEGER)',
  'CREATE OR REPLACE VIEW spans AS SELECT 1',
  'CREATE MACRO evil(a) AS a',
  "CREATE SECRET evil (TYPE s3, KEY_ID 'a', SECRET 'b')",
  'DROP VIEW spans',
  'ALTER VIEW spans RENAME TO evil',
  "COMMENT ON VIEW spans IS 'evil'",
  'INSERT INTO s0.spans SELECT * FROM s0.spans',
  "UPDATE s0.spans SET name = 'evil'",
  'DELETE FROM s0.spans',
  'TRUNCATE s0.spans',
  'WITH evil AS (DELETE FROM s0.spans RETURNING *) FROM evil',
  'EXPLAIN ANALYZE DELETE FROM s0.spans',
  'EXPLAIN ANALYZE CREATE TABLE evil (a INTEGER)',
  "/* SELECT */ EXPLAIN /**/ ANALYZE -- x\n COPY spans TO 'FOLDER/evil.csv'",
  'PREPARE evil AS SELECT 1',
  'EXECUTE evil',
  'BEGIN',
  'CHECKPOINT',
  'VACUUM',
  'CALL force_checkpoint()',
  'FROM force_checkpoint()',
  'USE s0',
  'DETACH s0',
  // Files.
  "COPY spans TO 'FOLDER/evil.csv'",
  "COPY (SELECT 1) TO 'FOLDER/evil.parquet' (FORMAT parquet)",
  "EXPORT DATABASE 'FOLDER/evil'",
  "ATTACH 'FOLDER/evil.duckdb' AS evil",
  "ATTACH 'DATABASE' AS evil",
  "FROM read_csv('SECRET')",
  "FROM read_text('SECRET')",
  "FROM read_blob('SECRET')",
  "FROM read_json('SECRET')",
  "FROM read_parquet('SECRET')",
  "FROM sniff_csv('SECRET')",
  "FROM 'SECRET'",
  "FROM 'FOLDER/*.txt'",
  "FROM glob('FOLDER/*')",
  "SELECT (SELECT content FROM read_text('SECRET'))",
  "FROM query('FROM read_text(''SECRET'')')",
  "FROM query_table(['SECRET'])",
  "FROM json_execute_serialized_sql(json_serialize_sql('FROM glob(''FOLDER/*'')'))",
  "SELECT getenv('HOME')",
  // Where DuckDB writes down what it did.
  "FROM enable_logging(storage = 'file', storage_config = {'path': 'FOLDER/evil'})",
  "CALL enable_logging(storage = 'file', storage_config = {'path': 'FOLDER/evil'})",
  "SELECT write_log('evil')",
  "PRAGMA enable_profiling = 'json'",
  "PRAGMA profiling_output = 'FOLDER/evil.json'",
  // The network, and code.
  "FROM read_csv('https://localhost:1/evil.csv')",
  "FROM 's3://evil/evil.parquet'",
  'INSTALL httpfs',
  'LOAD httpfs',
  "LOAD 'FOLDER/evil.duckdb_extension'",
  // What forbids all that.
  'SET enable_external_access = true',
  "SET GLOBAL allowed_directories = ['FOLDER']",
  'RESET enable_external_access',
  'PRAGMA enable_external_access = true',
  'SET lock_configuration = false',
  'SET VARIABLE evil = 1',
]

describe('SQL', () => {
  let folder: string
  let secret: string
  let database: string
  let query: Query

  beforeAll(async () => {
    runSourcesInWorkers()
    folder = await mkdtemp(join(tmpdir(), 'otel-tape-sql-'))
    secret = join(folder, 'secret.txt')
    await writeFile(secret, 'a,b\nhush,hush\n')
    const store = new FileStore(join(folder, 'store'))
    await recordSession(store, 'asked', [makeBatch('traces', { names: ['one', 'two'] })])
    const cache = join(folder, 'cache')
    query = await openQuery({ sessions: 'asked', store, cache })
    const [name] = await readdir(cache)
    database = join(cache, name)
  })
  afterAll(async () => {
    await query.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** All that lies in the folder, with what is in it. */
  async function contents(): Promise<unknown[]> {
    const names = (await readdir(folder, { recursive: true })).sort()
    return Promise.all(
      names.map(async (name) => {
        const path = join(folder, name)
        if ((await stat(path)).isDirectory()) return name
        return [
          name,
          createHash('sha256')
            .update(await readFile(path))
            .digest('hex'),
        ]
      }),
    )
  }

  it.each(HOSTILE)('is refused: %s', async (template) => {
    const sql = template
      .replaceAll('FOLDER', folder)
      .replaceAll('SECRET', secret)
      .replaceAll('DATABASE', database)
    const before = await contents()
    const failure: unknown = await query.run(sql).then(
      ({ rows }) => rows,
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({
      name: 'QueryError',
      reason: expect.stringMatching(/^(QueryRefused|InvalidQuery)$/) as string,
    })
    expect(String(failure)).not.toContain('hush')
    expect(await contents()).toEqual(before)
    // What comes after is answered as if nothing had been tried.
    const { rows } = await query.run('SELECT name FROM spans ORDER BY name')
    expect(rows).toEqual([{ name: 'one' }, { name: 'two' }])
    const { rows: tables } = await query.run('SHOW TABLES')
    expect(tables).toHaveLength(7)
  })

  it.each([
    ['COPY', "SELECT 1) TO 'FOLDER/evil.csv'; --"],
    ['a second statement', "SELECT 1; COPY (SELECT 1) TO 'FOLDER/evil.csv'"],
    ['another file', "FROM read_text('SECRET')"],
  ])('that is exported reaches no file but the one: %s', async (_what, template) => {
    const sql = template.replaceAll('FOLDER', folder).replaceAll('SECRET', secret)
    const before = await contents()
    await expect(query.exportParquet(sql, join(folder, 'out.parquet'))).rejects.toMatchObject({
      reason: expect.stringMatching(/^(QueryRefused|InvalidQuery)$/) as string,
    })
    expect(await contents()).toEqual(before)
  })
})
