// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { decodeLogRecords } from '../../src/otlp/decode-log-records'
import { decodeMetrics } from '../../src/otlp/decode-metrics'
import { decodeSpans } from '../../src/otlp/decode-spans'
import { encodeLogRecords } from '../../src/otlp/encode-log-records'
import { encodeMetrics } from '../../src/otlp/encode-metrics'
import { encodeSpans } from '../../src/otlp/encode-spans'
import { MalformedOtlpError } from '../../src/otlp/malformed-otlp-error'
import { realLogRecords, realMetrics, realSpans } from './real-telemetry'

const DECODERS = { decodeSpans, decodeMetrics, decodeLogRecords }

/** Decodes, and lets nothing through but a result or the one error. */
function decodeAll(bytes: Uint8Array): void {
  for (const decode of Object.values(DECODERS)) {
    try {
      decode(bytes)
    } catch (error) {
      if (!(error instanceof MalformedOtlpError)) throw error
    }
  }
}

// Request { ResourceSpans { ScopeSpans { Span { … } } } }, and the same of logs.
const spanOf = (hex: string) => nested(hex, 0x12, 0x12, 0x0a)

function nested(hex: string, ...tags: number[]): Buffer {
  return tags.reduce(
    (body, tag) => Buffer.concat([lengthPrefix(tag, body.length), body]),
    fromHex(hex),
  )
}

function lengthPrefix(tag: number, length: number): Buffer {
  const bytes = [tag]
  for (; length > 0x7f; length = Math.floor(length / 128)) bytes.push((length & 0x7f) | 0x80)
  return Buffer.from([...bytes, length])
}

function fromHex(spaced: string): Buffer {
  return Buffer.from(spaced.replaceAll(' ', ''), 'hex')
}

test.each([
  ['a tag cut off', spanOf('80')],
  ['field number 0', spanOf('00')],
  ['wire type 6', spanOf('0e')],
  ['wire type 7', spanOf('0f')],
  ['a group that is never closed', spanOf('0b')],
  ['the end of a group that was never opened', spanOf('0c')],
  ['a name longer than the span', spanOf('2a 05 61')],
  ['a length of 2^63', spanOf('2a ff ff ff ff ff ff ff ff 7f')],
  ['a varint of 11 bytes', spanOf('50 ff ff ff ff ff ff ff ff ff ff 01')],
  ['a time of 7 bytes', spanOf('39 00 00 00 00 00 00 00')],
  ['flags of 3 bytes', spanOf('85 01 00 00 00')],
  ['an attribute that ends within its value', spanOf('4a 05 0a 01 61 12 04')],
  ['a request that ends within a resource', fromHex('0a 04 0a')],
])('%s', (_name, bytes) => {
  expect(() => decodeSpans(bytes)).toThrow(MalformedOtlpError)
  decodeAll(bytes)
})

test.each([
  ['a packed field whose length is no multiple of eight', '4a 07 0a 05 32 03 01 02 03'],
  ['a packed varint cut off', '52 08 0a 06 42 04 12 02 ff ff'],
])('%s', (_name, metric) => {
  expect(() => decodeMetrics(nested(metric, 0x12, 0x12, 0x0a))).toThrow(MalformedOtlpError)
})

test.each([
  ['nothing', fromHex('')],
  [
    'unknown fields of every wire type',
    spanOf('a0 06 01 a1 06 0000000000000000 a2 06 00 a5 06 00000000 a3 06 a4 06'),
  ],
  [
    'known numbers with another wire type',
    spanOf('08 01 10 01 2d 00000000 3a 00 48 01 7d 00000000'),
  ],
])('%s is no error', (_name, bytes) => {
  expect(() => decodeSpans(bytes)).not.toThrow()
})

test('a field of the wrong wire type is as good as unknown', () => {
  // name (5) as fixed32, kind (6) as length-delimited.
  const [span] = decodeSpans(spanOf('2d 61616161 32 01 02'))
  expect([span.name, span.kind]).toEqual(['', -1])
})

test('invalid UTF-8 is replaced, not refused', () => {
  expect(decodeSpans(spanOf('2a 03 61 ff 62'))[0].name).toBe('a\ufffdb')
})

test.each([
  ['arrays', [0x0a, 0x2a]],
  ['maps', [0x12, 0x0a, 0x32]],
])('%s 5,000 deep', (_name, tags) => {
  let value = Buffer.alloc(0)
  for (let depth = 0; depth < 5_000; depth++) {
    for (const tag of tags) value = Buffer.concat([lengthPrefix(tag, value.length), value])
  }
  const attribute = nested(value.toString('hex'), 0x12, 0x4a)
  expect(() => decodeSpans(spanOf(attribute.toString('hex')))).toThrow(/more than 500 deep/)
  decodeAll(spanOf(attribute.toString('hex')))
})

test('random bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => decodeAll(bytes)),
    { numRuns: 1_000 },
  )
})

test('real requests with a few bytes changed, or cut off', async () => {
  const requests = [
    encodeSpans((await realSpans()).slice(-4)),
    ...(await realMetrics()).map((metrics) => encodeMetrics(metrics)),
    encodeLogRecords(realLogRecords()),
  ]
  const change = fc.tuple(fc.nat(), fc.nat(0xff))
  const property = fc.property(
    fc.constantFrom(...requests),
    fc.array(change, { maxLength: 5 }),
    fc.option(fc.nat()),
    (request, changes, end) => {
      const bytes = Uint8Array.from(request)
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      decodeAll(end === null ? bytes : bytes.subarray(0, end % bytes.length))
    },
  )
  fc.assert(property, { numRuns: 1_000 })
})

test('bytes in the middle of a larger buffer', async () => {
  const request = encodeSpans(await realSpans())
  const buffer = new Uint8Array(request.length + 20).fill(0xff)
  buffer.set(request, 7)
  expect(decodeSpans(buffer.subarray(7, 7 + request.length)).length).toBe(20)
})
