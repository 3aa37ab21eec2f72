// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import protobuf from 'protobufjs'
import { filterServices } from '../../src/otlp/filter-services'
import { createIdRewriter } from '../../src/otlp/id-rewriter'
import { MalformedOtlpError } from '../../src/otlp/malformed-otlp-error'
import { rewriteIds } from '../../src/otlp/rewrite-ids'
import { shiftTimes, shiftTimesInPlace } from '../../src/otlp/shift-times'
import { shiftTimesByTrace, shiftTimesByTraceInPlace } from '../../src/otlp/shift-times-by-trace'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import { splitRequest } from '../../src/otlp/split-request'
import { summarizeRequest } from '../../src/otlp/summarize-request'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { decodeIndependently } from '../support/independent-decoder'

const rewriter = createIdRewriter('seed')
type Operations = Record<string, (body: Uint8Array, signal: Signal) => unknown>

const followingItems: Operations = {
  summarizeRequest,
  shiftTimes: (body, signal) => shiftTimes(body, signal, 1n),
  shiftTimesByTrace: (body, signal) => shiftTimesByTrace(body, signal, 1n, () => 2n),
  shiftTimesInPlace: (body, signal) => {
    inPlace(body, (copy) => shiftTimesInPlace(copy, signal, 1n))
  },
  shiftTimesByTraceInPlace: (body, signal) => {
    inPlace(body, (copy) => shiftTimesByTraceInPlace(copy, signal, 1n, () => 2n))
  },
  filterServices: (body, signal) => filterServices(body, signal, new Set(['payment'])),
  rewriteIds: (body, signal) => rewriteIds(body, signal, rewriter),
}
const operations: Operations = {
  ...followingItems,
  splitRequest: (body, signal) => splitRequest(body, signal, 1),
}

/** Of an operation in place: it refuses before it alters anything. */
function inPlace(body: Uint8Array, operate: (copy: Uint8Array) => void): void {
  const copy = new Uint8Array(body)
  try {
    operate(copy)
  } catch (error) {
    if (Buffer.compare(copy, body) !== 0) throw new Error('what is refused was altered')
    throw error
  }
}

/** Whether the operation accepts the bytes; anything but MalformedOtlpError goes through. */
function accepts(operate: () => unknown): boolean {
  try {
    operate()
    return true
  } catch (error) {
    if (error instanceof MalformedOtlpError) return false
    throw error
  }
}

function decodes(signal: Signal, bytes: Uint8Array): boolean {
  try {
    decodeIndependently(signal, bytes)
    return true
  } catch {
    return false
  }
}

/** The operations that accept the bytes, by name. */
function accepting(body: Uint8Array, signal: Signal, asked = operations): string[] {
  return Object.entries(asked)
    .filter(([, operate]) => accepts(() => operate(body, signal)))
    .map(([name]) => name)
}

describe.each(SIGNALS)('every operation on %s', (signal) => {
  test('refuses a request cut off at any byte, unless what is left is whole', () => {
    const requests = arbitraryRequestBytes(signal, { unknownFields: true, anyOrder: true })
    for (const bytes of fc.sample(requests, { numRuns: 3, seed: 42 })) {
      for (let length = 0; length <= bytes.length; length++) {
        const prefix = bytes.subarray(0, length)
        const expected = decodes(signal, prefix) ? Object.keys(operations) : []
        // Not expect().toEqual() for each: there are thousands.
        if (accepting(prefix, signal).length !== expected.length) {
          expect([length, accepting(prefix, signal)]).toEqual([length, expected])
        }
      }
    }
  })

  test('takes random bytes, or refuses them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        accepting(bytes, signal)
      }),
      { numRuns: 2000 },
    )
  })

  test('takes a request with damaged bytes, or refuses it', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 })
    const damages = fc.array(damage, { minLength: 10, maxLength: 10 })
    fc.assert(
      fc.property(arbitraryRequestBytes(signal), damages, (bytes, alternatives) => {
        for (const changes of alternatives) {
          const damaged = new Uint8Array(bytes)
          for (const [at, value] of changes) damaged[at % damaged.length] = value
          accepting(damaged, signal)
        }
      }),
    )
  })
})

// Fields 1-15 are written 0x00 | number << 3 | wire type.
const MALFORMED: [string, number[]][] = [
  ['field number 0', [0x00, 0x01]],
  ['field number 0 in two bytes', [0x82, 0x00, 0x00]],
  ['a field number above 2^29 - 1', [0xf8, 0xff, 0xff, 0xff, 0x1f, 0x00]],
  ['a tag of 11 bytes', [...Array<number>(10).fill(0x88), 0x01, 0x00]],
  ['a tag that ends in the middle', [0xf8, 0xff]],
  ['wire type 6', [0x7e]],
  ['wire type 7', [0x7f]],
  ['an end of a group that never began', [0x7c]],
  ['a group that never ends', [0x7b, 0x08, 0x01]],
  ['a group that another one ends', [0x7b, 0x74]],
  ['a damaged field in a group', [0x7b, 0x0a, 0x05, 0x7c]],
  ['groups nested 101 deep', [...Array<number>(101).fill(0x7b), ...Array<number>(101).fill(0x7c)]],
  ['a field without its value', [0x78]],
  ['a varint that ends in the middle', [0x78, 0x80]],
  ['a varint of 11 bytes', [0x78, ...Array<number>(10).fill(0x80), 0x01]],
  ['a fixed32 of 3 bytes', [0x7d, 1, 2, 3]],
  ['a fixed64 of 7 bytes', [0x79, 1, 2, 3, 4, 5, 6, 7]],
  ['a length without its bytes', [0x7a]],
  ['a length one past the end', [0x7a, 0x02, 0x00]],
  ['a length of 2^31', [0x7a, 0x80, 0x80, 0x80, 0x80, 0x08]],
  ['a length of 2^32, which is 0 in 32 bits', [0x7a, 0x80, 0x80, 0x80, 0x80, 0x10]],
  ['a length of 2^64 - 1', [0x7a, ...Array<number>(9).fill(0xff), 0x01]],
  ['a length of 11 bytes', [0x7a, ...Array<number>(10).fill(0x80), 0x01]],
]

