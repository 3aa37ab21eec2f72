// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../otlp/signal'
import type { ObjectStore, OperationOptions } from '../storage/object-store'
import type { Damage } from './damage'
import { readMetadata } from './membership'
import { type SessionMetadata, emptyMetadata, withTotals } from './metadata'
import { type RepairOptions, repairSession } from './checking/repair-session'
import type { BatchIndexEntry } from './reading/segment-reader'
import { SessionError } from './session-error'
import { isSessionId } from './session-id'
import { SESSIONS_PREFIX, metadataKey, sessionPrefix } from './session-keys'
import {
  type LocateOptions,
  type SessionLocation,
  checkSessionName,
  locateOwnSession,
  locateSession,
  sessionNotFound,
} from './session-location'
import { indexSession } from './reading/session-reader'
import { countInterrupted, statusOf } from './session-status'
import { EMPTY_TOTALS, type SignalTotals, addTotals } from './totals'
import { readWriterSummaries } from './writer-summary'

export interface LoadSessionOptions extends LocateOptions {
  /** Called for each piece that could not be read, where objects are read to count them. */
  onDamage?: (damage: Damage) => void
}

/**
 * What is known of a session now. Of one that is being recorded, the totals are
 * the sum of what its writers have stored; one whose writers are all gone is
 * `failed`. Objects that came without metadata (another tool's) are counted, which
 * takes reading them all.
 *
 * Throws `SessionError` of code `SESSION_NOT_FOUND`.
 */
export async function loadSession(
  store: ObjectStore,
  sessionId: string,
  options: LoadSessionOptions = {},
): Promise<SessionMetadata> {
  const { layout } = options
  checkSessionName(sessionId, layout)
  const existing =
    layout === 'awss3' || !isSessionId(sessionId)
      ? undefined
      : await readMetadata(store, sessionId, options)
  if (existing === undefined) {
    const location = await locateSession(store, sessionId, options)
    return describeObjects(store, sessionId, location, options)
  }
  const { metadata } = existing
  if (metadata.status === 'completed') return metadata
  const summaries = await readWriterSummaries(store, sessionId, options)
  const interruptedWriters = countInterrupted(summaries)
  return withTotals({ ...metadata, status: statusOf(summaries), interruptedWriters }, summaries)
}

export interface ListSessionsOptions extends OperationOptions {
  /** Told of each session that is there and can't be described. */
  onUnreadable?: (error: SessionError) => void
}

/** Sessions that are read at once: one after another, a thousand take seconds. */
const READ_AT_ONCE = 8

/** Every session of a store, by id. Visits one small object a session, not its segments. */
export async function* listSessions(
  store: ObjectStore,
  options: ListSessionsOptions = {},
): AsyncGenerator<SessionMetadata, void, undefined> {
  const reading: Promise<FoundSession>[] = []
  for await (const folder of store.listFolders(SESSIONS_PREFIX, options)) {
    reading.push(findSession(store, folder.slice(SESSIONS_PREFIX.length, -1), options))
    if (reading.length === READ_AT_ONCE) yield* sessionOf(await reading.shift(), options)
  }
  for (const found of reading) yield* sessionOf(await found, options)
}

type FoundSession = { session: SessionMetadata } | { error: unknown }

/** Never rejects: it may be waited for only when others have been, or not at all. */
async function findSession(
  store: ObjectStore,
  sessionId: string,
  options: OperationOptions,
): Promise<FoundSession> {
  try {
    return { session: await loadSession(store, sessionId, { ...options, layout: 'sessions' }) }
  } catch (error) {
    return { error }
  }
}

function* sessionOf(
  found: FoundSession | undefined,
  { onUnreadable }: ListSessionsOptions,
): Generator<SessionMetadata, void, undefined> {
  if (found === undefined) return
  if ('session' in found) return yield found.session
  const { error } = found
  if (!(error instanceof SessionError)) throw error
  // Else it was removed in between, or never was a session.
  if (error.code === 'METADATA_CORRUPTED') onUnreadable?.(error)
}

/**
 * Completes a session whose writers are gone, as `repairSession` does. One that is
 * completed is given back as it is.
 */
export async function completeSession(
  store: ObjectStore,
  sessionId: string,
  options: RepairOptions = {},
): Promise<SessionMetadata> {
  const { signal } = options
  await locateOwnSession(store, sessionId, { signal })
  const metadata = await readMetadataIfIntact(store, sessionId, { signal })
  return metadata?.status === 'completed' ? metadata : repairSession(store, sessionId, options)
}

