// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { requestFromJson } from '../../src/otlp/json-to-protobuf'
import { MalformedOtlpError } from '../../src/otlp/malformed-otlp-error'
import { requestToJson } from '../../src/otlp/protobuf-to-json'
import { SIGNALS } from '../../src/otlp/signal'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { encodeIndependently } from '../support/independent-decoder'

describe.each(SIGNALS)('%s', (signal) => {
  test('random bytes are read or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => readOrRefuse(bytes)),
      { numRuns: 2000 },
    )
  })

  test('a request with a byte changed is read or refused', () => {
    const damaged = fc
      .tuple(arbitraryRequestBytes(signal), fc.nat(), fc.integer({ min: 1, max: 255 }))
      .map(([bytes, at, flip]) => {
        const copy = Uint8Array.from(bytes)
        if (copy.length > 0) copy[at % copy.length] ^= flip
        return copy
      })
    fc.assert(
      fc.property(damaged, (bytes) => readOrRefuse(bytes)),
      { numRuns: 500 },
    )
  })

  test('a request that ends too early is read or refused', () => {
    const [whole] = fc.sample(
      arbitraryRequestBytes(signal).filter((bytes) => bytes.length > 500),
      { numRuns: 1, seed: 3 },
    )
    for (let end = 0; end < whole.length; end++) readOrRefuse(whole.subarray(0, end))
    expect(() => requestToJson(whole.subarray(0, -1), signal)).toThrow(MalformedOtlpError)
  })

  function readOrRefuse(bytes: Uint8Array): void {
    let json: object
    try {
      json = requestToJson(bytes, signal)
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedOtlpError)
      return
    }
    // What was read is JSON.
    JSON.stringify(json)
  }
})

test.each([
  ['a length past the end', [0x0a, 0x05, 0x00], 'a field of 5 bytes does not fit into the 1'],
  ['a varint without end', [0x0a, ...Array<number>(12).fill(0xff)], 'longer than 10 bytes'],
  ['field number 0', [0x00, 0x01], 'field number 0 does not exist'],
  ['wire type 6', [0x0e], 'wire type 6 of field 1 does not belong here'],
  ['a group that nobody opened', [0x0c], 'wire type 4 of field 1 does not belong here'],
  ['a submessage longer than its message', [0x0a, 0x02, 0x12, 0x04, 0, 0, 0, 0], 'does not fit'],
])('%s', (_what, bytes, message) => {
  const read = () => requestToJson(Uint8Array.from(bytes), 'traces')
  expect(read).toThrow(MalformedOtlpError)
  expect(read).toThrow(message)
})

test('a packed list that ends within a number', () => {
  // resource_metrics > scope_metrics > metrics > histogram > data_points > bucket_counts
  const point = [0x32, 0x05, 1, 2, 3, 4, 5]
  const request = [0x0a, 0x12, 0x12, 0x4a, 0x0a].reduceRight(
    (content, tag) => [tag, content.length, ...content],
    point,
  )
  const read = () => requestToJson(Uint8Array.from(request), 'metrics')
  expect(read).toThrow('the message ends within a field')
})

describe('nesting', () => {
  // A log body lies 4 messages deep, and each array adds two.
  const nestedBytes = (arrays: number) => {
    let value: Uint8Array = Uint8Array.of(0x18, 0x01)
    for (let level = 0; level < arrays; level++) {
      value = lengthDelimited(0x2a, lengthDelimited(0x0a, value))
    }
    return [0x0a, 0x12, 0x12, 0x2a].reduceRight<Uint8Array>(
      (content, tag) => lengthDelimited(tag, content),
      value,
    )
  }

  test('of 100 messages is read, and comes back', () => {
    const body = nestedBytes(48)
    const json = requestToJson(body, 'logs')
    expect(Buffer.compare(requestFromJson(json, 'logs'), body)).toBe(0)
  })

  test('of one more is refused', () => {
    expect(() => requestToJson(nestedBytes(49), 'logs')).toThrow(
      'messages are nested deeper than 100',
    )
  })

  test('of thousands of messages does not exhaust the stack', () => {
    expect(() => requestToJson(nestedBytes(4_000), 'logs')).toThrow(MalformedOtlpError)
    // Opening groups, two bytes each, of an unknown field.
    const groups = Buffer.alloc(200_000, Buffer.from([0xa3, 0x06]))
    expect(() => requestToJson(groups, 'logs')).toThrow(MalformedOtlpError)
  })

  function lengthDelimited(tag: number, content: Uint8Array): Uint8Array {
    const length: number[] = []
    let rest = content.length
    for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80)
    return Buffer.concat([Buffer.from([tag, ...length, rest]), content])
  }
})

test('a key called __proto__ is data, on the way out and back', () => {
  const attributes = [{ key: '__proto__', value: { stringValue: 'polluted' } }]
  const request = { resourceLogs: [{ resource: { attributes } }] }
  const json = requestToJson(encodeIndependently('logs', request), 'logs')
  expect(json).toEqual(request)
  expect(requestFromJson(json, 'logs')).toEqual(
    Uint8Array.from(encodeIndependently('logs', request)),
  )
  expect(({} as Record<string, unknown>).stringValue).toBeUndefined()
})
