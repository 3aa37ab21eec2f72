// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { DuckDBInstance } from '@duckdb/node-api'
import type { SessionMetadata } from '../../session/metadata'
import { loadDuckDb } from './load-duckdb'
import { VIEW_NAMES, createViewSql, quoted } from './views'

/** A session's database file, for as long as a query is open. */
export interface SessionDatabase {
  readonly sessionId: string
  readonly path: string
  readonly metadata: SessionMetadata
  /** Pieces of the session that could not be read. */
  readonly damagedPieces: number
}

export interface OpenDatabaseOptions {
  memoryLimitMB: number
  /** For what does not fit into memory while a statement runs. */
  temporaryFolder: string
  /** The one file that SQL may reach. */
  writablePath?: string
}

/**
 * Opens sessions' databases as one that can only be asked: the files are read-only, and neither
 * files nor the network, nor the settings that say so, can be reached from SQL.
 */
export async function openDatabase(
  databases: readonly SessionDatabase[],
  { memoryLimitMB, temporaryFolder, writablePath }: OpenDatabaseOptions,
): Promise<DuckDBInstance> {
  const instance = await loadDuckDb().DuckDBInstance.create(':memory:', {
    memory_limit: `${memoryLimitMB}MB`,
    temp_directory: temporaryFolder,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  try {
    const connection = await instance.connect()
    const attached = databases.map(({ sessionId }, index) => ({ catalog: `s${index}`, sessionId }))
    for (const [index, { path }] of databases.entries()) {
      await connection.run(attachSql(path, attached[index].catalog))
    }
    await connection.run(createSessionsSql(databases))
    for (const view of VIEW_NAMES) await connection.run(createViewSql(view, attached))
    if (writablePath !== undefined) {
      await connection.run(`SET allowed_paths = [${quoted(writablePath)}]`)
    }
    await connection.run('SET enable_external_access = false')
    await connection.run('SET lock_configuration = true')
    connection.closeSync()
    return instance
  } catch (error) {
    instance.closeSync()
    throw error
  }
}

export function attachSql(path: string, catalog: string): string {
  return `ATTACH ${quoted(path)} AS ${catalog} (READ_ONLY)`
}

const SESSION_COLUMNS = Object.freeze({
  session_id: 'VARCHAR',
  status: 'VARCHAR',
  start_time: 'TIMESTAMP',
  end_time: 'TIMESTAMP',
  description: 'VARCHAR',
  diagnostic_session_id: 'VARCHAR',
  created_by: 'VARCHAR',
  enabled_flags: ['VARCHAR'],
  service_names: ['VARCHAR'],
  span_count: 'BIGINT',
  metric_point_count: 'BIGINT',
  log_count: 'BIGINT',
  stored_bytes: 'BIGINT',
  writers: 'BIGINT',
  interrupted_writers: 'BIGINT',
  damaged_pieces: 'BIGINT',
})

function createSessionsSql(databases: readonly SessionDatabase[]): string {
  const rows = quoted(JSON.stringify(databases.map(sessionRow)))
  const types = quoted(JSON.stringify([SESSION_COLUMNS]))
  // Rows, and their columns, but not the lists in them.
  return `CREATE TABLE sessions AS SELECT unnest(from_json(${rows}, ${types}), max_depth := 2)`
}

function sessionRow(database: SessionDatabase): Record<keyof typeof SESSION_COLUMNS, unknown> {
  const { sessionId, metadata, damagedPieces } = database
  return {
    session_id: sessionId,
    status: metadata.status,
    start_time: metadata.startTime,
    end_time: metadata.endTime,
    description: metadata.description,
    diagnostic_session_id: metadata.diagnosticSessionId,
    created_by: metadata.createdBy,
    enabled_flags: metadata.enabledFlags,
    service_names: metadata.serviceNames,
    span_count: metadata.capturedTraces,
    metric_point_count: metadata.capturedMetrics,
    log_count: metadata.capturedLogs,
    stored_bytes: metadata.totalSizeBytes,
    writers: metadata.writers,
    interrupted_writers: metadata.interruptedWriters,
    damaged_pieces: damagedPieces,
  }
}