async function readMetadataIfIntact(
  store: ObjectStore,
  sessionId: string,
  options: OperationOptions,
): Promise<SessionMetadata | undefined> {
  try {
    return (await readMetadata(store, sessionId, options))?.metadata
  } catch (error) {
    if (error instanceof SessionError && error.code === 'METADATA_CORRUPTED') return undefined
    throw error
  }
}

/**
 * Removes a session and everything in it. Returns how many objects that were.
 * Throws `SessionError` of code `SESSION_COMPLETED` if another tool wrote it.
 */
export async function removeSession(
  store: ObjectStore,
  sessionId: string,
  options: OperationOptions = {},
): Promise<number> {
  let removed = 0
  await locateOwnSession(store, sessionId, options)
  const metadata = metadataKey(sessionId)
  for await (const { key } of store.list(sessionPrefix(sessionId), options)) {
    if (key === metadata) continue
    await store.delete(key, options)
    removed++
  }
  // Last, so that a removal that was cut short can be found and repeated.
  const existing = await store.head(metadata, options)
  if (existing) await store.delete(metadata, options)
  if (removed === 0 && !existing) throw sessionNotFound(store, sessionId)
  return existing ? removed + 1 : removed
}

async function describeObjects(
  store: ObjectStore,
  sessionId: string,
  location: SessionLocation,
  options: LoadSessionOptions,
): Promise<SessionMetadata> {
  const { layout, prefix } = location
  const { signals, serviceNames } = await countObjects(store, sessionId, location, options)
  if (SIGNALS.every((signal) => signals[signal].segments === 0)) {
    throw layout === 'sessions' ? sessionNotFound(store, sessionId) : unreadable(store, location)
  }
  const all = SIGNALS.map((signal) => signals[signal]).reduce(addTotals)
  const startMillis = Number(BigInt(all.firstArrivalUnixNano ?? 0) / 1_000_000n)
  const startTime = new Date(startMillis).toISOString()
  const description = { sessionId, createdBy: 'unknown', enabledFlags: [] }
  return {
    ...withTotals(emptyMetadata(description, startTime, prefix), [{ signals, serviceNames }]),
    ...(layout === 'awss3' && { layout }),
    writers: 0,
    status: 'completed',
  }
}

interface CountedObjects {
  signals: Record<Signal, SignalTotals>
  serviceNames: string[]
}

/** Totals from the objects themselves. */
async function countObjects(
  store: ObjectStore,
  sessionId: string,
  location: SessionLocation,
  options: LoadSessionOptions,
): Promise<CountedObjects> {
  const signals = { traces: EMPTY_TOTALS, metrics: EMPTY_TOTALS, logs: EMPTY_TOTALS }
  const serviceNames = new Set<string>()
  const { signal, onDamage } = options
  const read = { store, sessionId, onDamage, signal }
  for await (const { object, entries } of indexSession(read, location)) {
    let last: Signal | undefined
    for await (const entry of entries) {
      signals[entry.signal] = addTotals(signals[entry.signal], totalsOfEntry(entry))
      for (const name of entry.range.serviceNames ?? []) serviceNames.add(name)
      last = entry.signal
    }
    if (last) {
      const stored = { ...EMPTY_TOTALS, segments: 1, storedBytes: object.sizeBytes }
      signals[last] = addTotals(signals[last], stored)
    }
  }
  return { signals, serviceNames: [...serviceNames] }
}

function totalsOfEntry(entry: BatchIndexEntry): SignalTotals {
  const { itemCount, lengthBytes, capturedAtUnixNano, range } = entry
  return {
    ...EMPTY_TOTALS,
    items: itemCount,
    batches: 1,
    uncompressedBytes: lengthBytes,
    firstArrivalUnixNano: String(capturedAtUnixNano),
    lastArrivalUnixNano: String(capturedAtUnixNano),
    firstItemTimeUnixNano: range.firstItemTimeUnixNano?.toString(),
    lastItemTimeUnixNano: range.lastItemTimeUnixNano?.toString(),
  }
}

function unreadable(store: ObjectStore, { prefix }: SessionLocation): SessionError {
  return new SessionError(
    'SESSION_NOT_FOUND',
    `nothing that lies in '${prefix}' of ${store.url} can be read as OTLP`,
  )
}
