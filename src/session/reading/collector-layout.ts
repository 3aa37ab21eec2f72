// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../../otlp/signal'

/** The time that a folder stands for, in milliseconds since the Unix epoch. */
export interface PartitionWindow {
  readonly startMillis: number
  /** The first moment that is not in it any more. */
  readonly endMillis: number
}

/**
 * How far from its partition an item's time may lie and still be believed. The
 * Collector names the partition by when it uploads, which comes after batching
 * and, while the store is away, after five minutes of retries.
 */
export const PARTITION_TOLERANCE_MILLIS = 5 * 60_000

/**
 * Year and month at least, then as much of day, hour, minute and second as there
 * is, whatever stands between them: `year=2026/month=11/day=21/hour=11`,
 * `2026-11-21/11`, `2026/11/21/1100`.
 */
const PARTITION =
  /(?<![0-9A-Za-z])(?:[A-Za-z_]{1,8}=)?(20\d\d)\D{0,9}(0[1-9]|1[0-2])(?:\D{0,9}(0[1-9]|[12]\d|3[01])(?:\D{0,9}([01]\d|2[0-3])(?:\D{0,9}([0-5]\d)(?:\D{0,9}([0-5]\d))?)?)?)?(?!\d)/g

/**
 * The time in the folders of a key below a prefix, by any `s3_partition_format`
 * that goes from year to second in digits; `undefined` if they tell none. UTC, as
 * the Collector's own receiver reads them.
 */
export function parsePartition(folders: string): PartitionWindow | undefined {
  // A name such as `reports-2025-01` may stand before the partition, which says more.
  const [, year, month, ...finer] = Array.from(folders.matchAll(PARTITION), (match) =>
    match.filter((part) => part !== undefined),
  ).reduce<string[]>((most, match) => (match.length > most.length ? match : most), [])
  if (month === undefined) return undefined
  const [day = 1, hour = 0, minute = 0, second = 0] = finer.map(Number)
  const startMillis = Date.UTC(Number(year), Number(month) - 1, day, hour, minute, second)
  // The 31st of a month of 30 days is a number that happens to look like a date.
  if (new Date(startMillis).getUTCDate() !== day) return undefined
  return { startMillis, endMillis: startMillis + lengthMillis(startMillis, finer.length) }
}

const LENGTHS_MILLIS = [86_400_000, 3_600_000, 60_000, 1_000]

function lengthMillis(startMillis: number, finerParts: number): number {
  if (finerParts > 0) return LENGTHS_MILLIS[finerParts - 1]
  const start = new Date(startMillis)
  return Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1) - startMillis
}

const COLLECTOR_NAME =
  /(traces|metrics|logs)_(?:\d{1,9}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?:\.[^/]*)?$/

/** The signal of an object that is named as the Collector's `awss3` exporter names its own. */
export function parseCollectorName(key: string): Signal | undefined {
  return COLLECTOR_NAME.exec(key)?.[1] as Signal | undefined
}

/**
 * When a request arrived, in nanoseconds since the Unix epoch. A partition says
 * the minute or the hour; its last item's time says it better, unless that lies
 * elsewhere, as of one sent again later. Then the time at which the object was
 * stored stands for it, unless that lies elsewhere too, as of a copy.
 */
export function arrivalWithin(
  window: PartitionWindow | undefined,
  lastItemTimeUnixNano: bigint | undefined,
  lastModified: Date,
): bigint {
  const stored = unixNanoOf(lastModified.getTime())
  if (window === undefined) return lastItemTimeUnixNano ?? stored
  const from = unixNanoOf(window.startMillis - PARTITION_TOLERANCE_MILLIS)
  const to = unixNanoOf(window.endMillis + PARTITION_TOLERANCE_MILLIS)
  const isNear = (time: bigint): boolean => time >= from && time < to
  if (lastItemTimeUnixNano !== undefined && isNear(lastItemTimeUnixNano)) {
    return lastItemTimeUnixNano
  }
  return isNear(stored) ? stored : unixNanoOf(window.startMillis)
}

export function unixNanoOf(millis: number): bigint {
  return BigInt(Math.floor(millis)) * 1_000_000n
}
