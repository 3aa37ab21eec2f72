// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Twice what requests can have within the nesting that OTLP's messages are allowed. */
export const MAX_JSON_DEPTH = 500

/** Of what is smaller, any nesting costs little. */
const MAX_UNCHECKED_BYTES = 256 * 1024

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING_BRACKET = 0x5b
const CLOSING_BRACKET = 0x5d
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d

/**
 * Whether JSON is nested so deep that parsing it could take seconds: `JSON.parse` takes any
 * depth, but 20 MB of brackets cost it half a gigabyte. Small texts are not looked at.
 */
export function isNestedTooDeep(json: Uint8Array): boolean {
  if (json.length <= MAX_UNCHECKED_BYTES) return false
  let depth = 0
  for (let index = 0; index < json.length; index++) {
    const byte = json[index]
    if (byte === QUOTE) index = endOfString(json, index)
    else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      if (++depth > MAX_JSON_DEPTH) return true
    } else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) depth--
  }
  return false
}

function endOfString(json: Uint8Array, start: number): number {
  let index = start + 1
  while (index < json.length && json[index] !== QUOTE) index += json[index] === BACKSLASH ? 2 : 1
  return index
}
