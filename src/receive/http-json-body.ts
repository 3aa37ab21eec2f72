// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { detectJsonSignal, requestFromJson } from '../otlp/json-to-protobuf'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import { parseOtlpJson } from '../otlp/parse-otlp-json'
import type { Signal } from '../otlp/signal'

/**
 * The protobuf of a request that came as OTLP/JSON.
 *
 * @throws MalformedOtlpError when it is no UTF-8, no JSON, or no request of that signal
 */
export function encodeJsonBody(body: Buffer, signal: Signal): Uint8Array {
  const json = parse(body)
  // Its fields are unknown to this signal, so it would be ignored and acknowledged.
  const detected = detectJsonSignal(json)
  if (detected !== undefined && detected !== signal) {
    throw new MalformedOtlpError(`the request holds ${detected}, send it to /v1/${detected}`)
  }
  return requestFromJson(json, signal)
}

function parse(body: Buffer): unknown {
  if (body.length > MAX_UNCHECKED_BYTES && isNestedTooDeep(body)) {
    throw new MalformedOtlpError(`the body is nested deeper than ${MAX_JSON_DEPTH}`)
  }
  const text = decode(body)
  // As in protobuf: no body is an empty request.
  if (text === '') return {}
  try {
    return parseOtlpJson(text)
  } catch (error) {
    throw new MalformedOtlpError(`the body is no JSON: ${(error as Error).message}`, undefined, {
      cause: error,
    })
  }
}

function decode(body: Buffer): string {
  try {
    // Drops a byte order mark, too.
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (error) {
    throw new MalformedOtlpError('the body is no UTF-8', undefined, { cause: error })
  }
}

/** Of what is smaller, any nesting costs little. */
const MAX_UNCHECKED_BYTES = 256 * 1024

/** Twice what requests can have within the nesting that OTLP's messages are allowed. */
const MAX_JSON_DEPTH = 500

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING_BRACKET = 0x5b
const CLOSING_BRACKET = 0x5d
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d

// JSON.parse takes any depth, but 20 MB of brackets cost it seconds and half a gigabyte.
function isNestedTooDeep(body: Buffer): boolean {
  let depth = 0
  for (let index = 0; index < body.length; index++) {
    const byte = body[index]
    if (byte === QUOTE) index = endOfString(body, index)
    else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      if (++depth > MAX_JSON_DEPTH) return true
    } else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) depth--
  }
  return false
}

function endOfString(body: Buffer, start: number): number {
  let index = start + 1
  while (index < body.length && body[index] !== QUOTE) index += body[index] === BACKSLASH ? 2 : 1
  return index
}
