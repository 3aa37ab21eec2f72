// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import { SESSION_LAYOUTS, type SessionLayout, checkSessionName } from '../session/session-location'
import type { ObjectStore } from '../storage/object-store'
import { expected } from './check-options'
import type { ModifyBatch } from './modify-batches'
import { ReplayError } from './replay-error'

/** What of a session is replayed, when, and how it is changed on the way. */
export interface ReplaySelection {
  /**
   * Its id; or the prefix of what the Collector's `awss3` exporter wrote: `p`, `team-a/p`, or `.`
   * for all that is in the store.
   */
  sessionId: string
  /**
   * How its objects lie: `sessions`, as otel-tape writes them, or `awss3`, as the Collector's
   * exporter does. Default: `sessions`, or `awss3` where only that is to be found.
   */
  layout?: SessionLayout
  /** Where the session lies: a store, or a URL for `openStore`. Default: what `openStore()` opens. */
  store?: ObjectStore | string
  /**
   * - `none`: byte for byte what was captured
   * - `relative`: all times move by one offset, so that every distance is kept
   * - `current`: each trace moves as a whole, to be as fresh as it was when its first batch is sent
   */
  timestampAdjustment?: 'none' | 'relative' | 'current'
  /** 2 halves the gaps between arrivals, 0.5 doubles them; `Infinity` does not wait. */
  speedMultiplier?: number
  /** Only what these services sent, by `service.name`. Default: all. */
  filterServices?: readonly string[]
  /** Only batches that arrived at this time or later: a Date, or ISO 8601. */
  from?: Date | string
  /** Only batches that arrived before this time. */
  to?: Date | string
  /**
   * What to do about what is damaged or refused: count it, report it and go on, or end with an
   * error. Default `skip`.
   */
  onError?: 'skip' | 'abort'
  /**
   * Give traces and spans other ids, so that a backend keeps this replay apart from the original.
   * A string is the seed they are derived from: the same one gives the same ids. Default false.
   */
  rewriteIds?: boolean | string
  /** Changes to each batch, made in this order, before times are moved. */
  transforms?: readonly ModifyBatch[]
}

const SESSION_NAME = expected<string>(
  "1 to 128 letters, digits, '.', '_' or '-', beginning with a letter or a digit, or a prefix " +
    'of the store',
  (value) => {
    try {
      checkSessionName(value)
      return true
    } catch {
      return false
    }
  },
)

const ISO_8601 = /^\d{4}-\d{2}(-\d{2}(T\d{2}:\d{2}.*)?)?$/
const time = expected<Date | string>("a Date or ISO 8601 like '2026-11-20T13:00:00Z'", (value) => {
  if (typeof value === 'string' && !ISO_8601.test(value)) return false
  const isTime = typeof value === 'string' || value instanceof Date
  return isTime && new Date(value).getTime() >= 0
})

const STORE_METHODS = ['get', 'read', 'list'] as const

export const selectionEntries = {
  sessionId: SESSION_NAME,
  store: v.optional(
    expected<ObjectStore | string>(
      'a store or the URL of one',
      (value) =>
        typeof value === 'string' ||
        STORE_METHODS.every(
          (name) => typeof (value as Partial<ObjectStore> | null)?.[name] === 'function',
        ),
    ),
  ),
  timestampAdjustment: v.optional(
    v.picklist(['none', 'relative', 'current'], "'none', 'relative' or 'current'"),
  ),
  speedMultiplier: v.optional(
    expected<number>(
      'a number above 0 or Infinity',
      (value) => typeof value === 'number' && value > 0,
    ),
  ),
  filterServices: v.optional(
    expected<string[]>(
      'a list of service names, not empty; leave it out to replay all services',
      (value) =>
        Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string'),
    ),
  ),
  from: v.optional(time),
  to: v.optional(time),
  onError: v.optional(v.picklist(['skip', 'abort'], "'skip' or 'abort'")),
  rewriteIds: v.optional(
    expected<boolean | string>(
      'true, false or a seed',
      (value) => typeof value === 'boolean' || (typeof value === 'string' && value !== ''),
    ),
  ),
  transforms: v.optional(
    expected<ModifyBatch[]>(
      'a list of functions',
      (value) => Array.isArray(value) && value.every((step) => typeof step === 'function'),
    ),
  ),
  layout: v.optional(v.picklist(SESSION_LAYOUTS, "'sessions' or 'awss3'")),
}

/** @throws ReplayError of reason `InvalidConfig` when nothing can lie between `from` and `to` */
export function checkRange({ from, to }: Pick<ReplaySelection, 'from' | 'to'>): void {
  if (from === undefined || to === undefined || unixNanoOf(from) < unixNanoOf(to)) return
  const [start, end] = [from, to].map((time) => new Date(time).toISOString())
  throw new ReplayError('InvalidConfig', `'from' (${start}) has to lie before 'to' (${end})`)
}

/** `REPLAY_DEFAULT_SPEED` as a number. */
export function parseSpeed(text: string): number {
  const speed = Number(text)
  if (speed > 0) return speed
  throw new Error(`'${text}' is no number above 0, nor Infinity`)
}

/** A `from` or `to` in nanoseconds since the Unix epoch. */
export function unixNanoOf(time: Date | string): bigint {
  return BigInt(new Date(time).getTime()) * 1_000_000n
}
