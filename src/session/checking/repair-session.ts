// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../../otlp/signal'
import type { ObjectStore, OperationOptions } from '../../storage/object-store'
import { StorageError, isStorageError } from '../../storage/storage-error'
import { ContentTally } from './content-tally'
import type { FoundDamage } from '../damage'
import { type SessionMetadata, emptyMetadata, serializeMetadata, withTotals } from '../metadata'
import {
  type SessionAccount,
  readSessionAccount,
  sumOfSignals,
  sumOfWriters,
} from './session-account'
import { SessionError } from '../session-error'
import { metadataKey, rawPrefix } from '../session-keys'
import { locateOwnSession, sessionNotFound } from '../session-location'
import type { SignalTotals } from '../totals'
import { verifyObject } from './verify-object'
import { hasStopped, isLiving } from '../writer-summary'

export interface RepairOptions extends OperationOptions {
  /** Told of each piece that is damaged. It stays so; what is around it is counted. */
  onDamage?: (damage: FoundDamage) => void
}

/**
 * Completes a session whose writers are gone, and counts anew what it holds, whatever
 * its metadata says: also of one that is completed with wrong totals, or whose
 * `metadata.json` is damaged or gone. What its writers said that they had dropped stays.
 * Segments are read and not changed.
 *
 * Items in a damaged block count as stored if its header still tells how many they are.
 *
 * Rejects with `SessionError` of code `SESSION_ACTIVE` while a writer lives,
 * `SESSION_COMPLETED` if another tool wrote it, `SESSION_NOT_FOUND`; with
 * `StorageError` if an object can't be fetched: a store in trouble must not make totals wrong.
 */
export async function repairSession(
  store: ObjectStore,
  sessionId: string,
  options: RepairOptions = {},
): Promise<SessionMetadata> {
  const { signal } = options
  await locateOwnSession(store, sessionId, { signal })
  const account = await readSessionAccount(store, sessionId, { signal })
  const living = account.summaries.find((summary) => isLiving(summary))
  if (living) {
    throw new SessionError(
      'SESSION_ACTIVE',
      `session '${sessionId}' is being recorded by process ${living.process.pid} on ` +
        `'${living.process.host}'; stop it first`,
      sessionId,
    )
  }
  const content = await countContent(store, sessionId, options)
  if (account.etag === undefined && content.isEmpty) throw sessionNotFound(store, sessionId)
  const repaired = describe(sessionId, account, content)
  await replaceMetadata(store, repaired, account, { signal })
  return repaired
}

async function countContent(
  store: ObjectStore,
  sessionId: string,
  { signal, onDamage }: RepairOptions,
): Promise<ContentTally> {
  const tally = new ContentTally()
  const report = (damage: FoundDamage): void => {
    if (damage.reason === 'unreadable') throw uncountable(sessionId, damage)
    onDamage?.(damage)
  }
  for await (const object of store.list(rawPrefix(sessionId), { signal })) {
    await verifyObject(object, tally, { store, signal, onDamage: report })
  }
  return tally
}

function uncountable(sessionId: string, { key, message }: FoundDamage): StorageError {
  return new StorageError(
    'FAILED',
    `session '${sessionId}' can't be counted and is left as it is: ${message}`,
    key,
  )
}

function describe(
  sessionId: string,
  account: SessionAccount,
  content: ContentTally,
): SessionMetadata {
  const { metadata, summaries } = account
  const base = metadata ?? describeAnew(sessionId, account, content)
  const counted = content.totals()
  const known = sumOfWriters(summaries)
  const totalsOf = (signal: Signal): SignalTotals => ({
    ...counted[signal],
    ...notStored(known[signal], base.signals[signal]),
  })
  const signals = {
    traces: totalsOf('traces'),
    metrics: totalsOf('metrics'),
    logs: totalsOf('logs'),
  }
  const lastSeen = summaries.map(({ updatedAt }) => updatedAt).sort()
  const interrupted = summaries.filter((summary) => !hasStopped(summary)).length
  // One that counted as gone when the session was completed may have stopped by its own word since.
  const isEachKnown = summaries.length >= base.writers
  return {
    ...withTotals(base, [{ signals, serviceNames: content.serviceNames }]),
    status: 'completed',
    endTime: base.endTime ?? lastSeen.at(-1) ?? new Date().toISOString(),
    // Each has a summary, unless that got lost.
    writers: Math.max(base.status === 'completed' ? base.writers : 0, summaries.length),
    interruptedWriters: isEachKnown ? interrupted : Math.max(base.interruptedWriters, interrupted),
  }
}

/**
 * What segments can't tell, as writers have told it. Of a completed session it is in the
 * metadata as well, and a summary may have been lost since.
 */
function notStored(byWriters: SignalTotals, byMetadata: SignalTotals): Partial<SignalTotals> {
  const most = (field: 'droppedItems' | 'droppedBatches' | 'sampledOutItems'): number =>
    Math.max(byWriters[field] ?? 0, byMetadata[field] ?? 0)
  return {
    droppedItems: most('droppedItems'),
    droppedBatches: most('droppedBatches'),
    sampledOutItems: most('sampledOutItems') || undefined,
    spooledItems: byWriters.spooledItems,
  }
}

/** What can still be told of a session of which no metadata is left. */
function describeAnew(
  sessionId: string,
  { summaries }: SessionAccount,
  content: ContentTally,
): SessionMetadata {
  const { firstArrivalUnixNano } = sumOfSignals(content.totals())
  const firstMillis = firstArrivalUnixNano && Number(BigInt(firstArrivalUnixNano) / 1_000_000n)
  const [startTime] = summaries.map((summary) => summary.startTime).sort()
  const start = startTime ?? new Date(firstMillis || Date.now()).toISOString()
  return emptyMetadata({ sessionId, createdBy: 'unknown', enabledFlags: [] }, start)
}

async function replaceMetadata(
  store: ObjectStore,
  metadata: SessionMetadata,
  { etag }: SessionAccount,
  options: OperationOptions,
): Promise<void> {
  const { sessionId } = metadata
  const condition = etag === undefined ? { ifAbsent: true } : { ifMatch: etag }
  try {
    const body = serializeMetadata(metadata)
    await store.put(metadataKey(sessionId), body, { ...options, ...condition })
  } catch (error) {
    if (!isStorageError(error, 'PRECONDITION_FAILED')) throw error
    throw new SessionError(
      'SESSION_ACTIVE',
      `metadata.json of session '${sessionId}' was changed while it was repaired; try again`,
      sessionId,
      { cause: error },
    )
  }
}
