// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { rm } from 'node:fs/promises'
import * as v from 'valibot'
import {
  callback,
  checkOptions,
  count,
  expected,
  text,
  withoutUndefined,
} from '../../options/check-options'
import { textFrom } from '../../options/environment'
import type { Damage } from '../../session/damage'
import type { SessionLayout } from '../../session/session-location'
import type { ObjectStore } from '../../storage/object-store'
import { useStore } from '../../storage/use-store'
import { QueryError, toQueryError } from '../query-error'
import { sessionOptions } from '../session-options'
import type { QueryProgress } from './build-database'
import { type Query, createQuery } from './create-query'
import { DatabaseCache, createTemporaryFolder } from './database-cache'
import { fileError } from './file-error'
import { loadDuckDb } from './load-duckdb'
import { type PreparedDatabase, prepareDatabase } from './prepare-database'

export type { QueryProgress } from './build-database'
export type * from './create-query'
export type { QueryValue } from './query-value'

export interface OpenQueryOptions {
  /** Ids, or prefixes of what the Collector wrote; several are asked as one. */
  sessions: string | readonly string[]
  /** Default: what `openStore()` opens. */
  store?: ObjectStore | string
  /** How the objects lie. Default: found by looking. */
  layout?: SessionLayout
  /**
   * A folder that keeps the databases for the next query, or `'off'`. Default:
   * `OTEL_TAPE_CACHE`, else `.otel-tape/cache`. A store in memory has none.
   */
  cache?: string
  /**
   * How much DuckDB may hold in memory, in megabytes, while it builds and while it answers; what
   * needs more goes to disk, or fails. Default 1,000.
   */
  memoryLimitMB?: number
  /** Told while a database is built. */
  onProgress?: (progress: QueryProgress) => void
  /** Told of each piece of a session that could not be read, and so is in no table. */
  onDamage?: (damage: Damage, sessionId: string) => void
  /** Ends opening. */
  signal?: AbortSignal
}

const DEFAULTS = Object.freeze({
  cache: '.otel-tape/cache',
  memoryLimitMB: 1_000,
})

const ENTRIES = {
  sessions: expected<string | readonly string[]>(
    "a session's id, or a list of them",
    (value) =>
      typeof value === 'string' ||
      (Array.isArray(value) && value.length > 0 && value.every((id) => typeof id === 'string')),
  ),
  ...sessionOptions,
  cache: v.optional(text),
  memoryLimitMB: v.optional(count),
  onProgress: v.optional(callback<NonNullable<OpenQueryOptions['onProgress']>>()),
  onDamage: v.optional(callback<NonNullable<OpenQueryOptions['onDamage']>>()),
}

/**
 * Opens sessions to be asked with SQL. What they hold is put into a DuckDB database first, on a
 * thread of its own; a later query finds it again, and adds what has been recorded since.
 *
 * Needs the package `@duckdb/node-api`.
 *
 * @example
 * await using query = await openQuery({ sessions: ['before', 'after'] })
 * const { rows } = await query.run(`
 *   SELECT session_id, service_name, count(*) AS spans, quantile_cont(duration_millis, 0.99) AS p99
 *   FROM spans GROUP BY ALL ORDER BY p99 DESC`)
 *
 * @throws QueryError of reason `SessionNotFound`, `InvalidConfig`, `DependencyMissing`,
 * `IndexUnusable` (the database can't be built or kept) or `StorageFailure`
 */
export async function openQuery(options: OpenQueryOptions): Promise<Query> {
  const checked = checkOptions(
    ENTRIES,
    options,
    (complaint) => new QueryError('InvalidConfig', complaint),
  )
  const { sessions, store, layout, signal = new AbortController().signal, ...rest } = checked
  const { memoryLimitMB, cache } = { ...DEFAULTS, ...fromEnvironment(), ...withoutUndefined(rest) }
  loadDuckDb()
  const prepared: PreparedDatabase[] = []
  try {
    await useStore(store, async (opened) => {
      const isKept = cache !== 'off' && !opened.url.startsWith('memory:')
      for (const sessionId of new Set(typeof sessions === 'string' ? [sessions] : sessions)) {
        const { onProgress = () => undefined, onDamage = () => undefined } = rest
        const database = await prepareDatabase(sessionId, {
          store: opened,
          layout,
          cache: isKept ? new DatabaseCache(cache) : undefined,
          memoryLimitMB,
          onProgress,
          onDamage,
          signal,
        })
        prepared.push(database)
      }
    })
    return await open(prepared, memoryLimitMB)
  } catch (error) {
    for (const database of prepared) await database.release()
    throw signal.aborted ? signal.reason : toQueryError(error)
  }
}

function fromEnvironment(): { cache?: string } {
  return withoutUndefined({ cache: textFrom('OTEL_TAPE_CACHE') })
}

async function open(databases: readonly PreparedDatabase[], memoryLimitMB: number): Promise<Query> {
  const folder = await createTemporaryFolder()
  const release = async (): Promise<void> => {
    for (const database of databases) await database.release()
    await folder.remove()
  }
  const discard = async (): Promise<void> => {
    for (const { path } of databases) await rm(path, { force: true })
  }
  try {
    const temporaryFolder = folder.path
    return await createQuery({ databases, memoryLimitMB, temporaryFolder, release, discard })
  } catch (error) {
    await folder.remove()
    const unusable = fileError(error, databases[0].path)
    if (unusable) await discard()
    throw unusable ?? error
  }
}
