// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import { SIGNALS, type Signal } from '../otlp/signal'
import { SessionError } from './session-error'
import { sessionPrefix } from './session-keys'
import { EMPTY_TOTALS, type SignalTotals, addTotals, signalTotalsSchema } from './totals'

/** The format that this version writes; docs/format.md describes it. */
export const FORMAT_VERSION = 1

/**
 * - `active`: a writer that lives is recording into it
 * - `completed`: its last writer stopped; it is never written again
 * - `failed`: its writers died, or could not reach the store, before it was completed
 */
export type SessionStatus = 'active' | 'completed' | 'failed'

/** What is known of a session without reading its segments: `metadata.json`. */
export interface SessionMetadata {
  formatVersion: number
  sessionId: string
  /** The session of another system that this one belongs to. */
  diagnosticSessionId?: string
  description?: string
  createdBy: string
  /** Feature flags that were on while it was recorded. */
  enabledFlags: string[]
  /** ISO 8601, UTC. */
  startTime: string
  /** ISO 8601, UTC. */
  endTime?: string
  status: SessionStatus
  /** Spans. */
  capturedTraces: number
  /** Metric data points. */
  capturedMetrics: number
  /** Log records. */
  capturedLogs: number
  /** Bytes of all segments as they are stored, compressed. */
  totalSizeBytes: number
  /** Under which the session's objects lie, ending with `/`; empty for a whole store. */
  s3Prefix: string
  /** Present if another tool wrote them. Nobody stores it. */
  layout?: 'awss3'
  /** Processes that have recorded into the session. */
  writers: number
  /** Those among them that ended without saying so. */
  interruptedWriters: number
  /** Totals by signal, drops included. */
  signals: Record<Signal, SignalTotals>
  /** `service.name` of every resource seen, sorted; the first thousand. */
  serviceNames: string[]
}

/** What a session is told about itself by whoever creates it. */
export type SessionDescription = Pick<
  SessionMetadata,
  'sessionId' | 'diagnosticSessionId' | 'description' | 'createdBy' | 'enabledFlags'
>

/** A session in which nothing has been recorded yet. */
export function emptyMetadata(
  description: SessionDescription,
  startTime: string,
  s3Prefix: string = sessionPrefix(description.sessionId),
): SessionMetadata {
  return {
    formatVersion: FORMAT_VERSION,
    ...description,
    startTime,
    status: 'active',
    capturedTraces: 0,
    capturedMetrics: 0,
    capturedLogs: 0,
    totalSizeBytes: 0,
    s3Prefix,
    writers: 1,
    interruptedWriters: 0,
    signals: { traces: EMPTY_TOTALS, metrics: EMPTY_TOTALS, logs: EMPTY_TOTALS },
    serviceNames: [],
  }
}

/** JSON can say 1e999, and has no way to write what that is read as. */
const finite = v.pipe(v.number(), v.finite())

const metadataSchema = v.object({
  formatVersion: v.pipe(v.number(), v.integer(), v.minValue(1)),
  sessionId: v.string(),
  diagnosticSessionId: v.optional(v.string()),
  description: v.optional(v.string()),
  createdBy: v.string(),
  enabledFlags: v.array(v.string()),
  startTime: v.string(),
  endTime: v.optional(v.string()),
  status: v.picklist(['active', 'completed', 'failed']),
  capturedTraces: finite,
  capturedMetrics: finite,
  capturedLogs: finite,
  totalSizeBytes: finite,
  s3Prefix: v.string(),
  writers: finite,
  interruptedWriters: finite,
  signals: v.object({
    traces: signalTotalsSchema,
    metrics: signalTotalsSchema,
    logs: signalTotalsSchema,
  }),
  serviceNames: v.array(v.string()),
})

/**
 * Whose it is, and where that lies, is said by where it was found: one that names another
 * session could have that one removed in its place.
 */
export function parseMetadata(json: Uint8Array, sessionId: string): SessionMetadata {
  try {
    const metadata = v.parse(metadataSchema, JSON.parse(Buffer.from(json).toString('utf8')))
    return { ...metadata, sessionId, s3Prefix: sessionPrefix(sessionId) }
  } catch (error) {
    throw new SessionError(
      'METADATA_CORRUPTED',
      `metadata.json of session '${sessionId}' can't be read: ${(error as Error).message}. ` +
        `Run 'otel-tape sessions repair ${sessionId}' to make it anew from the segments.`,
      sessionId,
      { cause: error },
    )
  }
}

export function serializeMetadata(metadata: SessionMetadata): Uint8Array {
  return Buffer.from(`${JSON.stringify(metadata, null, 2)}\n`)
}

const MAX_SERVICE_NAMES = 1000

/** `metadata` with its totals replaced by the sum of what its writers recorded. */
export function withTotals(
  metadata: SessionMetadata,
  parts: readonly { signals: Record<Signal, SignalTotals>; serviceNames: readonly string[] }[],
): SessionMetadata {
  const sum = (signal: Signal): SignalTotals =>
    parts.reduce((total, part) => addTotals(total, part.signals[signal]), EMPTY_TOTALS)
  const signals = { traces: sum('traces'), metrics: sum('metrics'), logs: sum('logs') }
  return {
    ...metadata,
    signals,
    capturedTraces: signals.traces.items,
    capturedMetrics: signals.metrics.items,
    capturedLogs: signals.logs.items,
    totalSizeBytes: SIGNALS.reduce((bytes, signal) => bytes + signals[signal].storedBytes, 0),
    serviceNames: [...new Set(parts.flatMap((part) => part.serviceNames))]
      .sort()
      .slice(0, MAX_SERVICE_NAMES),
  }
}
