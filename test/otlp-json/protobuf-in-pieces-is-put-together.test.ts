// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import protobuf from 'protobufjs'
import { requestToJson } from '../../src/otlp/protobuf-to-json'
import type { JsonObject } from '../support/arbitrary-otlp'
import { decodeIndependently } from '../support/independent-decoder'
import { independentJson } from './independent-json'

type Write = (writer: protobuf.Writer) => unknown

const VARINT = 0
const FIXED64 = 1
const LENGTH = 2
const FIXED32 = 5

const tag = (field: number, wireType: number) => field * 8 + wireType

/** A length-delimited field that holds what `writes` write. */
const message =
  (field: number, ...writes: Write[]): Write =>
  (writer) => {
    writer.uint32(tag(field, LENGTH)).fork()
    for (const write of writes) write(writer)
    writer.ldelim()
  }
const text =
  (field: number, value: string): Write =>
  (writer) =>
    writer.uint32(tag(field, LENGTH)).string(value)
const varint =
  (field: number, value: string | number): Write =>
  (writer) =>
    writer.uint32(tag(field, VARINT)).uint64(value)
const fixed64 =
  (field: number, value: string | number): Write =>
  (writer) =>
    writer.uint32(tag(field, FIXED64)).fixed64(value)
const double =
  (field: number, value: number): Write =>
  (writer) =>
    writer.uint32(tag(field, FIXED64)).double(value)

function bytes(...writes: Write[]): Uint8Array {
  const writer = protobuf.Writer.create()
  for (const write of writes) write(writer)
  return writer.finish()
}

function span(...writes: Write[]): Uint8Array {
  return bytes(message(1, message(2, message(2, ...writes))))
}

function readSpan(body: Uint8Array): unknown {
  const request = requestToJson(body, 'traces') as JsonObject
  const [resourceSpans] = request.resourceSpans as JsonObject[]
  const [scopeSpans] = resourceSpans.scopeSpans as JsonObject[]
  return (scopeSpans.spans as unknown[])[0]
}

describe('a field that comes more than once', () => {
  test('counts as it came last', () => {
    expect(readSpan(span(text(5, 'a'), text(5, 'b'), varint(6, 3), varint(6, 2)))).toEqual({
      name: 'b',
      kind: 2,
    })
  })

  test('is absent when it came last with its default', () => {
    expect(readSpan(span(text(5, 'a'), text(5, ''), varint(6, 3), varint(6, 0)))).toEqual({})
  })

  test('is merged if it is a message', () => {
    const body = span(message(15, text(2, 'broken'), varint(3, 1)), message(15, varint(3, 2)))
    // Here protobufjs is no oracle: it keeps the last piece alone.
    expect(readSpan(body)).toEqual({ status: { message: 'broken', code: 2 } })
  })

  test('is a list if it is repeated, whatever lies in between', () => {
    const key = (name: string) => message(9, text(1, name))
    expect(readSpan(span(key('a'), text(5, 'n'), key('b')))).toEqual({
      name: 'n',
      attributes: [{ key: 'a' }, { key: 'b' }],
    })
  })

  test('makes one request of two that are laid end to end', () => {
    const resource = (name: string) => bytes(message(1, text(3, name)))
    const both = Buffer.concat([resource('a'), resource('b')])
    expect(requestToJson(both, 'logs')).toEqual({
      resourceLogs: [{ schemaUrl: 'a' }, { schemaUrl: 'b' }],
    })
  })
})

describe('a oneof', () => {
  const value = (...writes: Write[]) => span(message(9, message(2, ...writes)))
  const array = (...items: number[]) =>
    message(5, ...items.map((item) => message(1, varint(3, item))))

  test.each<[string, Write[], JsonObject]>([
    ['holds what came last', [text(1, 'a'), varint(3, 7)], { intValue: '7' }],
    ['holds what came last, default or not', [varint(3, 7), text(1, '')], { stringValue: '' }],
    ['drops a message for a scalar', [array(1), varint(2, 1)], { boolValue: true }],
    [
      'merges the same message',
      [array(1), array(2)],
      { arrayValue: { values: [{ intValue: '1' }, { intValue: '2' }] } },
    ],
    [
      'does not bring back what another member replaced',
      [array(1), text(1, 'a'), array(2)],
      { arrayValue: { values: [{ intValue: '2' }] } },
    ],
  ])('%s', (_what, writes, expected) => {
    expect(readSpan(value(...writes))).toEqual({ attributes: [{ value: expected }] })
  })

  test('of a message that comes in two pieces holds what came last', () => {
    const body = span(message(9, message(2, text(1, 'a')), message(2, varint(3, 7))))
    expect(readSpan(body)).toEqual({ attributes: [{ value: { intValue: '7' } }] })
  })

  test('of a metric is its data, of a point its number', () => {
    const body = bytes(
      message(
        1,
        message(
          2,
          message(
            2,
            message(7, varint(3, 1)),
            message(5, message(1, double(4, 1.5), fixed64(6, 3))),
          ),
        ),
      ),
    )
    expect(requestToJson(body, 'metrics')).toEqual({
      resourceMetrics: [
        { scopeMetrics: [{ metrics: [{ gauge: { dataPoints: [{ asInt: '3' }] } }] }] },
      ],
    })
  })

  test('is not what makes sum, min and max optional', () => {
    const point = message(1, double(5, 0), double(11, 1), double(12, 2))
    const body = bytes(message(1, message(2, message(2, message(9, point)))))
    expect(requestToJson(body, 'metrics')).toEqual({
      resourceMetrics: [
        {
          scopeMetrics: [
            { metrics: [{ histogram: { dataPoints: [{ sum: 0, min: 1, max: 2 }] } }] },
          ],
        },
      ],
    })
  })
})

