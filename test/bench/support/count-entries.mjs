// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const LENGTH_DELIMITED = 2

/**
 * Spans, metrics or log records of an OTLP request: all three kinds nest them alike, as
 * field 2 of field 2 of field 1. It knows nothing else of the bytes, so that it can tell
 * whether what the product made of them has arrived.
 */
export function countEntries(request) {
  return countIn(request, 0, request.length, [1, 2, 2])
}

function countIn(bytes, start, end, [field, ...inner]) {
  let count = 0
  for (let at = start; at < end;) {
    const [tag, afterTag] = varint(bytes, at)
    if ((tag & 7) !== LENGTH_DELIMITED) throw new Error(`no request: tag ${tag} at byte ${at}`)
    const [length, from] = varint(bytes, afterTag)
    at = from + length
    if (at > end) throw new Error(`no request: ${length} bytes at byte ${from} of ${end}`)
    // Beside the lists stand resources, scopes and schema URLs, which are delimited as well.
    if (tag >> 3 === field) count += inner.length === 0 ? 1 : countIn(bytes, from, at, inner)
  }
  return count
}

function varint(bytes, start) {
  let value = 0
  for (let at = start, shift = 0; at < bytes.length; at++, shift += 7) {
    value |= (bytes[at] & 0x7f) << shift
    if (bytes[at] < 0x80) return [value, at + 1]
  }
  throw new Error(`no request: it ends within a number, at byte ${start}`)
}
