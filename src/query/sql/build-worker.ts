// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { parentPort, workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Damage } from '../../session/damage'
import type { SessionLayout } from '../../session/session-location'
import { type DecodedBatch, readDecodedSession } from '../decoded-session'
import { type QueryErrorReason, toQueryError } from '../query-error'
import { fileError } from './file-error'
import { loadDuckDb } from './load-duckdb'
import { LogRows } from './log-rows'
import { type Manifest, writeManifest } from './manifest'
import { MetricRows } from './metric-rows'
import { createServedStore } from './served-store'
import { Sources } from './sources'
import { SpanRows } from './span-rows'
import { TABLE_NAMES, createTableSql } from './stored-tables'
import { TableLoader } from './table-loader'

/** What the thread gets as its `workerData`. */
export interface BuildJob {
  readonly databasePath: string
  /** For files that are gone when it is done. */
  readonly folder: string
  readonly sessionId: string
  readonly layout: SessionLayout
  /** What the database will say of itself; damage that is found is added to it. */
  readonly manifest: Manifest
  readonly memoryLimitMB: number
  /** At whose other end the store is served. */
  readonly port: MessagePort
}

/** What the thread tells. The last is `built` or `failed`. */
export type BuildEvent =
  | { readonly event: 'progress'; readonly items: number }
  | { readonly event: 'built'; readonly items: number; readonly damage: readonly Damage[] }
  | { readonly event: 'failed'; readonly reason: QueryErrorReason; readonly message: string }

const PROGRESS_BATCHES = 20

async function build(job: BuildJob): Promise<BuildEvent> {
  const { DuckDBInstance } = loadDuckDb()
  const instance = await DuckDBInstance.create(job.databasePath, {
    memory_limit: `${job.memoryLimitMB}MB`,
    temp_directory: job.folder,
    // It loads while this thread reads on, and keeps up with it; more threads take more CPU.
    threads: '1',
    autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  try {
    for (const table of TABLE_NAMES) await connection.run(createTableSql(table))
    const loader = new TableLoader(connection, job.folder)
    try {
      const rows = await createRows(connection, loader)
      const filled = await fillTables(job, rows, loader)
      const damage = [...job.manifest.damage, ...filled.damage]
      await writeManifest(connection, { ...job.manifest, damage })
      await connection.run('CHECKPOINT')
      return { event: 'built', ...filled }
    } finally {
      await loader.abandon()
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

interface Rows {
  readonly spans: SpanRows
  readonly logs: LogRows
  readonly metrics: MetricRows
}

/** Numbers go on behind those that the database has already. */
async function createRows(connection: DuckDBConnection, loader: TableLoader): Promise<Rows> {
  const next = async (column: string, table: string): Promise<number> => {
    const result = await connection.run(`SELECT coalesce(max(${column}), 0) + 1 FROM ${table}`)
    const [[id]] = await result.getRows()
    return Number(id)
  }
  const sources = new Sources(loader, await next('source_id', 'sources'))
  return {
    spans: new SpanRows(loader, sources),
    logs: new LogRows(loader, sources),
    metrics: new MetricRows(loader, sources, await next('point_id', 'metric_points')),
  }
}

async function fillTables(
  { sessionId, layout, port }: BuildJob,
  rows: Rows,
  loader: TableLoader,
): Promise<{ items: number; damage: Damage[] }> {
  const store = createServedStore(port)
  const damage: Damage[] = []
  let items = 0
  let batches = 0
  const onDamage = (piece: Damage): void => void damage.push(piece)
  for await (const batch of readDecodedSession({ store, sessionId, layout, onDamage })) {
    items += addRows(batch, rows)
    await loader.settle()
    if (++batches % PROGRESS_BATCHES === 0) tell({ event: 'progress', items })
  }
  await loader.finish()
  return { items, damage }
}

function addRows(batch: DecodedBatch, rows: Rows): number {
  switch (batch.signal) {
    case 'traces':
      for (const span of batch.spans) rows.spans.add(span)
      return batch.spans.length
    case 'logs':
      for (const record of batch.logRecords) rows.logs.add(record)
      return batch.logRecords.length
    case 'metrics':
      return rows.metrics.add(batch.request)
  }
}

function tell(event: BuildEvent): void {
  parentPort?.postMessage(event)
}

function failure(error: unknown, job: BuildJob): BuildEvent {
  const { reason, message } = toQueryError(fileError(error, job.databasePath) ?? error)
  return { event: 'failed', reason, message }
}

// Given by `buildDatabase`, which is the only one to start this module.
const job = workerData as BuildJob
void build(job)
  .catch((error: unknown) => failure(error, job))
  .then((event) => {
    tell(event)
    job.port.close()
  })
