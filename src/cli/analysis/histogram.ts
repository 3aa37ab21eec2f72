// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { DurationBucket } from '../../query/analysis/duration-statistics'
import { bar, sparkline } from './bar'
import { readableCount } from '../readable-figures'

const BAR_COLUMNS = 40

/** `1.2 ms`, `340 ms`, `12.3 s`, `250 µs`: three digits, whatever the size. */
export function readableMillis(millis: number): string {
  if (millis >= 60_000) return `${digits(millis / 60_000)} min`
  if (millis >= 1_000) return `${digits(millis / 1_000)} s`
  if (millis >= 1 || millis === 0) return `${digits(millis)} ms`
  return `${digits(millis * 1_000)} µs`
}

/** As many as are more than noise. */
function digits(value: number): string {
  if (value >= 100) return String(Math.round(value))
  return String(Number(value.toPrecision(2)))
}

/** One line: the form of the distribution between the shortest and the longest duration. */
export function histogramLine(buckets: readonly DurationBucket[]): string {
  if (buckets.length === 0) return ''
  return sparkline(buckets.map(({ count }) => count))
}

/** A line for each bucket, with a bar. */
export function histogramLines(buckets: readonly DurationBucket[], columns: number): string[] {
  const most = Math.max(1, ...buckets.map(({ count }) => count))
  const ranges = buckets.map(rangeOf)
  const counts = buckets.map(({ count }) => readableCount(count))
  const rangeWidth = Math.max(0, ...ranges.map((range) => range.length))
  const countWidth = Math.max(0, ...counts.map((count) => count.length))
  const room = Math.max(5, Math.min(BAR_COLUMNS, columns - rangeWidth - countWidth - 8))
  return buckets.map(({ count }, index) =>
    [
      `    ${ranges[index].padStart(rangeWidth)}`,
      counts[index].padStart(countWidth),
      bar(count / most, room),
    ]
      .join('  ')
      .trimEnd(),
  )
}

function rangeOf({ fromMillis, toMillis }: DurationBucket): string {
  const from = readableMillis(fromMillis)
  return toMillis === Number.MAX_VALUE
    ? `${from} or more`
    : `${from} to ${readableMillis(toMillis)}`
}
