// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { decodeLogRecords } from '../../../src/otlp/decode-log-records'
import { decodeMetrics } from '../../../src/otlp/decode-metrics'
import { decodeSpans } from '../../../src/otlp/decode-spans'
import { filterServices } from '../../../src/otlp/filter-services'
import { groupByResource } from '../../../src/otlp/group-by-resource'
import { createIdRewriter } from '../../../src/otlp/id-rewriter'
import { requestFromJson } from '../../../src/otlp/json-to-protobuf'
import { MalformedOtlpError } from '../../../src/otlp/malformed-otlp-error'
import { requestToJson } from '../../../src/otlp/protobuf-to-json'
import { createRedactor } from '../../../src/otlp/redact-request'
import { rewriteIds } from '../../../src/otlp/rewrite-ids'
import { sampleRequest } from '../../../src/otlp/sample-request'
import { createTraceSampler } from '../../../src/otlp/sample-traces'
import { shiftTimes, shiftTimesInPlace } from '../../../src/otlp/shift-times'
import { shiftTimesByTraceInPlace } from '../../../src/otlp/shift-times-by-trace'
import { SIGNALS, type Signal } from '../../../src/otlp/signal'
import { sniffSignal } from '../../../src/otlp/sniff-signal'
import { splitRequest } from '../../../src/otlp/split-request'
import { summarizeRequest } from '../../../src/otlp/summarize-request'
import { type FuzzTarget, ensure, refusesWith } from '../support/fuzz-target'
import { ensureNothingInherited } from '../support/prototypes'
import { requestsOfAllSignals } from './seeds'

const SHIFT_NANOS = 3_600_000_000_001n
const rewriter = createIdRewriter('fuzz')
const sampler = createTraceSampler({ ratio: 0.5 })
const SECRET = 'payment'
const redactor = createRedactor({ attributeKeys: ['GET*'], values: [SECRET], replacement: '#' })
const WORDS = ['service.name', 'payment', 'checkout', '__proto__', 'constructor']

type Operation = (body: Uint8Array, signal: Signal) => unknown

/** An operation on requests of any signal. */
function target(name: string, weight: number, operate: Operation): FuzzTarget {
  return {
    name,
    shape: 'protobuf',
    seeds: requestsOfAllSignals,
    words: WORDS,
    weight,
    parse: (input) => operate(input, sniffSignal(input) ?? SIGNALS[input.length % 3]),
    isRefusal: refusesWith(MalformedOtlpError),
  }
}

/** All or nothing: what is refused has not been altered, nor has what lies around it. */
function ensureUntouchedUnlessDone(body: Uint8Array, operate: (body: Uint8Array) => void): void {
  const framed = Buffer.concat([Buffer.alloc(16, 0xa5), body, Buffer.alloc(16, 0xa5)])
  const before = Buffer.from(framed)
  try {
    operate(framed.subarray(16, 16 + body.length))
  } catch (error) {
    ensure(framed.equals(before), 'what is refused stays as it was')
    throw error
  }
  const frame = [framed.subarray(0, 16), framed.subarray(16 + body.length)]
  ensure(
    frame.every((bytes) => bytes.every((byte) => byte === 0xa5)),
    'nothing around a request is touched',
  )
}

function ensureSame(actual: Uint8Array, expected: Uint8Array, promise: string): void {
  ensure(Buffer.compare(actual, expected) === 0, promise)
}

function decode(body: Uint8Array, signal: Signal): unknown {
  if (signal === 'traces') return decodeSpans(body)
  return signal === 'metrics' ? decodeMetrics(body) : decodeLogRecords(body)
}

/** Of a request, all that is text, in JSON: ids and numbers stay what they are, whatever their bytes spell. */
function textsOf(body: Uint8Array, signal: Signal): string {
  try {
    return JSON.stringify(requestToJson(body, signal))
  } catch (error) {
    // Nested deeper than JSON's own limit.
    if (error instanceof MalformedOtlpError) return ''
    throw error
  }
}

