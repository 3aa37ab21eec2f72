// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { requestToJson } from '../../../src/otlp/protobuf-to-json'
import { SIGNALS, type Signal } from '../../../src/otlp/signal'
import type { CountedBatch } from '../../../src/session/counted-batch'
import { encodeBlock } from '../../../src/session/block'
import { summarizeRequest } from '../../../src/otlp/summarize-request'
import { arbitraryRequestBytes } from '../../support/arbitrary-otlp'
import { makeBatch } from '../../support/recording'

/** Asked for by many targets, and slow to make. */
const requests = new Map<Signal, readonly Uint8Array[]>()

/** Requests of a signal: arbitrary ones that are not too large to change in many ways, and a plain one. */
export function requestsOf(signal: Signal): readonly Uint8Array[] {
  const known = requests.get(signal)
  if (known) return known
  const options = { unknownFields: true, anyOrder: true }
  const arbitrary = fc.sample(
    arbitraryRequestBytes(signal, options).filter(({ length }) => length > 0 && length < 1500),
    { numRuns: 12, seed: 7 },
  )
  const made = [...arbitrary, makeBatch(signal, { names: ['GET /', 'SELECT'] }).body]
  requests.set(signal, made)
  return made
}

export function requestsOfAllSignals(): Uint8Array[] {
  return SIGNALS.flatMap(requestsOf)
}

/** The same as OTLP's JSON mapping has them. */
export function jsonRequests(): Uint8Array[] {
  return SIGNALS.flatMap((signal) =>
    requestsOf(signal).map((body) => bytesOf(JSON.stringify(requestToJson(body, signal)))),
  )
}

/** Names of the JSON mapping, for mutants that are to be requests still. */
export const OTLP_JSON_WORDS = [
  ...['resourceSpans', 'scopeSpans', 'spans', 'resourceMetrics', 'scopeMetrics', 'metrics'],
  ...['resourceLogs', 'scopeLogs', 'logRecords', 'resource', 'scope', 'attributes', 'key', 'value'],
  ...['stringValue', 'intValue', 'arrayValue', 'kvlistValue', 'bytesValue', 'values', 'dataPoints'],
  ...[
    'timeUnixNano',
    'start_time_unix_nano',
    'traceId',
    'kind',
    'SPAN_KIND_SERVER',
    'bucketCounts',
  ],
]

/** A block of batches that arrived a second apart. */
export function blockOf(signal: Signal, batchCount: number): Promise<Buffer> {
  const batches = Array.from({ length: batchCount }, (_, index): CountedBatch => {
    const batch = makeBatch(signal, { names: [`item ${index}`], service: `service-${index % 3}` })
    return { ...batch, summary: summarizeRequest(batch.body, signal) }
  })
  return encodeBlock(signal, batches, 6)
}

export function bytesOf(...texts: readonly string[]): Uint8Array {
  return Buffer.from(texts.join(''))
}

export function seedTexts(...texts: readonly string[]): () => Uint8Array[] {
  return () => texts.map((text) => bytesOf(text))
}

/** An input as text; bytes that are no UTF-8 one by one, so that every input is another text. */
export function textOf(input: Uint8Array): string {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.length)
  const text = bytes.toString('utf8')
  return text.includes('\ufffd') ? bytes.toString('latin1') : text
}
