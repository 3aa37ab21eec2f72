// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MAX_JSON_DEPTH, isNestedTooDeep } from '../otlp/json-depth'
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
  if (isNestedTooDeep(body)) {
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
