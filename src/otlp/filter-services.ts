// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { requestEntries } from './request-entries'
import type { Signal } from './signal'
import { summarizeRequest } from './summarize-request'

export interface FilteredRequest {
  /** What is left of the request; undefined if it had resources and none is left. */
  readonly body: Uint8Array | undefined
  /** Spans, data points or log records that are left. */
  readonly keptItems: number
  /** Spans, data points or log records that are gone. */
  readonly droppedItems: number
}

/**
 * Keeps of a request what the services in `names` sent: whole resources with all
 * that is theirs, byte for byte, by the names that `summarizeRequest` reports for
 * them. A resource without a `service.name` is dropped. Fields of the request that
 * are unknown are kept.
 *
 * When nothing has to go, `body` is the very object that came in.
 *
 * @throws MalformedOtlpError when the bytes cannot be followed
 *
 * @example
 * const { body, droppedItems } = filterServices(batch.body, 'traces', new Set(['payment']))
 * if (body) send(body)
 */
export function filterServices(
  body: Uint8Array,
  signal: Signal,
  names: ReadonlySet<string>,
): FilteredRequest {
  const runs: Uint8Array[] = []
  let runStart = 0
  let entriesLeft = 0
  let keptItems = 0
  let droppedItems = 0
  for (const { start, end } of requestEntries(body, signal)) {
    const { itemCount, serviceNames } = summarizeRequest(body, signal, start, end)
    if (serviceNames.some((name) => names.has(name))) {
      entriesLeft++
      keptItems += itemCount
    } else {
      droppedItems += itemCount
      runs.push(body.subarray(runStart, start))
      runStart = end
    }
  }
  if (runStart === 0) return { body, keptItems, droppedItems }
  runs.push(body.subarray(runStart))
  return { body: entriesLeft > 0 ? join(runs) : undefined, keptItems, droppedItems }
}

function join(runs: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(runs.reduce((total, run) => total + run.length, 0))
  let position = 0
  for (const run of runs) {
    joined.set(run, position)
    position += run.length
  }
  return joined
}
