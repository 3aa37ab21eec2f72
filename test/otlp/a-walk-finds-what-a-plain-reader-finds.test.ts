// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { planRequests, type FieldMarker } from '../../src/otlp/field-plan'
import { fieldTag } from '../../src/otlp/field-tag'
import { findFields } from '../../src/otlp/find-fields'
import { FoundFields } from '../../src/otlp/found-fields'
import { isItemShape } from '../../src/otlp/item-shapes'
import { MalformedOtlpError } from '../../src/otlp/malformed-otlp-error'
import { REQUEST_SHAPES, Resource, type MessageShape } from '../../src/otlp/schema'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import { WireReader, WireType } from '../../src/otlp/wire-reader'
import { arbitraryRequestBytes, seededRandom } from '../support/arbitrary-otlp'

// findFields takes short cuts; this reads field by field, by the schema, with the
// reader that checks every step. Both have to find the same, and refuse the same.

type Field = [mark: number, start: number, end: number]

const MARKS: Record<string, FieldMarker> = {
  times: (field) => (field.kind === 'time' ? 1 : 0),
  ids: (field) => ({ traceId: 1, spanId: 2 })[field.kind as string] ?? 0,
  'items with all that is in them': (field) => {
    if (field.message === Resource) return 200
    if (isItemShape(field.message)) return 255
    return { time: 1, traceId: 2, spanId: 3 }[field.kind as string] ?? 0
  },
  nothing: () => 0,
}

const MAX_DEPTH = 12

const known = new Map<FieldMarker, Map<MessageShape, boolean>>()

/** Whether anything is marked in such a message, at any depth. */
function hasMarks(shape: MessageShape, marker: FieldMarker): boolean {
  const answers = known.get(marker) ?? new Map<MessageShape, boolean>()
  known.set(marker, answers)
  if (!answers.has(shape)) {
    // While it is being asked: a message in itself is no reason to enter it.
    answers.set(shape, false)
    const isMarked = shape.fields.some(
      (field) => marker(field, shape) !== 0 || (field.message && hasMarks(field.message, marker)),
    )
    answers.set(shape, isMarked)
  }
  return answers.get(shape) ?? false
}

function readPlainly(
  shape: MessageShape,
  marker: FieldMarker,
  reader: WireReader,
  depth = 0,
): Field[] {
  if (depth > MAX_DEPTH) throw new Error('a walk went deeper than OTLP is')
  const found: Field[] = []
  while (reader.next()) {
    const field = shape.byNumber[reader.field]
    const isKnown = field && fieldTag(shape, field.jsonName) === reader.field * 8 + reader.wireType
    const mark = isKnown ? marker(field, shape) : 0
    const child = isKnown && field.message && hasMarks(field.message, marker)
    if (reader.wireType === WireType.LENGTH && (mark !== 0 || child)) {
      const outer = reader.enter()
      if (mark !== 0) found.push([mark, reader.position, reader.end])
      if (child && field.message) {
        found.push(...readPlainly(field.message, marker, reader, depth + 1))
      }
      reader.leave(outer)
    } else {
      if (mark !== 0) found.push([mark, reader.position, reader.position + 8])
      reader.skip()
    }
  }
  return found
}

function orRefusal(find: () => Field[]): Field[] | 'refused' {
  try {
    return find()
  } catch (error) {
    if (error instanceof MalformedOtlpError) return 'refused'
    throw error
  }
}

function fieldsOf(signal: Signal, bytes: Uint8Array, name: string): Field[] {
  const found = findFields(planOf[name](signal), bytes)
  const fields = Array.from({ length: found.count }, (_, index): Field => [
    found.mark(index),
    found.start(index),
    found.end(index),
  ])
  FoundFields.giveBack(found)
  return fields
}

const planOf = Object.fromEntries(
  Object.entries(MARKS).map(([name, marker]) => [name, planRequests(marker)]),
)

function expectSame(signal: Signal, bytes: Uint8Array, name: string): Field[] | 'refused' {
  const expected = orRefusal(() =>
    readPlainly(REQUEST_SHAPES[signal], MARKS[name], new WireReader(bytes)),
  )
  const actual = orRefusal(() => fieldsOf(signal, bytes, name))
  // Not expect().toEqual() for each: there are many thousands.
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual).toEqual(expected)
  return actual
}

