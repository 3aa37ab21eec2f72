// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto'
import type { IndexedSpan } from './indexed-trace'
import type { TraceDocument } from './trace-document'
import type { Timing, UsualDurations } from './usual-durations'

/** What has to be at hand of each trace to rank and filter it. */
export interface TraceEntry {
  readonly traceId: string
  /** Its spans, as they are stored. */
  readonly record: Buffer
  readonly startTimeUnixNano: bigint
  readonly serviceNames: readonly string[]
  /** The same for traces that are searched by the same terms. */
  readonly content: number
  readonly timings: readonly Timing[]
}

const MAX_TIMINGS = 8

/** The longest of a trace, one for each operation. */
export function timingsOf(spans: readonly IndexedSpan[], usual: UsualDurations): Timing[] {
  const longest = new Map<string, number>()
  for (const { serviceName, name, startTimeUnixNano, endTimeUnixNano } of spans) {
    const millis = Number(endTimeUnixNano - startTimeUnixNano) / 1e6
    const operation = `${serviceName}: ${name}`
    if (millis > (longest.get(operation) ?? 0)) longest.set(operation, millis)
  }
  return [...longest]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MAX_TIMINGS)
    .map(([operation, millis]) => usual.add(operation, millis))
}

/** The same of two documents that are searched by the same terms, with the same weights. */
export function contentKey({ terms }: TraceDocument): string {
  const hash = createHash('sha1')
  const written = Array.from(terms, ([term, weight]) => `${term} ${weight.toFixed(2)}`)
  return hash.update(written.sort().join('\n')).digest('base64')
}
