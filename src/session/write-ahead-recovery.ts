// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ObjectStore, OperationOptions } from '../storage/object-store'
import { Membership, type WriterProgress } from './membership'
import { SessionError } from './session-error'
import { rawPrefix } from './session-keys'
import { EMPTY_TOTALS, addTotals } from './totals'
import { WriteAheadError } from './write-ahead-error'
import { SEGMENT_LOG_SUFFIX } from './write-ahead-journal'
import type { StoredOwner } from './write-ahead-owner'
import {
  type JournaledSegment,
  type SegmentContent,
  openJournaledSegment,
  storeJournaledSegment,
} from './write-ahead-segment'
import { type WriterSummary, readWriterSummary } from './writer-summary'

export interface RecoverWriterOptions extends OperationOptions {
  store: ObjectStore
  /** The dead writer's folder, which nobody else touches. */
  folder: string
  owner: StoredOwner
  onProblem: (problem: WriteAheadError) => void
}

/** What was found of a dead writer, and is in its session now. */
export interface RecoveredSegments {
  /** Another one than it was recorded into if that has been completed in between. */
  readonly sessionId: string
  /** Those that nobody had counted; the writer itself may have stored some of them. */
  readonly segments: number
  /** Spans, data points and log records in them. */
  readonly items: number
}

const NO_TOTALS = { traces: EMPTY_TOTALS, metrics: EMPTY_TOTALS, logs: EMPTY_TOTALS }
const MAX_SERVICE_NAMES = 1000
const MAX_SESSION_ID_LENGTH = 128
/** Recovery says that it lives at its beginning only; a slow store must not make it look dead. */
const HEARTBEAT_MILLIS = 60_000
/** Sessions to go on in, one after the other, when somebody completes each. */
const MAX_SESSIONS = 20

/**
 * Goes on for a dead writer: stores what it left under the keys that it had
 * chosen, counts that into its summary, and says that it stopped. Each of these
 * steps can be repeated, so that a recovery which is killed is simply done again.
 *
 * A completed session is never written again: what it does not have goes into a
 * session beside it.
 */
export async function recoverWriter(options: RecoverWriterOptions): Promise<RecoveredSegments> {
  const { owner } = options
  let segments = await findSegments(options)
  for (let attempt = 0; ; attempt++) {
    const sessionId = sessionIdOf(owner, attempt)
    try {
      return await recoverInto(sessionId, segments, options)
    } catch (error) {
      const isCompleted = error instanceof SessionError && error.code === 'SESSION_COMPLETED'
      if (!isCompleted || attempt >= MAX_SESSIONS) throw error
      segments = await missingFrom(sessionId, segments, options)
      if (segments.length === 0) return { sessionId, segments: 0, items: 0 }
    }
  }
}

async function findSegments(options: RecoverWriterOptions): Promise<JournaledSegment[]> {
  const { folder, owner } = options
  const segments: JournaledSegment[] = []
  for (const name of (await readdir(folder)).sort()) {
    if (!name.endsWith(SEGMENT_LOG_SUFFIX)) continue
    const segment = await unlessForeign(options, () =>
      openJournaledSegment(join(folder, name), owner.description.sessionId, options.onProblem),
    )
    if (segment) segments.push(segment)
  }
  return segments
}

async function recoverInto(
  sessionId: string,
  segments: readonly JournaledSegment[],
  options: RecoverWriterOptions,
): Promise<RecoveredSegments> {
  const { store, owner, signal } = options
  const before = await readWriterSummary(store, sessionId, owner.writerId, { signal })
  const counted = new Set(before?.journaledSegments)
  const uncounted = segments.filter((segment) => !counted.has(keyIn(sessionId, segment, owner)))
  // It stopped by its own word, or stored nothing: then there is nothing to say for it.
  if (uncounted.length === 0 && before?.state !== 'active') {
    return { sessionId, segments: 0, items: 0 }
  }
  let progress = progressOf(before)
  const membership = new Membership({
    store,
    description: { ...owner.description, sessionId },
    join: true,
    heartbeatMillis: HEARTBEAT_MILLIS,
    deadWriter: {
      writerId: owner.writerId,
      startTime: owner.startTime,
      progress: before && progress,
    },
  })
  await membership.enter({ signal })
  const recovered = { sessionId, segments: 0, items: 0 }
  for (const segment of uncounted) {
    const key = keyIn(sessionId, segment, owner)
    const content = await unlessForeign(options, () =>
      storeJournaledSegment(segment, key, { ...options, sessionId }),
    )
    if (content === undefined) continue
    progress = withSegment(progress, segment, key, content)
    recovered.segments++
    recovered.items += content.totals.items
  }
  await membership.report(progress, 'stopped', { signal })
  return recovered
}

/** One file that is none of ours must not keep the others from being recovered. */
async function unlessForeign<T>(
  { onProblem }: RecoverWriterOptions,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof WriteAheadError)) throw error
    onProblem(error)
    return undefined
  }
}

function progressOf(summary: WriterSummary | undefined): WriterProgress {
  const { signals = NO_TOTALS, serviceNames = [], journaledSegments = [] } = summary ?? {}
  return { signals, serviceNames, journaledSegments }
}

async function missingFrom(
  sessionId: string,
  segments: readonly JournaledSegment[],
  { store, owner, signal }: RecoverWriterOptions,
): Promise<JournaledSegment[]> {
  const summary = await readWriterSummary(store, sessionId, owner.writerId, { signal })
  const missing: JournaledSegment[] = []
  for (const segment of segments) {
    const key = keyIn(sessionId, segment, owner)
    if (summary?.journaledSegments?.includes(key)) continue
    if ((await store.head(key, { signal })) === undefined) missing.push(segment)
  }
  return missing
}

/** The session that the writer recorded into; then those beside it, the same at every attempt. */
function sessionIdOf({ description, writerId }: StoredOwner, attempt: number): string {
  if (attempt === 0) return description.sessionId
  const suffix = `.recovered-${writerId.slice(0, 8)}${attempt > 1 ? `-${attempt}` : ''}`
  return `${description.sessionId.slice(0, MAX_SESSION_ID_LENGTH - suffix.length)}${suffix}`
}

function keyIn(sessionId: string, { key }: JournaledSegment, { description }: StoredOwner): string {
  return `${rawPrefix(sessionId)}${key.slice(rawPrefix(description.sessionId).length)}`
}

function withSegment(
  progress: WriterProgress,
  { signal }: JournaledSegment,
  key: string,
  { totals, serviceNames }: SegmentContent,
): WriterProgress {
  const signals = { ...progress.signals }
  signals[signal] = addTotals(signals[signal], totals)
  return {
    signals,
    serviceNames: [...new Set([...progress.serviceNames, ...serviceNames])]
      .sort()
      .slice(0, MAX_SERVICE_NAMES),
    journaledSegments: [...(progress.journaledSegments ?? []), key],
  }
}
