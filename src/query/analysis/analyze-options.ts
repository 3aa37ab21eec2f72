// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { callback, checkOptions, count, expected, text } from '../../options/check-options'
import { type SessionLayout, checkSessionName } from '../../session/session-location'
import type { ObjectStore } from '../../storage/object-store'
import { optional } from 'valibot'
import { QueryError } from '../query-error'
import { sessionOptions } from '../session-options'

export interface AnalyzeOptions {
  /** Where the session lies: a store, or its URL. Default: as `openStore()` finds it. */
  store?: ObjectStore | string
  /** How its objects lie. Default: found by looking. */
  layout?: SessionLayout
  /** The id of a session of the same store, to tell what is different. */
  baseline?: string
  /** Only what arrived at this time or later; text is ISO 8601. The baseline is taken whole. */
  from?: Date | string
  /** Only what arrived before this time. */
  to?: Date | string
  /**
   * Spans that are analysed; what arrives beyond is counted in `leftOut`. As many log records
   * and data points. A span takes some 400 bytes of memory at the peak. Default 2,000,000.
   */
  maxSpans?: number
  /** Ends the analysis; it then rejects with `StorageFailure`. */
  signal?: AbortSignal
  /** Told, while the sessions are read, how many items of each have been. */
  onProgress?: (progress: AnalysisProgress) => void
}

export interface AnalysisProgress {
  /** The session that is being read. */
  readonly sessionId: string
  /** Spans, data points and log records. */
  readonly items: number
}

export interface AnalysisPlan extends Omit<AnalyzeOptions, 'from' | 'to'> {
  readonly fromUnixNano?: bigint
  readonly toUnixNano?: bigint
}

const time = expected<Date | string>(
  "a Date, or a time in ISO 8601 like '2026-11-20T13:00:00Z'",
  (value) => unixMillisOf(value) >= 0,
)

const entries = {
  ...sessionOptions,
  baseline: optional(text),
  from: optional(time),
  to: optional(time),
  maxSpans: optional(count),
  onProgress: optional(callback<(progress: AnalysisProgress) => void>()),
}

/** @throws QueryError of reason `InvalidConfig` that names the option and its value */
export function planAnalysis(sessionId: string, options: AnalyzeOptions): AnalysisPlan {
  const toError = (complaint: string): QueryError =>
    new QueryError('InvalidConfig', `analyzeSession: ${complaint}`, { sessionId })
  const { from, to, ...plan } = checkOptions(entries, options, toError)
  checkSessionName(sessionId, plan.layout)
  if (plan.baseline !== undefined) checkSessionName(plan.baseline)
  const fromUnixNano = from === undefined ? undefined : unixNanoOf(from)
  const toUnixNano = to === undefined ? undefined : unixNanoOf(to)
  if (fromUnixNano !== undefined && toUnixNano !== undefined && fromUnixNano >= toUnixNano) {
    throw toError(`nothing can lie between 'from' and 'to': the latter has to be later`)
  }
  return { ...plan, fromUnixNano, toUnixNano }
}

function unixMillisOf(value: unknown): number {
  if (value instanceof Date) return value.getTime()
  return typeof value === 'string' && /^\d{4}-\d{2}/.test(value) ? new Date(value).getTime() : NaN
}

function unixNanoOf(value: Date | string): bigint {
  return BigInt(unixMillisOf(value)) * 1_000_000n
}
