// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { interestingInteger, mutateBytes, varint } from './mutate-bytes'
import type { Random } from './random'

/** A field as it stands in a message: its number, its wire type, and what follows them. */
interface Field {
  readonly number: number
  readonly wireType: number
  /** Of a length-delimited field, without the length. */
  readonly content: Uint8Array
}

const LENGTH = 2
const SIZE_BY_WIRE_TYPE: Readonly<Record<number, number>> = { 1: 8, 5: 4 }
const MAX_NUMBER = 200

/**
 * One change to a message somewhere in the tree that a request is, with all lengths around it
 * made right again: a parser that stops at the first wrong length would never see what lies
 * behind. By a reader of its own, as ours is what is fuzzed.
 */
export function mutateProtobuf(
  message: Uint8Array,
  random: Random,
  others: readonly Uint8Array[],
  words: readonly string[],
): Uint8Array {
  const fields = fieldsOf(message)
  if (fields === undefined || fields.length === 0) {
    return mutateBytes(message, random, others, words)
  }
  const at = random.below(fields.length)
  const { number, wireType, content } = fields[at]
  if (wireType === LENGTH && content.length > 0 && random.chance(0.75)) {
    const changed = mutateProtobuf(content, random, others, words)
    fields[at] = { number, wireType, content: changed }
  } else {
    changeFields(fields, at, random, others, words)
  }
  return encode(fields)
}

function changeFields(
  fields: Field[],
  at: number,
  random: Random,
  others: readonly Uint8Array[],
  words: readonly string[],
): void {
  const field = fields[at]
  const changes: (() => void)[] = [
    () => fields.splice(at, 1),
    () => fields.splice(at, 0, ...Array<Field>(random.length(100)).fill(field)),
    () => fields.push(...fields.splice(at, 1)),
    () => (fields[at] = { ...field, number: 1 + random.below(20) }),
    () => (fields[at] = { ...field, number: Number(interestingInteger(random) % 0x1fffffffn) + 1 }),
    () => (fields[at] = { ...field, wireType: random.below(8) }),
    () => (fields[at] = { ...field, content: contentOf(field.wireType, random) }),
    () => (fields[at] = { ...field, content: mutateBytes(field.content, random, others, words) }),
    () => (fields[at] = nested(field, random)),
    () => (fields[at] = { ...field, wireType: LENGTH, content: encode(fields) }),
    () => fields.splice(at, 0, ...(fieldsOf(random.pick(others)) ?? [])),
    () => fields.splice(at, 0, groupOf(field)),
  ]
  random.pick(changes)()
}

function contentOf(wireType: number, random: Random): Uint8Array {
  if (wireType === 0) return varint(interestingInteger(random))
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(interestingInteger(random))
  return bytes.subarray(0, SIZE_BY_WIRE_TYPE[wireType] ?? random.below(9))
}

/** The field within itself, some times over: what is allowed to nest at all may nest too deep. */
function nested(field: Field, random: Random): Field {
  let inner: Field = { ...field, wireType: LENGTH }
  for (let depth = random.length(200); depth > 0; depth--) {
    inner = { ...inner, content: encode([inner]) }
  }
  return inner
}

/** As proto2 had them; one that nothing ends but its content's own end. */
function groupOf({ number, content }: Field): Field {
  return { number, wireType: 3, content: Buffer.concat([content, tag(number, 4)]) }
}

function encode(fields: readonly Field[]): Uint8Array {
  const pieces = fields.flatMap(({ number, wireType, content }) =>
    wireType === LENGTH
      ? [tag(number, wireType), varint(BigInt(content.length)), content]
      : [tag(number, wireType), content],
  )
  return Buffer.concat(pieces)
}

function tag(number: number, wireType: number): Buffer {
  return varint(BigInt(number) * 8n + BigInt(wireType))
}

/** The fields of a message; undefined if the bytes are none, or none of ours. */
function fieldsOf(bytes: Uint8Array): Field[] | undefined {
  const fields: Field[] = []
  for (let at = 0; at < bytes.length;) {
    const [key, contentAt] = readVarint(bytes, at)
    const [number, wireType] = [Math.floor(key / 8), key % 8]
    if (number === 0 || number > MAX_NUMBER) return undefined
    const [start, end] = extentOf(bytes, contentAt, wireType)
    if (end > bytes.length || Number.isNaN(end)) return undefined
    fields.push({ number, wireType, content: bytes.subarray(start, end) })
    at = end
  }
  return fields
}

function extentOf(bytes: Uint8Array, at: number, wireType: number): [start: number, end: number] {
  if (wireType === 0) return [at, readVarint(bytes, at)[1]]
  if (wireType !== LENGTH) return [at, at + (SIZE_BY_WIRE_TYPE[wireType] ?? NaN)]
  const [length, start] = readVarint(bytes, at)
  return [start, start + length]
}

function readVarint(bytes: Uint8Array, start: number): [value: number, end: number] {
  let value = 0
  for (let at = start, scale = 1; at < start + 10; at++, scale *= 0x80) {
    value += (bytes[at] & 0x7f) * scale
    if (bytes[at] < 0x80) return [value, at + 1]
  }
  return [0, NaN]
}
