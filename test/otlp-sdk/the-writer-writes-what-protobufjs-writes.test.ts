// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import protobuf from 'protobufjs'
import { writeMessage, type ProtobufWriter } from '../../src/otlp/protobuf-writer'
import { anyHrTime } from './arbitrary-telemetry'
import { anyCodePoint } from '../support/any-code-point'

// protobufjs writes forwards, so the same calls come in reverse order.
type Field = [ours: (writer: ProtobufWriter) => void, theirs: (writer: protobuf.Writer) => void]

function long(value: bigint): protobuf.Long {
  return {
    low: Number(BigInt.asIntN(32, value)),
    high: Number(BigInt.asIntN(32, value >> 32n)),
    unsigned: false,
  }
}

const tag = fc.integer({ min: 8, max: 2 ** 29 - 1 })
const int64 = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(0n))
const safeInteger = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(-1, 0, -0, 2 ** 31, 2 ** 32, -(2 ** 32), 2 ** 62, -(2 ** 63)),
)
const text = fc.oneof(
  fc.string({ unit: anyCodePoint, maxLength: 40 }),
  fc.string({ unit: anyCodePoint, minLength: 90, maxLength: 110 }),
  fc.string({ minLength: 90, maxLength: 20_000 }),
)
const bytes = fc.uint8Array({ maxLength: 200 })

const field: fc.Arbitrary<Field> = fc.oneof(
  fc
    .tuple(tag, fc.nat(0xffff_ffff))
    .map(([t, v]): Field => [(w) => w.varintField(t, v), (w) => w.uint32(t).uint32(v)]),
  fc
    .tuple(tag, int64)
    .map(([t, v]): Field => [(w) => w.int64Field(t, v), (w) => w.uint32(t).int64(long(v))]),
  fc
    .tuple(tag, safeInteger)
    .map(([t, v]): Field => [(w) => w.int64Field(t, v), (w) => w.uint32(t).int64(long(BigInt(v)))]),
  fc
    .tuple(tag, safeInteger)
    .map(([t, v]): Field => [
      (w) => w.fixed64Field(t, v),
      (w) => w.uint32(t).fixed64(long(BigInt(v))),
    ]),
  fc
    .tuple(tag, fc.integer())
    .map(([t, v]): Field => [(w) => w.sint32Field(t, v), (w) => w.uint32(t).sint32(v)]),
  fc
    .tuple(tag, fc.nat(0xffff_ffff))
    .map(([t, v]): Field => [(w) => w.fixed32Field(t, v), (w) => w.uint32(t).fixed32(v)]),
  fc
    .tuple(tag, fc.double())
    .map(([t, v]): Field => [(w) => w.doubleField(t, v), (w) => w.uint32(t).double(v)]),
  fc
    .tuple(tag, anyHrTime)
    .map(([t, v]): Field => [
      (w) => w.timeField(t, v),
      (w) => w.uint32(t).fixed64(long(BigInt(v[0]) * 1_000_000_000n + BigInt(v[1]))),
    ]),
  fc.tuple(tag, text).map(([t, v]): Field => [
    (w) => w.stringField(t, v),
    // TextEncoder, because protobufjs writes surrogates without a partner as they are.
    (w) => w.uint32(t).bytes(new TextEncoder().encode(v)),
  ]),
  fc
    .tuple(tag, bytes)
    .map(([t, v]): Field => [(w) => w.bytesField(t, v), (w) => w.uint32(t).bytes(v)]),
  fc.tuple(tag, bytes, fc.boolean()).map(([t, v, upper]): Field => {
    const hex = Buffer.from(v).toString('hex')
    return [(w) => w.hexField(t, upper ? hex.toUpperCase() : hex), (w) => w.uint32(t).bytes(v)]
  }),
)

const message: fc.Arbitrary<Field> = fc
  .tuple(tag, fc.array(field, { maxLength: 30 }))
  .map(([t, fields]): Field => [
    (w) => {
      const mark = w.size
      for (const [ours] of fields.toReversed()) ours(w)
      w.messageField(t, mark)
    },
    (w) => {
      w.uint32(t).fork()
      for (const [, theirs] of fields) theirs(w)
      w.ldelim()
    },
  ])

test('every kind of field, alone and in messages', () => {
  const property = fc.property(fc.array(fc.oneof(field, message), { maxLength: 30 }), (fields) => {
    const theirs = protobuf.Writer.create()
    for (const [, write] of fields) write(theirs)
    const ours = writeMessage((writer) => {
      for (const [write] of fields.toReversed()) write(writer)
    })
    expect(Buffer.from(ours).toString('hex')).toBe(Buffer.from(theirs.finish()).toString('hex'))
  })
  fc.assert(property, { numRuns: 500 })
})

test('what is rewound was never written', () => {
  const written = writeMessage((writer) => {
    writer.varintField(0x10, 2)
    const mark = writer.size
    writer.bytesField(0x0a, new Uint8Array(200_000))
    writer.rewind(mark)
    writer.varintField(0x08, 1)
  })
  expect(written).toEqual(new Uint8Array([0x08, 1, 0x10, 2]))
})

test('bytes that were handed out are not written to again', () => {
  const first = writeMessage((writer) => writer.stringField(0x0a, 'first'))
  writeMessage((writer) => writer.stringField(0x0a, 'other'))
  expect(Buffer.from(first).toString('latin1', 2)).toBe('first')
  expect(first.buffer.byteLength).toBe(7)
})

test('the writer is as good as new after one that threw', () => {
  const failing = () =>
    writeMessage((writer) => {
      writer.stringField(0x0a, 'half')
      throw new Error('midway')
    })
  expect(failing).toThrow('midway')
  expect(writeMessage((writer) => writer.varintField(0x08, 1))).toEqual(new Uint8Array([0x08, 1]))
})
