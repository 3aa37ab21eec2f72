// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Attributes } from '@opentelemetry/api'
import * as v from 'valibot'
import { callback, checkOptions, expected, withoutUndefined } from '../options/check-options'
import { decodeSpans } from '../otlp/decode-spans'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import type { ReadableSpan } from '../otlp/sdk-types'
import { unixNano } from '../otlp/unix-nano'
import type { Damage } from '../session/damage'
import { readRecentBatches } from '../session/reading/recent-batches'
import type { RecordedBatch } from '../session/reading/session-reader'
import type { SessionLayout } from '../session/session-location'
import type { ObjectStore } from '../storage/object-store'
import { useStore } from '../storage/use-store'
import { malformedBatch } from './malformed-batch'
import { QueryError, toQueryError } from './query-error'
import { sessionOptions } from './session-options'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 10_000

export interface RecentSpansOptions {
  /** A store, or a URL for `openStore`. Default: see `openStore`. */
  store?: ObjectStore | string
  /** How the session's objects lie. Default: found by looking. */
  layout?: SessionLayout
  /** Called for each piece that could not be read; its spans are left out. */
  onDamage?: (damage: Damage) => void
  signal?: AbortSignal
}

/** A span for people and programs to look at. */
export interface RecentSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER' | 'UNSPECIFIED'
  /** The resource's `service.name`. */
  readonly serviceName?: string
  readonly startTimeUnixNano: bigint
  readonly endTimeUnixNano: bigint
  readonly durationNanos: bigint
  readonly status: { readonly code: 'UNSET' | 'OK' | 'ERROR'; readonly message?: string }
  readonly attributes: Attributes
  readonly events: readonly {
    readonly name: string
    readonly timeUnixNano: bigint
    readonly attributes: Attributes
  }[]
}

const OPTIONS = {
  limit: v.optional(
    expected<number>(
      `a whole number from 1 to ${MAX_LIMIT}`,
      (value) =>
        Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= MAX_LIMIT,
    ),
  ),
  ...sessionOptions,
  onDamage: v.optional(callback<(damage: Damage) => void>()),
}

/**
 * The spans that arrived last in a session, also in one that is still being recorded, the one
 * that ended last first. Reads no more of the session than it takes to find them: what is
 * stored by then, which is all that arrived up to one flush interval ago.
 *
 * Rejects with `QueryError`: `SessionNotFound`, `InvalidConfig`, `StorageFailure` (also when
 * `signal` fires).
 *
 * @param limit how many at the most, from 1 to 10,000. Default 100
 *
 * @example
 * for (const { serviceName, name, durationNanos } of await recentSpans('debug-payment', 20)) {
 *   console.log(serviceName, name, Number(durationNanos) / 1e6, 'ms')
 * }
 */
export async function recentSpans(
  sessionId: string,
  limit: number = DEFAULT_LIMIT,
  options: RecentSpansOptions = {},
): Promise<RecentSpan[]> {
  const { store, layout, onDamage, signal } = checkOptions(
    OPTIONS,
    { limit, ...withoutUndefined(options) },
    (complaint) => new QueryError('InvalidConfig', complaint, { sessionId }),
  )
  try {
    return await useStore(store, async (opened) => {
      const spans: ReadableSpan[] = []
      const wanted = { of: 'traces', itemLimit: limit, layout, onDamage, signal } as const
      for await (const batch of readRecentBatches({ ...wanted, store: opened, sessionId })) {
        spans.push(...decodedSpans(batch, onDamage))
      }
      return spans.map(toRecentSpan).sort(byEndBackwards).slice(0, limit)
    })
  } catch (error) {
    throw toQueryError(error, sessionId)
  }
}

function decodedSpans(batch: RecordedBatch, onDamage?: (damage: Damage) => void): ReadableSpan[] {
  try {
    return decodeSpans(batch.body)
  } catch (error) {
    if (!(error instanceof MalformedOtlpError)) throw error
    onDamage?.(malformedBatch(batch, error))
    return []
  }
}

const KINDS = ['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const
const STATUS_CODES = ['UNSET', 'OK', 'ERROR'] as const

function toRecentSpan(span: ReadableSpan): RecentSpan {
  const { traceId, spanId } = span.spanContext()
  const startTimeUnixNano = unixNano(span.startTime)
  const endTimeUnixNano = unixNano(span.endTime)
  const serviceName = span.resource.attributes['service.name']
  const { code, message } = span.status
  return {
    traceId,
    spanId,
    ...(span.parentSpanContext && { parentSpanId: span.parentSpanContext.spanId }),
    name: span.name,
    kind: nameAt(KINDS, span.kind) ?? 'UNSPECIFIED',
    ...(typeof serviceName === 'string' && { serviceName }),
    startTimeUnixNano,
    endTimeUnixNano,
    durationNanos: endTimeUnixNano - startTimeUnixNano,
    status: { code: nameAt(STATUS_CODES, code) ?? 'UNSET', ...(message && { message }) },
    attributes: span.attributes,
    events: span.events.map(({ name, time, attributes = {} }) => {
      return { name, timeUnixNano: unixNano(time), attributes }
    }),
  }
}

/** Of numbers from outside, which may be none that has a name. */
function nameAt<T>(names: readonly T[], index: number): T | undefined {
  return names[index]
}

function byEndBackwards(a: RecentSpan, b: RecentSpan): number {
  if (a.endTimeUnixNano === b.endTimeUnixNano) return 0
  return a.endTimeUnixNano < b.endTimeUnixNano ? 1 : -1
}
