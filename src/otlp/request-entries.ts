// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { REQUEST_SHAPES } from './schema'
import type { Signal } from './signal'
import { WireReader, WireType } from './wire-reader'

/** Where a `Resource{Spans,Metrics,Logs}` lies in a request, its tag and length included. */
export interface RequestEntry {
  readonly start: number
  readonly end: number
}

/**
 * The entries of a request, in order. Each is a request of its own, and so is
 * any concatenation of them: repeated fields merge. What lies between two entries
 * are fields we do not know.
 *
 * @throws MalformedOtlpError when the bytes cannot be followed to the next entry
 */
export function* requestEntries(body: Uint8Array, signal: Signal): Generator<RequestEntry> {
  const [entries] = REQUEST_SHAPES[signal].fields
  const reader = new WireReader(body)
  for (let start = 0; reader.next(); start = reader.position) {
    const isEntry = reader.field === entries.number && reader.wireType === WireType.LENGTH
    reader.skip()
    if (isEntry) yield { start, end: reader.position }
  }
}
