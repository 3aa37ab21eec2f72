// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SIGNALS, type Signal } from '../../otlp/signal'
import type { ObjectStore, OperationOptions } from '../../storage/object-store'
import { Membership, type WriterProgress } from '../membership'
import { SessionError } from '../session-error'
import { rawPrefix } from '../session-keys'
import { byArrival, kindOfFile, segmentOfFile } from './segment-file'
import { storeSpooledSegment } from './spooled-segment'
import { EMPTY_TOTALS, type SignalTotals, addTotals } from '../totals'
import { WriteAheadError } from './write-ahead-error'
import type { StoredOwner } from './write-ahead-owner'
import {
  type JournaledSegment,
  type SegmentContent,
  type StoreJournaledOptions,
  countStored,
  openJournaledSegment,
  storeJournaledSegment,
} from './write-ahead-segment'
import { type WriterAccount, readAccount } from '../writer-account'
import { type WriterSummary, readWriterSummary } from '../writer-summary'

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
  const { owner, folder } = options
  let segments = await findSegments(options)
  let account = await readAccount(folder)
  for (let attempt = 0; ; attempt++) {
    const sessionId = sessionIdOf(owner, attempt)
    try {
      return await recoverInto(sessionId, { segments, account }, options)
    } catch (error) {
      if (!isClosed(error) || attempt >= MAX_SESSIONS) throw error
      const told = await readWriterSummary(options.store, sessionId, owner.writerId, options)
      segments = await missingFrom(sessionId, segments, told, options)
      account = account && withoutTold(account, told)
      if (segments.length === 0) return { sessionId, segments: 0, items: 0 }
    }
  }
}

async function findSegments(options: RecoverWriterOptions): Promise<JournaledSegment[]> {
  const names = (await readdir(options.folder)).sort(byArrival)
  const segments = new Map<string, JournaledSegment>()
  for (const name of names) {
    const segment = await unlessForeign(options, () => openSegment(name, options))
    // Of one that is there itself, its note says nothing new.
    if (segment && segments.get(segment.key)?.kind !== 'spooled') segments.set(segment.key, segment)
  }
  return [...segments.values()]
}

/** `undefined` if the file holds no segment, or is about one that is in no store. */
async function openSegment(
  name: string,
  { store, folder, owner, onProblem, signal }: RecoverWriterOptions,
): Promise<JournaledSegment | undefined> {
  const { sessionId } = owner.description
  const kind = kindOfFile(name)
  const path = join(folder, name)
  if (kind === 'log') return openJournaledSegment(path, sessionId, onProblem)
  const named = kind === 'temporary' ? undefined : segmentOfFile(name, sessionId)
  if (kind === 'spooled') return named && { ...named, kind, path }
  if (kind !== 'noted' || named === undefined) return undefined
  // It was in memory alone: where it was not stored, it is lost.
  const isStored = (await store.head(named.key, { signal })) !== undefined
  return isStored ? { ...named, kind, path } : undefined
}

interface LeftBehind {
  readonly segments: readonly JournaledSegment[]
  readonly account: WriterAccount | undefined
}

/** Whether a session takes nothing any more, or nothing of this writer. */
function isClosed(error: unknown): boolean {
  if (!(error instanceof SessionError)) return false
  return error.code === 'SESSION_COMPLETED' || error.code === 'SESSION_ACTIVE'
}

async function recoverInto(
  sessionId: string,
  { segments, account }: LeftBehind,
  options: RecoverWriterOptions,
): Promise<RecoveredSegments> {
  const { store, owner, signal } = options
  const before = await readWriterSummary(store, sessionId, owner.writerId, { signal })
  const counted = new Set(before?.journaledSegments)
  const uncounted = segments.filter((segment) => !counted.has(keyIn(sessionId, segment, owner)))
  let progress = progressOf(before, account)
  // It stopped by its own word, or stored nothing: then there is nothing to say for it.
  const isTold = droppedItems(progress) <= (before ? droppedItems(before) : 0)
  if (uncounted.length === 0 && before?.state !== 'active' && isTold) {
    return { sessionId, segments: 0, items: 0 }
  }
  const membership = new Membership({
    store,
    description: { ...owner.description, sessionId },
    // Once it was in there, it stays so.
    join: before !== undefined || owner.join !== false,
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
      storeSegment(segment, key, { ...options, sessionId }),
    )
    // Nothing of it can be read, or it is gone since.
    if (content === undefined || content.totals.segments === 0) continue
    progress = withSegment(progress, segment, key, content)
    recovered.segments++
    recovered.items += content.totals.items
  }
  // A spool holds what was moved there; what else its writer had when it was killed is lost.
  const interrupted = owner.isSpool && account === undefined ? true : undefined
  await membership.report({ ...progress, interrupted }, 'stopped', { signal })
  return recovered
}

async function storeSegment(
  segment: JournaledSegment,
  key: string,
  options: StoreJournaledOptions,
): Promise<SegmentContent | undefined> {
  if (segment.kind === 'log') return storeJournaledSegment(segment, key, options)
  if (segment.kind === 'spooled') return storeSpooledSegment(segment, key, options)
  return countStored(key, options)
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

function progressOf(
  summary: WriterSummary | undefined,
  account: WriterAccount | undefined,
): WriterProgress {
  const { signals = NO_TOTALS, serviceNames = [], journaledSegments = [] } = summary ?? {}
  const of = (signal: Signal): SignalTotals => withDrops(signals[signal], account?.signals[signal])
  const counted = { traces: of('traces'), metrics: of('metrics'), logs: of('logs') }
  return { signals: counted, serviceNames, journaledSegments }
}

/** What was left out is counted in both, so the greater says more; what was spooled is no more. */
function withDrops(totals: SignalTotals, account: SignalTotals | undefined): SignalTotals {
  const { sampledOutItems = 0 } = totals
  return {
    ...totals,
    droppedItems: Math.max(totals.droppedItems, account?.droppedItems ?? 0),
    droppedBatches: Math.max(totals.droppedBatches, account?.droppedBatches ?? 0),
    sampledOutItems: Math.max(sampledOutItems, account?.sampledOutItems ?? 0) || undefined,
    spooledItems: undefined,
  }
}

/** What a closed session says already must not be said again beside it. */
function withoutTold(account: WriterAccount, told: WriterSummary | undefined): WriterAccount {
  const of = (signal: Signal): SignalTotals => {
    const [counted, before = EMPTY_TOTALS] = [account.signals[signal], told?.signals[signal]]
    return {
      ...counted,
      droppedItems: counted.droppedItems - before.droppedItems,
      droppedBatches: counted.droppedBatches - before.droppedBatches,
      sampledOutItems: (counted.sampledOutItems ?? 0) - (before.sampledOutItems ?? 0) || undefined,
    }
  }
  return { signals: { traces: of('traces'), metrics: of('metrics'), logs: of('logs') } }
}

function droppedItems({ signals }: Pick<WriterProgress, 'signals'>): number {
  return SIGNALS.reduce((sum, signal) => sum + signals[signal].droppedItems, 0)
}

async function missingFrom(
  sessionId: string,
  segments: readonly JournaledSegment[],
  summary: WriterSummary | undefined,
  { store, owner, signal }: RecoverWriterOptions,
): Promise<JournaledSegment[]> {
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