/** The same message with tags and lengths longer than they need be, as protobuf allows. */
function lengthened(shape: MessageShape, bytes: Uint8Array, random: () => number): Buffer {
  const reader = new WireReader(bytes)
  const parts: Uint8Array[] = []
  while (reader.next()) {
    const tag = reader.field * 8 + reader.wireType
    const child = shape.byNumber[reader.field]?.message
    parts.push(longVarint(tag, random))
    if (reader.wireType === WireType.LENGTH) {
      const view = reader.view()
      const value = child ? lengthened(child, view, random) : view
      parts.push(longVarint(value.length, random), value)
    } else {
      const start = reader.position
      reader.skip()
      parts.push(bytes.subarray(start, reader.position))
    }
  }
  return Buffer.concat(parts)
}

function longVarint(value: number, random: () => number): Uint8Array {
  const bytes: number[] = []
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80)
  bytes.push(value)
  for (let extra = Math.floor(random() * 4); extra > 0 && bytes.length < 10; extra--) {
    bytes[bytes.length - 1] |= 0x80
    bytes.push(0)
  }
  return Uint8Array.from(bytes)
}

const cases = SIGNALS.flatMap((signal) => Object.keys(MARKS).map((name) => [name, signal] as const))

describe.each(cases)('%s of %s', (name, signal) => {
  const requests = arbitraryRequestBytes(signal, { unknownFields: true, anyOrder: true })

  test('are found in whole requests', () => {
    fc.assert(
      fc.property(requests, (bytes) => {
        expect(expectSame(signal, bytes, name)).not.toBe('refused')
      }),
      { numRuns: 150 },
    )
  })

  test('are found behind tags and lengths that are longer than they need be', () => {
    fc.assert(
      fc.property(requests, fc.nat(), (bytes, seed) => {
        const long = lengthened(REQUEST_SHAPES[signal], bytes, seededRandom(seed))
        expect(expectSame(signal, long, name)).not.toBe('refused')
        expect(expectSame(signal, long, name)).toHaveLength(fieldsOf(signal, bytes, name).length)
      }),
    )
  })

  test('are found, or the request refused, when it is cut off anywhere', () => {
    for (const bytes of fc.sample(requests, { numRuns: 2, seed: 7 })) {
      for (let length = 0; length <= bytes.length; length++) {
        // A copy has nothing behind its end that could be read by mistake; a view has.
        expectSame(signal, bytes.slice(0, length), name)
        expectSame(signal, bytes.subarray(0, length), name)
      }
    }
  })

  test('are found, or the request refused, when bytes are damaged', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 })
    const damages = fc.array(damage, { minLength: 10, maxLength: 10 })
    fc.assert(
      fc.property(requests, damages, (bytes, alternatives) => {
        for (const changes of alternatives) {
          const damaged = new Uint8Array(bytes)
          for (const [at, value] of changes) damaged[at % damaged.length] = value
          expectSame(signal, damaged, name)
        }
      }),
      { numRuns: 60 },
    )
  })
})

test('more fields than are kept for the next walk are found all the same', () => {
  const times = 300_000
  const record = Buffer.alloc(times * 9, Buffer.from([0x09, 1, 2, 3, 4, 5, 6, 7, 8]))
  const nested = [2, 2, 1].reduce<Buffer>(
    (inner, number) =>
      Buffer.concat([Uint8Array.of(number * 8 + 2), longVarint(inner.length, () => 0), inner]),
    record,
  )
  expect(fieldsOf('logs', nested, 'times')).toHaveLength(times)
  expectSame('logs', nested.subarray(0, -1), 'times')
})

test('two lists that are in use at once are not mixed up', () => {
  const [bytes] = fc.sample(arbitraryRequestBytes('traces'), { numRuns: 1, seed: 3 })
  const first = findFields(planOf.times('traces'), bytes)
  const before = first.count
  const second = findFields(planOf.nothing('traces'), bytes)
  expect([first.count, second.count]).toEqual([before, 0])
  expect(first).not.toBe(second)
})

test('a field that no walk can take is not marked without notice', () => {
  const markKinds = planRequests((field) => (field.kind === 'enum' ? 1 : 0))
  expect(() => markKinds('traces')).toThrow(TypeError)
})
