// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Damage } from '../../session/damage'
import { type SessionMetadata } from '../../session/metadata'

/** Counted up whenever a table, or what stands in it, changes: an older file is built anew. */
export const SCHEMA_VERSION = 1

/** An object whose rows are in a database, as it was when it was read. */
export interface BuiltObject {
  readonly key: string
  readonly etag: string
  readonly sizeBytes: number
}

/** What a database says of itself. */
export interface Manifest {
  readonly objects: readonly BuiltObject[]
  /** As it was when the database was built or extended. */
  readonly metadata: SessionMetadata
  readonly damage: readonly Damage[]
}

const TABLE = 'otel_tape_manifest'

/** Damage beyond this many pieces is counted in the session, not listed. */
const MAX_DAMAGE = 1_000

const stored = v.object({
  objects: v.array(v.object({ key: v.string(), etag: v.string(), sizeBytes: v.number() })),
  // Written by ourselves, from what had been checked.
  metadata: v.custom<SessionMetadata>((value) => typeof value === 'object' && value !== null),
  damage: v.array(v.custom<Damage>((value) => typeof value === 'object' && value !== null)),
})

export async function writeManifest(
  connection: DuckDBConnection,
  { objects, metadata, damage }: Manifest,
): Promise<void> {
  const json = JSON.stringify({ objects, metadata, damage: damage.slice(0, MAX_DAMAGE) })
  await connection.run(`CREATE OR REPLACE TABLE ${TABLE} (schema_version INTEGER, content VARCHAR)`)
  await connection.run(`INSERT INTO ${TABLE} VALUES (${SCHEMA_VERSION}, $1::VARCHAR)`, [json])
}

/** `undefined` if the database is of another version. Throws if it has none, or can't be read. */
export async function readManifest(
  connection: DuckDBConnection,
  catalog: string,
): Promise<Manifest | undefined> {
  const result = await connection.run(`SELECT schema_version, content FROM ${catalog}.${TABLE}`)
  const [[version, content] = []] = await result.getRows()
  if (version !== SCHEMA_VERSION) return undefined
  return v.parse(stored, JSON.parse(String(content)))
}