// How a field gets to be at each depth: the numbers of the messages around it.
const DEPTHS: Record<Signal, [string, number[]][]> = {
  traces: [
    ['the request', []],
    ['ResourceSpans', [1]],
    ['ScopeSpans', [1, 2]],
    ['Span', [1, 2, 2]],
  ],
  metrics: [
    ['the request', []],
    ['ResourceMetrics', [1]],
    ['ScopeMetrics', [1, 2]],
    ['Metric', [1, 2, 2]],
    ['Sum', [1, 2, 2, 7]],
    ['NumberDataPoint', [1, 2, 2, 7, 1]],
  ],
  logs: [
    ['the request', []],
    ['ResourceLogs', [1]],
    ['ScopeLogs', [1, 2]],
    ['LogRecord', [1, 2, 2]],
  ],
}

function nest(content: ArrayLike<number>, numbers: number[]): Uint8Array {
  return numbers.reduceRight<Uint8Array>(
    (inner, number) =>
      protobuf.Writer.create()
        .uint32(number * 8 + 2)
        .bytes(inner)
        .finish(),
    Uint8Array.from(content),
  )
}

describe.each(SIGNALS)('in %s', (signal) => {
  describe.each(DEPTHS[signal])('within %s', (_message, numbers) => {
    test.each(MALFORMED)('%s is refused', (_title, content) => {
      const body = nest(content, numbers)
      // A split looks no further than the request's own fields.
      expect(accepting(body, signal, numbers.length === 0 ? operations : followingItems)).toEqual(
        [],
      )
    })
  })

  test('a known field with another wire type is passed over like an unknown one', () => {
    const numbers = DEPTHS[signal].at(-1)?.[1] ?? []
    for (let number = 1; number <= 16; number++) {
      const writer = protobuf.Writer.create()
      writer.uint32(number * 8).uint32(7)
      writer.uint32(number * 8 + 5).fixed32(7)
      const body = nest(writer.finish(), numbers)
      expect(Buffer.compare(shiftTimes(body, signal, 1n), body)).toBe(0)
      expect(Buffer.compare(rewriteIds(body, signal, rewriter), body)).toBe(0)
      expect(summarizeRequest(body, signal)).toEqual({ itemCount: 1, serviceNames: [] })
    }
  })

  test('messages as fixed64 are passed over, and so are times and ids as each other', () => {
    const fixed64 = (number: number) => [number * 8 + 1, 1, 2, 3, 4, 5, 6, 7, 8]
    const eightBytes = (number: number) => [number * 8 + 2, 8, 1, 2, 3, 4, 5, 6, 7, 8]
    const times = { traces: [7, 8], metrics: [2, 3], logs: [1, 11] }[signal]
    const messagesAndIds = { traces: [1, 2, 4, 9, 11, 13, 15], metrics: [5], logs: [5, 9, 10] }[
      signal
    ]
    for (const [, numbers] of DEPTHS[signal]) {
      const isItem = numbers === DEPTHS[signal].at(-1)?.[1]
      const content = isItem
        ? [...messagesAndIds.flatMap(fixed64), ...times.flatMap(eightBytes)]
        : [1, 2, 7].flatMap(fixed64)
      const body = nest(content, numbers)
      expect(Buffer.compare(shiftTimes(body, signal, 1n), body)).toBe(0)
      expect(Buffer.compare(rewriteIds(body, signal, rewriter), body)).toBe(0)
      expect(summarizeRequest(body, signal)).toEqual({
        itemCount: isItem ? 1 : 0,
        serviceNames: [],
      })
    }
  })
})

describe('what nests without end', () => {
  // A value in an array in a value in an array … each level costs 2 to 10 bytes.
  function nestedValue(depth: number): Uint8Array {
    const chunks: Uint8Array[] = []
    let length = 0
    for (let level = 0; level < depth; level++) {
      const head = protobuf.Writer.create()
        .uint32(level % 2 === 0 ? 0x2a : 0x0a)
        .uint32(length)
        .finish()
      chunks.push(head)
      length += head.length
    }
    return Buffer.concat(chunks.reverse())
  }

  const attribute = protobuf.Writer.create()
    .uint32(0x0a)
    .string('service.name')
    .uint32(0x12)
    .bytes(nestedValue(200_000))
    .finish()

  test.each<[string, Signal, Uint8Array]>([
    ['a service name', 'traces', nest(nest(attribute, [1, 1]), [1])],
    ['an attribute of a span', 'traces', nest(attribute, [1, 2, 2, 9])],
    ['the body of a log record', 'logs', nest(nestedValue(200_000), [1, 2, 2, 5])],
  ])('is stepped over as %s', (_title, signal, body) => {
    expect(accepting(body, signal)).toEqual(Object.keys(operations))
  })

  test('is refused when it is opening groups', () => {
    expect(accepting(new Uint8Array(1_000_000).fill(0x7b), 'traces')).toEqual([])
  })
})
