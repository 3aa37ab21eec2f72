// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import type { Signal } from '../otlp/signal'
import type { ObjectStore, OperationOptions } from '../storage/object-store'
import { isStorageError } from '../storage/storage-error'
import { isKnownDead } from './process-identity'
import { writerKey, writersPrefix } from './session-keys'
import { type SignalTotals, signalTotalsSchema } from './totals'

/**
 * What one writer has stored, in an object that it alone writes, so that the
 * totals of a session need no lock: they are the sum.
 */
export interface WriterSummary {
  writerId: string
  /** A writer that says `stopped` has stored all that it will. */
  state: 'active' | 'stopped'
  /** ISO 8601, UTC. */
  startTime: string
  /** ISO 8601, UTC. Not older than `heartbeatMillis` while the writer lives. */
  updatedAt: string
  heartbeatMillis: number
  process: { host: string; pid: number; pidScope?: string }
  signals: Record<Signal, SignalTotals>
  serviceNames: string[]
  /**
   * Segments that are counted here and may still lie in the writer's write-ahead
   * folder: whoever recovers it must not count them again.
   */
  journaledSegments?: string[]
  /**
   * Its process was killed, and somebody else told what it left and that it stopped:
   * what it had only in memory is lost.
   */
  interrupted?: boolean
}

const summarySchema = v.object({
  writerId: v.string(),
  state: v.picklist(['active', 'stopped']),
  startTime: v.string(),
  updatedAt: v.string(),
  heartbeatMillis: v.number(),
  process: v.object({ host: v.string(), pid: v.number(), pidScope: v.optional(v.string()) }),
  signals: v.object({
    traces: signalTotalsSchema,
    metrics: signalTotalsSchema,
    logs: signalTotalsSchema,
  }),
  serviceNames: v.array(v.string()),
  journaledSegments: v.optional(v.array(v.string())),
  interrupted: v.optional(v.boolean()),
})

/** Heartbeats a living writer may miss: a slow store delays them. */
const MISSED_HEARTBEATS = 4

/** Whether the writer may still be recording. */
export function isLiving(summary: WriterSummary, nowMillis = Date.now()): boolean {
  if (summary.state === 'stopped') return false
  const silentMillis = nowMillis - Date.parse(summary.updatedAt)
  return silentMillis < summary.heartbeatMillis * MISSED_HEARTBEATS && !isKnownDead(summary.process)
}

/** Whether the writer has stopped by its own word, with all that it had stored or counted. */
export function hasStopped({ state, interrupted }: WriterSummary): boolean {
  return state === 'stopped' && interrupted !== true
}

export interface ReadSummariesOptions extends OperationOptions {
  /** Told of each object that is no summary. */
  onUnreadable?: (key: string, message: string) => void
}

/** The summaries of all writers of a session; what can't be read as one is left out. */
export async function readWriterSummaries(
  store: ObjectStore,
  sessionId: string,
  options: ReadSummariesOptions = {},
): Promise<WriterSummary[]> {
  const summaries: WriterSummary[] = []
  for await (const { key } of store.list(writersPrefix(sessionId), options)) {
    const summary = await readSummary(store, key, options)
    if (summary) summaries.push(summary)
  }
  return summaries
}

/** The summary of one writer; `undefined` if there is none that can be read. */
export function readWriterSummary(
  store: ObjectStore,
  sessionId: string,
  writerId: string,
  options: OperationOptions = {},
): Promise<WriterSummary | undefined> {
  return readSummary(store, writerKey(sessionId, writerId), options)
}

async function readSummary(
  store: ObjectStore,
  key: string,
  { onUnreadable, ...options }: ReadSummariesOptions,
): Promise<WriterSummary | undefined> {
  try {
    const { body } = await store.get(key, options)
    return v.parse(summarySchema, JSON.parse(Buffer.from(body).toString('utf8')))
  } catch (error) {
    // Removed in between: the others still count.
    if (isStorageError(error, 'NOT_FOUND')) return undefined
    // Cut short, or by another tool.
    const isUnreadable = error instanceof SyntaxError || error instanceof v.ValiError
    if (!isUnreadable) throw error
    onUnreadable?.(key, `it is no writer's summary: ${error.message}`)
    return undefined
  }
}

export function serializeWriterSummary(summary: WriterSummary): Uint8Array {
  return Buffer.from(`${JSON.stringify(summary, null, 2)}\n`)
}