/** Of a resource, what merging it with another makes, which the SDK does with resources. */
function mergedResources(decoded: unknown): unknown {
  const [first] = Array.isArray(decoded) ? (decoded as { resource?: unknown }[]) : []
  const resource = first?.resource as { merge?: (other: unknown) => unknown } | undefined
  return resource?.merge?.(resource)
}

export const otlpProtobufTargets: readonly FuzzTarget[] = [
  target('summarize a request', 8, (body, signal) => {
    const {
      itemCount,
      firstItemTimeUnixNano: first = 0n,
      ...summary
    } = summarizeRequest(body, signal)
    ensure(itemCount <= body.length, 'no request has more items than bytes')
    ensure(
      first <= (summary.lastItemTimeUnixNano ?? first),
      'the first item is not behind the last',
    )
    return summary
  }),
  target('shift times', 6, (body, signal) => {
    ensureUntouchedUnlessDone(body, (copy) => shiftTimesInPlace(copy, signal, SHIFT_NANOS))
    const before = Buffer.from(body)
    const shifted = shiftTimes(body, signal, SHIFT_NANOS)
    ensureSame(body, before, 'a shift works on a copy')
    ensure(shifted.length === body.length, 'a shift keeps the length')
  }),
  target('shift times by trace', 6, (body, signal) => {
    const offsetOf = (bytes: Uint8Array, at: number) => BigInt(bytes[at]) * 1_000_000n
    ensureUntouchedUnlessDone(body, (copy) =>
      shiftTimesByTraceInPlace(copy, signal, SHIFT_NANOS, offsetOf),
    )
  }),
  target('rewrite ids', 6, (body, signal) => {
    const rewritten = rewriteIds(body, signal, rewriter)
    const again = rewriteIds(rewritten, signal, rewriter)
    ensureSame(again, body, 'ids rewritten twice with one key are what they were')
  }),
  target('filter services', 6, (body, signal) => {
    const { itemCount } = summarizeRequest(body, signal)
    const filtered = filterServices(body, signal, new Set(['payment', 'checkout']))
    const { keptItems, droppedItems, body: left } = filtered
    ensure(keptItems + droppedItems === itemCount, 'what is kept and dropped is all there was')
    if (left) {
      const kept = summarizeRequest(left, signal).itemCount
      ensure(kept === keptItems, 'what is left holds what was kept')
    }
  }),
  target('split and group requests', 6, (body, signal) => {
    const parts = splitRequest(body, signal, 64)
    ensureSame(Buffer.concat(parts), body, 'the parts end to end are the request')
    const groups = groupByResource(body, signal, 'service.name')
    const grouped = groups.reduce((bytes, group) => bytes + group.body.length, 0)
    ensure(grouped === body.length, 'groups by resource add up to the request')
  }),
  target('redact requests', 4, (body, signal) => {
    const before = Buffer.from(body)
    const redacted = redactor?.redact(body, signal) ?? body
    ensureSame(body, before, 'redaction works on a copy')
    ensure(!textsOf(redacted, signal).includes(SECRET), 'what is redacted is in no text')
    const { itemCount } = summarizeRequest(before, signal)
    ensure(summarizeRequest(redacted, signal).itemCount === itemCount, 'redaction keeps all items')
  }),
  target('sample requests', 4, (body, signal) => {
    const before = Buffer.from(body)
    const { body: kept, sampledOutItems } = sampleRequest(body, signal, sampler)
    ensureSame(body, before, 'sampling works on a copy')
    const { itemCount } = summarizeRequest(before, signal)
    const left = kept ? summarizeRequest(kept, signal).itemCount : 0
    ensure(left + sampledOutItems === itemCount, 'what is kept and left out is all there was')
  }),
  target('decode to SDK objects', 4, (body, signal) => {
    const decoded = decode(body, signal)
    ensureNothingInherited(decoded)
    ensureNothingInherited(mergedResources(decoded))
  }),
  target('protobuf to JSON and back', 3, (body, signal) => {
    const json = requestToJson(body, signal)
    ensureNothingInherited(json)
    const back = requestFromJson(JSON.parse(JSON.stringify(json)), signal)
    const again = requestFromJson(requestToJson(back, signal), signal)
    ensureSame(again, back, 'protobuf that was JSON becomes the same by way of JSON')
  }),
]
