// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { loadSession } from '../../session/catalogue'
import type { Damage } from '../../session/damage'
import type { SessionMetadata } from '../../session/metadata'
import { metadataKey } from '../../session/session-keys'
import {
  type SessionLayout,
  type SessionLocation,
  locateSession,
  objectsBelow,
} from '../../session/session-location'
import type { ObjectStore } from '../../storage/object-store'
import { type QueryProgress, buildDatabase } from './build-database'
import {
  type BuildFolder,
  type DatabaseCache,
  copyDatabase,
  createTemporaryFolder,
  keepDatabase,
} from './database-cache'
import { fitOf } from './database-fit'
import { loadDuckDb } from './load-duckdb'
import { type BuiltObject, type Manifest, readManifest } from './manifest'
import { type SessionDatabase, attachSql } from './open-database'

/** More would only hold what has been written already. */
const BUILD_MEMORY_MB = 500

export interface SessionDatabaseOptions {
  store: ObjectStore
  layout?: SessionLayout
  /** Without one, the database is built for this query alone. */
  cache?: DatabaseCache
  memoryLimitMB: number
  onProgress: (progress: QueryProgress) => void
  onDamage: (damage: Damage, sessionId: string) => void
  signal: AbortSignal
}

/** A session's database, and what is to be done when nobody asks it any more. */
export interface PreparedDatabase extends SessionDatabase {
  release(): Promise<void>
}

/**
 * A session's database as it has to be now: the one that is there, if the session has not
 * changed since, extended if it has grown, else built anew.
 */
export async function prepareDatabase(
  sessionId: string,
  options: SessionDatabaseOptions,
): Promise<PreparedDatabase> {
  const found = await findSession(sessionId, options)
  const { store, cache } = options
  const path = cache?.pathOf(store.url, sessionId, found.location)
  const known = path === undefined ? undefined : await readKnown(path)
  const fit = known ? fitOf(known, found.objects) : undefined
  if (path !== undefined && known && fit?.kind === 'fits') {
    const metadata = await describe(found, options, known.metadata)
    for (const damage of known.damage) options.onDamage(damage, sessionId)
    return opened(sessionId, path, metadata, known.damage)
  }
  const metadata = await describe(found, options)
  const folder = await (cache?.createBuildFolder() ?? createTemporaryFolder())
  let isNeeded = false
  try {
    const grown = fit?.kind === 'grown' ? fit.added : undefined
    const earlier = grown && known ? known.damage : []
    if (grown && path !== undefined) await copyDatabase(path, folder.databasePath)
    const added = grown ?? found.objects
    const manifest = { objects: found.objects, metadata, damage: earlier }
    const later = await build(sessionId, { ...found, added, manifest, folder }, options)
    const damage = [...earlier, ...later]
    for (const piece of damage) options.onDamage(piece, sessionId)
    const isKept = path !== undefined && (await keepDatabase(folder.databasePath, path))
    if (isKept) return opened(sessionId, path, metadata, damage)
    isNeeded = true
    return opened(sessionId, folder.databasePath, metadata, damage, folder)
  } finally {
    if (!isNeeded) await folder.remove()
  }
}

function opened(
  sessionId: string,
  path: string,
  metadata: SessionMetadata,
  { length: damagedPieces }: readonly Damage[],
  folder?: BuildFolder,
): PreparedDatabase {
  const release = async (): Promise<void> => folder?.remove()
  return { sessionId, path, metadata, damagedPieces, release }
}

interface FoundSession {
  readonly sessionId: string
  readonly location: SessionLocation
  readonly objects: readonly BuiltObject[]
}

async function findSession(
  sessionId: string,
  { store, layout, signal }: SessionDatabaseOptions,
): Promise<FoundSession> {
  const location = await locateSession(store, sessionId, { layout, signal })
  const isOurs = location.layout === 'sessions'
  const prefix = isOurs ? `${location.prefix}raw/` : location.prefix
  const objects: BuiltObject[] = []
  for await (const { key, etag, sizeBytes } of objectsBelow(store, prefix, { signal })) {
    objects.push({ key, etag, sizeBytes })
  }
  return { sessionId, location, objects }
}

/** What is known of the session; `known`, where it would take reading all of it. */
async function describe(
  { sessionId, location: { layout } }: FoundSession,
  { store, signal }: SessionDatabaseOptions,
  known?: SessionMetadata,
): Promise<SessionMetadata> {
  const isDescribed =
    layout === 'sessions' && (await store.head(metadataKey(sessionId), { signal })) !== undefined
  if (known && !isDescribed) return known
  return loadSession(store, sessionId, { layout, signal })
}

/** What a file says of itself; `undefined` of one that is not there or can't be used. */
async function readKnown(path: string): Promise<Manifest | undefined> {
  const instance = await loadDuckDb().DuckDBInstance.create(':memory:')
  try {
    const connection = await instance.connect()
    await connection.run(attachSql(path, 'known'))
    return await readManifest(connection, 'known')
  } catch {
    // Damaged, or of another version of DuckDB's storage: whatever it is, it is built anew.
    return undefined
  } finally {
    instance.closeSync()
  }
}

interface Building extends FoundSession {
  readonly added: readonly BuiltObject[]
  readonly manifest: Manifest
  readonly folder: BuildFolder
}

async function build(
  sessionId: string,
  { location, added, manifest, folder }: Building,
  { store, memoryLimitMB, onProgress, signal }: SessionDatabaseOptions,
): Promise<readonly Damage[]> {
  return buildDatabase({
    store,
    sessionId,
    layout: location.layout,
    manifest,
    databasePath: folder.databasePath,
    folder: folder.path,
    memoryLimitMB: Math.min(memoryLimitMB, BUILD_MEMORY_MB),
    keys: new Set(added.map(({ key }) => key)),
    totalBytes: added.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0),
    onProgress,
    signal,
  })
}
