// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readdir, rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Signal } from '../../src/otlp/signal'
import { loadSession } from '../../src/session/catalogue'
import { ownIdentity } from '../../src/session/process-identity'
import { SessionWriter, type SessionWriterOptions } from '../../src/session/session-writer'
import {
  type RecoverOptions,
  type RecoveredSegments,
  type RecoveryOutcome,
  finishRecovered,
  openWriteAheadFolder,
} from '../../src/session/on-disk/write-ahead-folder'
import { MemoryStore } from '../../src/storage/memory-store'
import type { ObjectStore } from '../../src/storage/object-store'
import { StorageError } from '../../src/storage/storage-error'
import { decodeIndependently } from './independent-decoder'
import { aroundEachOperation } from './stores/around-each-operation'

/** More than Linux gives to any process. */
export const NO_PID = 2 ** 22 + 1

/** A writer with a journal in `folder`, which uploads nothing unless it is told to. */
export function createJournaledWriter(
  store: ObjectStore,
  folder: string,
  sessionId: string,
  options: Partial<SessionWriterOptions> = {},
): SessionWriter {
  const description = { sessionId, createdBy: 'a test', enabledFlags: [] }
  const writeAhead = openWriteAheadFolder(folder)
  return new SessionWriter({
    store,
    description,
    flushIntervalMillis: 3_600_000,
    heartbeatMillis: 3_600_000,
    createJournal: (writerId) =>
      writeAhead.createJournal({ description, writerId, storeUrl: store.url }),
    ...options,
  })
}

/** Makes the folder look as if all who are present in it had been killed. */
export async function killAll(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name, 'alive')
    const identity = JSON.stringify({ ...ownIdentity(), pid: NO_PID })
    // By a rename, as its owner goes on to touch it.
    if (!entry.isDirectory() || entry.name === 'damaged') continue
    await writeFile(`${path}.new`, identity)
    await utimes(`${path}.new`, 0, 0)
    await rename(`${path}.new`, path)
  }
}

export interface Recovered extends RecoveryOutcome {
  readonly events: RecoveredSegments[]
  readonly problems: Error[]
}

/** What a receiver does at its start. */
export async function recoverAndFinish(
  store: ObjectStore,
  folder: string,
  options: RecoverOptions = {},
): Promise<Recovered> {
  const events: RecoveredSegments[] = []
  const problems: Error[] = []
  const outcome = await openWriteAheadFolder(folder).recover(store, {
    onRecovered: (event) => events.push(event),
    onProblem: (problem) => problems.push(problem),
    ...options,
  })
  await finishRecovered(store, outcome.sessionIds)
  return { ...outcome, events, problems }
}

/** What lies in a session, by an oracle that shares no line with the library. */
export interface Content {
  /** Of all items, sorted; one that is stored twice is there twice. */
  readonly names: string[]
  readonly segments: number
  readonly storedBytes: number
}

/** Reads the objects of a session, all of `makeBatch`. */
export async function contentOf(store: ObjectStore, sessionId: string): Promise<Content> {
  const names: string[] = []
  let segments = 0
  let storedBytes = 0
  for await (const { key, sizeBytes } of store.list(`sessions/${sessionId}/raw/`)) {
    const signal = key.slice(key.lastIndexOf('/') + 1).split('-')[0] as Signal
    const { body } = await store.get(key)
    names.push(...namesIn(decodeIndependently(signal, gunzipSync(body))))
    segments++
    storedBytes += sizeBytes
  }
  return { names: names.sort(), segments, storedBytes }
}

interface DecodedRequest {
  resourceSpans?: { scopeSpans: { spans: { name: string }[] }[] }[]
  resourceMetrics?: { scopeMetrics: { metrics: { name: string }[] }[] }[]
  resourceLogs?: { scopeLogs: { logRecords: { body: { stringValue: string } }[] }[] }[]
}

/** Of all items in a request of `makeBatch`. */
export function namesIn(request: DecodedRequest): string[] {
  const { resourceSpans = [], resourceMetrics = [], resourceLogs = [] } = request
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((it) => it.spans))
  const metrics = resourceMetrics.flatMap((it) => it.scopeMetrics.flatMap((one) => one.metrics))
  const logs = resourceLogs.flatMap((it) => it.scopeLogs.flatMap((one) => one.logRecords))
  return [
    ...[...spans, ...metrics].map(({ name }) => name),
    ...logs.map(({ body }) => body.stringValue),
  ]
}

/** Whether a session's totals say what lies in it. */
export async function expectExactTotals(store: ObjectStore, sessionId: string): Promise<void> {
  const { signals, totalSizeBytes } = await loadSession(store, sessionId)
  const { names, segments, storedBytes } = await contentOf(store, sessionId)
  const sum = (field: 'items' | 'segments' | 'droppedItems'): number =>
    Object.values(signals).reduce((total, totals) => total + totals[field], 0)
  expect({
    items: sum('items'),
    segments: sum('segments'),
    totalSizeBytes,
    dropped: sum('droppedItems'),
  }).toEqual({ items: names.length, segments, totalSizeBytes: storedBytes, dropped: 0 })
}

/**
 * A store as a process sees it that is killed at its `at`th operation: that one
 * fails, having been done or not, and so does every later one.
 */
export function createDyingStore(inner: ObjectStore, at: number, isDone: boolean): ObjectStore {
  let operations = 0
  return aroundEachOperation(inner, async (operate) => {
    if (++operations < at) return operate()
    if (operations === at && isDone) await operate()
    throw gone()
  })
}

/**
 * A store as a process sees it until it is killed. A writer whose folder was taken from
 * it lives on within this process, and would store by itself what it could not keep.
 */
export function createMortalStore(inner: ObjectStore): { store: ObjectStore; kill: () => void } {
  let isKilled = false
  const store = aroundEachOperation(inner, async (operate) => {
    if (isKilled) throw gone()
    return operate()
  })
  return { store, kill: () => (isKilled = true) }
}

/** Everything that lies in a store. */
export type Snapshot = Map<string, Uint8Array>

export async function copyOf(store: ObjectStore): Promise<Snapshot> {
  const objects: Snapshot = new Map()
  for await (const { key } of store.list('')) objects.set(key, (await store.get(key)).body)
  return objects
}

/** The same objects in a store of the same name. */
export async function storeOf(snapshot: Snapshot, url: string): Promise<ObjectStore> {
  const store = new MemoryStore()
  Object.defineProperty(store, 'url', { value: url })
  for (const [key, body] of snapshot) await store.put(key, body)
  return store
}

function gone(): StorageError {
  return new StorageError('UNAVAILABLE', 'killed')
}
