// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { detectJsonSignal } from '../../../src/otlp/json-to-protobuf'
import { MalformedOtlpError } from '../../../src/otlp/malformed-otlp-error'
import { parseOtlpJson } from '../../../src/otlp/parse-otlp-json'
import { requestToJson } from '../../../src/otlp/protobuf-to-json'
import { SIGNALS } from '../../../src/otlp/signal'
import { summarizeRequest } from '../../../src/otlp/summarize-request'
import { encodeJsonBody } from '../../../src/receive/http-json-body'
import { type FuzzTarget, ensure, refusesWith } from '../support/fuzz-target'
import { OTLP_JSON_WORDS, bytesOf, jsonRequests, textOf } from './seeds'

const NUMBERS = [
  '[1234567890123456789]',
  '{"a":-9007199254740993,"b":[0.1234567890123456789,1e16]}',
  '{"1234567890123456789":"1234567890123456789 \\" 1234567890123456789"}',
]

export const otlpJsonTargets: readonly FuzzTarget[] = [
  {
    name: 'JSON request to protobuf',
    shape: 'json',
    seeds: jsonRequests,
    words: OTLP_JSON_WORDS,
    weight: 4,
    parse: (input) => {
      const signal = SIGNALS.find((known) => textOf(input).includes(`resource${titled(known)}`))
      const body = encodeJsonBody(Buffer.from(input), signal ?? 'traces')
      summarizeRequest(body, signal ?? 'traces')
      requestToJson(body, signal ?? 'traces')
    },
    isRefusal: refusesWith(MalformedOtlpError),
  },
  {
    name: 'JSON with large integers',
    shape: 'json',
    seeds: () => [...jsonRequests(), ...NUMBERS.map((text) => bytesOf(text))],
    words: OTLP_JSON_WORDS,
    weight: 4,
    parse: (input) => {
      const text = textOf(input)
      const parsed = parseOtlpJson(text)
      detectJsonSignal(parsed)
      // What JSON is, JSON.parse says; an object's key alone may be a number more.
      const quoted = text.replace(/([{,]\s*)-?\d+(\s*:)/g, '$1""$2')
      ensure(isJson(text) || isJson(quoted), 'what is taken for JSON is JSON')
    },
    isRefusal: refusesWith(SyntaxError),
  },
]

function titled(signal: string): string {
  return signal === 'traces' ? 'Spans' : `${signal[0].toUpperCase()}${signal.slice(1)}`
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