describe('a list of numbers', () => {
  const histogram = (...writes: Write[]) => {
    const body = bytes(message(1, message(2, message(2, message(9, message(1, ...writes))))))
    expect(requestToJson(body, 'metrics')).toEqual(independentJson('metrics', body))
    return JSON.stringify(requestToJson(body, 'metrics'))
  }
  const packed: Write = message(6, (writer) => writer.fixed64(1).fixed64('18446744073709551615'))

  test('is read packed, unpacked and in pieces of both', () => {
    const counts = '"bucketCounts":["1","18446744073709551615","0"]'
    expect(histogram(packed, fixed64(6, 0))).toContain(counts)
    expect(histogram(fixed64(6, 1), fixed64(6, '18446744073709551615'), fixed64(6, 0))).toContain(
      counts,
    )
    expect(
      histogram(
        packed,
        text(99, 'unknown'),
        message(6, (w) => w.fixed64(0)),
      ),
    ).toContain(counts)
  })

  test('is absent if it is packed and empty', () => {
    expect(histogram(message(6), message(7))).toContain('"dataPoints":[{}]')
  })
})

describe('numbers', () => {
  test.each<[string, Write, JsonObject]>([
    ['a negative enum has 64 bits', varint(6, '18446744073709551615'), { kind: -1 }],
    ['an enum is cut to 32 bits', varint(6, '4294967298'), { kind: 2 }],
    ['a uint32 is cut to 32 bits', varint(10, '18446744073709551615'), count(4294967295)],
    ['a fixed32', (w) => w.uint32(tag(16, FIXED32)).fixed32(0xffffffff), { flags: 0xffffffff }],
    [
      'a time beyond 2^63',
      fixed64(7, '18446744073709551615'),
      { startTimeUnixNano: `${2n ** 64n - 1n}` },
    ],
  ])('%s', (_what, write, expected) => {
    expect(readSpan(span(write))).toEqual(expected)
  })

  test('a boolean is true whatever bit is set', () => {
    const body = span(message(9, message(2, varint(2, '9223372036854775808'))))
    expect(readSpan(body)).toEqual({ attributes: [{ value: { boolValue: true } }] })
  })

  test('an integer is exact on both sides of 2^53', () => {
    for (const value of [2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -1n, -(2n ** 63n)]) {
      const body = span(message(9, message(2, varint(3, String(BigInt.asUintN(64, value))))))
      expect(readSpan(body)).toEqual({ attributes: [{ value: { intValue: String(value) } }] })
    }
  })

  function count(droppedAttributesCount: number): JsonObject {
    return { droppedAttributesCount }
  }
})

test('a field of another wire type is an unknown field', () => {
  const body = span(varint(5, 7), text(7, 'not a time'), fixed64(6, 2), text(5, 'a'))
  expect(readSpan(body)).toEqual({ name: 'a' })
})

test('ids of any length are shown as they are', () => {
  const id =
    (field: number, hex: string): Write =>
    (writer) =>
      writer.uint32(tag(field, LENGTH)).bytes(Buffer.from(hex, 'hex'))
  expect(readSpan(span(id(1, 'abcdef'), id(2, '')))).toEqual({ traceId: 'abcdef' })
})

test('text that is no UTF-8 is shown with replacement characters', () => {
  const body = span((writer) => writer.uint32(tag(5, LENGTH)).bytes(Buffer.from([0x61, 0xff])))
  expect(readSpan(body)).toEqual({ name: 'a\ufffd' })
})

test('a request that starts within a larger buffer is read from there', () => {
  const body = span(text(5, 'a'), fixed64(7, 1), double(8, 2))
  const surrounded = Buffer.concat([Buffer.from('before'), body, Buffer.from('after')])
  const view = new Uint8Array(surrounded.buffer, surrounded.byteOffset + 6, body.length)
  expect(requestToJson(view, 'traces')).toEqual(requestToJson(body, 'traces'))
  expect(decodeIndependently('traces', view)).toEqual(decodeIndependently('traces', body))
})

test('an empty body is an empty request', () => {
  expect(requestToJson(new Uint8Array(0), 'metrics')).toEqual({})
})
