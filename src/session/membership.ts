// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { SIGNALS, type Signal } from '../otlp/signal'
import type { ObjectStore, OperationOptions } from '../storage/object-store'
import { isStorageError } from '../storage/storage-error'
import {
  type SessionDescription,
  type SessionMetadata,
  emptyMetadata,
  parseMetadata,
  serializeMetadata,
  withTotals,
} from './metadata'
import { ownIdentity } from './process-identity'
import { SessionError } from './session-error'
import { metadataKey, writerKey } from './session-keys'
import { EMPTY_TOTALS, type SignalTotals } from './totals'
import {
  type WriterSummary,
  hasStopped,
  isLiving,
  readWriterSummaries,
  serializeWriterSummary,
} from './writer-summary'

export interface MembershipOptions {
  store: ObjectStore
  description: SessionDescription
  /** Whether to record into a session that exists and is not completed. */
  join: boolean
  heartbeatMillis: number
  /** A writer that died, to go on for it. Default: a new one. */
  deadWriter?: DeadWriter
}

/** A writer that others can go on for. */
export interface DeadWriter {
  readonly writerId: string
  /** ISO 8601, UTC. */
  readonly startTime: string
  /** What it last said that it had stored, if it said so. */
  readonly progress?: WriterProgress
}

/** What a writer has stored so far. */
export type WriterProgress = Pick<
  WriterSummary,
  'signals' | 'serviceNames' | 'journaledSegments' | 'interrupted'
>

const NOTHING_YET: WriterProgress = {
  signals: { traces: EMPTY_TOTALS, metrics: EMPTY_TOTALS, logs: EMPTY_TOTALS },
  serviceNames: [],
}
const MAX_CONFLICTS = 50

/**
 * One writer's part in a session, kept by conditional writes alone.
 *
 * The race to prevent: a session is completed in the moment in which somebody
 * joins. So a joiner first shows its summary and then changes `metadata.json`;
 * whoever completes first reads `metadata.json`, then looks for living
 * summaries, then writes on the condition that nothing has changed. Whichever
 * of the two writes `metadata.json` second is refused and looks again.
 */
export class Membership {
  readonly writerId: string
  readonly #options: MembershipOptions
  readonly #startTime: string
  /** It was tried, and nobody said that it failed or that it worked. */
  #mayHaveCreated = false

  constructor(options: MembershipOptions) {
    this.#options = options
    this.writerId = options.deadWriter?.writerId ?? randomUUID()
    this.#startTime = options.deadWriter?.startTime ?? new Date().toISOString()
  }

