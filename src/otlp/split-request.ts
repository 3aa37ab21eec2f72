// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { requestEntries } from './request-entries'
import type { Signal } from './signal'

/**
 * Splits a request into requests of at most `maxBytes` each, as far as that can be
 * done without taking a resource apart: one that is larger stands alone. Fields of
 * the request that are unknown stay with the resource before them, and may take a
 * part over the limit. Laid end to end, the parts are the request again: each is a
 * view of `body`, nothing is copied. A request without resources is its only part.
 *
 * @param maxBytes more than 0; Infinity splits nothing
 * @throws MalformedOtlpError when the bytes cannot be followed from resource to resource
 * @throws RangeError when `maxBytes` is not more than 0
 *
 * @example
 * for (const part of splitRequest(body, 'traces', 4 * 1024 * 1024)) send(part)
 */
export function splitRequest(body: Uint8Array, signal: Signal, maxBytes: number): Uint8Array[] {
  if (!(maxBytes > 0)) throw new RangeError(`maxBytes is ${maxBytes}; give a number above 0`)
  const parts: Uint8Array[] = []
  let partStart = 0
  let hasEntry = false
  for (const { start, end } of requestEntries(body, signal)) {
    if (hasEntry && end - partStart > maxBytes) {
      parts.push(body.subarray(partStart, start))
      partStart = start
    }
    hasEntry = true
  }
  parts.push(partStart === 0 ? body : body.subarray(partStart))
  return parts
}