  get #sessionId(): string {
    return this.#options.description.sessionId
  }

  /** Creates the session, or joins it. Throws `SessionError` when that is not allowed. */
  async enter(options: OperationOptions = {}): Promise<void> {
    const { store, deadWriter } = this.#options
    const key = metadataKey(this.#sessionId)
    this.#checkMayEnter(await readMetadata(store, this.#sessionId, options))
    await this.report(deadWriter?.progress ?? NOTHING_YET, 'active', options)
    try {
      for (let conflicts = 0; ; conflicts++) {
        const existing = await readMetadata(store, this.#sessionId, options)
        if (this.#isOurs(existing)) return
        this.#checkMayEnter(existing)
        const next = existing
          ? { ...existing.metadata, writers: existing.metadata.writers + 1 }
          : emptyMetadata(this.#options.description, this.#startTime)
        const condition = existing ? { ifMatch: existing.etag } : { ifAbsent: true }
        this.#mayHaveCreated = existing === undefined
        if (await putIf(store, key, next, { ...options, ...condition })) return
        this.#mayHaveCreated = false
        await afterConflict(conflicts, this.#sessionId, options)
      }
    } catch (error) {
      // A dead writer's summary counts what it stored.
      if (deadWriter?.progress) throw error
      // A summary of a writer that never was would keep the session open.
      await store.delete(writerKey(this.#sessionId, this.writerId)).catch(() => undefined)
      throw error
    }
  }

  /** Says what this writer has stored, and that it lives (or has stopped). */
  async report(
    progress: WriterProgress,
    state: WriterSummary['state'],
    options: OperationOptions = {},
  ): Promise<void> {
    const summary: WriterSummary = {
      writerId: this.writerId,
      state,
      startTime: this.#startTime,
      updatedAt: new Date().toISOString(),
      heartbeatMillis: this.#options.heartbeatMillis,
      process: ownIdentity(),
      ...progress,
    }
    const key = writerKey(this.#sessionId, this.writerId)
    await this.#options.store.put(key, serializeWriterSummary(summary), options)
  }

  /** Stops, and completes the session when no other writer lives. */
  async leave(progress: WriterProgress, options: OperationOptions = {}): Promise<SessionMetadata> {
    const { store } = this.#options
    await this.report(progress, 'stopped', options)
    const metadata = await completeIfDeserted(store, this.#sessionId, options)
    // Somebody may have taken us for dead, whose clock differs, or while the store was away.
    const isMissed = metadata.status === 'completed' && metadata.interruptedWriters > 0
    return isMissed ? countLateWriters(store, this.#sessionId, options) : metadata
  }

  /** Whether an attempt that seemed to fail has created the session: the answer got lost. */
  #isOurs(existing: { metadata: SessionMetadata } | undefined): boolean {
    if (!this.#mayHaveCreated || existing === undefined) return false
    const { startTime, status } = existing.metadata
    return startTime === this.#startTime && status === 'active'
  }

  #checkMayEnter(existing: { metadata: SessionMetadata } | undefined): void {
    if (existing === undefined || this.#isOurs(existing)) return
    const id = this.#sessionId
    if (existing.metadata.status === 'completed') {
      throw new SessionError(
        'SESSION_COMPLETED',
        `session '${id}' was completed at ${existing.metadata.endTime} and is not written again; ` +
          `choose another session id, or remove it with 'otel-tape sessions remove ${id}'`,
        id,
      )
    }
    if (!this.#options.join) {
      throw new SessionError(
        'SESSION_ACTIVE',
        `session '${id}' exists since ${existing.metadata.startTime} and join is false; ` +
          `choose another session id, or let join be true`,
        id,
      )
    }
  }
}

/** `metadata.json` and the etag under which it may be replaced; `undefined` if there is none. */
export async function readMetadata(
  store: ObjectStore,
  sessionId: string,
  options: OperationOptions = {},
): Promise<{ metadata: SessionMetadata; etag: string } | undefined> {
  try {
    const { body, etag } = await store.get(metadataKey(sessionId), options)
    return { metadata: parseMetadata(body, sessionId), etag }
  } catch (error) {
    if (isStorageError(error, 'NOT_FOUND')) return undefined
    throw error
  }
}

/** Completes a session that no writer records into any more; gives it back as it then is. */
export async function completeIfDeserted(
  store: ObjectStore,
  sessionId: string,
  options: OperationOptions = {},
): Promise<SessionMetadata> {
  for (let conflicts = 0; ; conflicts++) {
    const existing = await readMetadata(store, sessionId, options)
    if (existing === undefined) throw removedMeanwhile(store, sessionId)
    if (existing.metadata.status === 'completed') return existing.metadata
    const summaries = await readWriterSummaries(store, sessionId, options)
    const current = withTotals(existing.metadata, summaries)
    if (summaries.some((summary) => isLiving(summary))) return current
    const completed: SessionMetadata = {
      ...current,
      status: 'completed',
      endTime: new Date().toISOString(),
      // Each has one, however often it had to enter.
      writers: summaries.length,
      interruptedWriters: summaries.filter((summary) => !hasStopped(summary)).length,
    }
    const condition = { ...options, ifMatch: existing.etag }
    if (await putIf(store, metadataKey(sessionId), completed, condition)) return completed
    await afterConflict(conflicts, sessionId, options)
  }
}

/**
 * Corrects the totals of a completed session to which writers that counted as dead have
 * added since. Nothing else of it is changed.
 */
async function countLateWriters(
  store: ObjectStore,
  sessionId: string,
  options: OperationOptions,
): Promise<SessionMetadata> {
  for (let conflicts = 0; ; conflicts++) {
    const existing = await readMetadata(store, sessionId, options)
    if (existing === undefined) throw removedMeanwhile(store, sessionId)
    const { metadata, etag } = existing
    const summaries = await readWriterSummaries(store, sessionId, options)
    const counted = withTotals(metadata, summaries)
    // Counted from its segments, it may have more than its writers could say.
    const largest = (signal: Signal): SignalTotals =>
      counted.signals[signal].items > metadata.signals[signal].items
        ? counted.signals[signal]
        : metadata.signals[signal]
    if (SIGNALS.every((signal) => largest(signal) === metadata.signals[signal])) return metadata
    const signals = {
      traces: largest('traces'),
      metrics: largest('metrics'),
      logs: largest('logs'),
    }
    const serviceNames = [...metadata.serviceNames, ...counted.serviceNames]
    const interruptedWriters = summaries.filter((summary) => !hasStopped(summary)).length
    const corrected = withTotals({ ...metadata, interruptedWriters }, [{ signals, serviceNames }])
    const condition = { ...options, ifMatch: etag }
    if (await putIf(store, metadataKey(sessionId), corrected, condition)) return corrected
    await afterConflict(conflicts, sessionId, options)
  }
}

function removedMeanwhile(store: ObjectStore, sessionId: string): SessionError {
  return new SessionError(
    'SESSION_NOT_FOUND',
    `session '${sessionId}' was removed from ${store.url} while it was being recorded`,
    sessionId,
  )
}

async function putIf(
  store: ObjectStore,
  key: string,
  metadata: SessionMetadata,
  condition: { ifAbsent?: boolean; ifMatch?: string; signal?: AbortSignal },
): Promise<boolean> {
  try {
    await store.put(key, serializeMetadata(metadata), condition)
    return true
  } catch (error) {
    if (isStorageError(error, 'PRECONDITION_FAILED')) return false
    throw error
  }
}

/** Lets the others go first, for a time that grows: eight writers start at once. */
async function afterConflict(
  conflicts: number,
  sessionId: string,
  { signal }: OperationOptions,
): Promise<void> {
  if (conflicts >= MAX_CONFLICTS) {
    throw new SessionError(
      'METADATA_CORRUPTED',
      `metadata.json of session '${sessionId}' changed under ${conflicts} attempts to write it`,
      sessionId,
    )
  }
  const ceilingMillis = Math.min(1000, 20 * 2 ** Math.min(conflicts, 6))
  await sleep(Math.random() * ceilingMillis, undefined, { signal })
}
