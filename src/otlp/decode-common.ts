// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Attributes, HrTime, TraceState } from '@opentelemetry/api'
import { MalformedOtlpError } from './malformed-otlp-error'
import type {
  AnyValueMap,
  LogInstrumentationScope,
  RawResourceAttribute,
  Resource,
} from './sdk-types'
import { WireReader } from './wire-reader'
import * as tags from './common-tags'

// Values inside values inside values: far beyond what anyone logs, far below
// what the stack holds.
const MAX_VALUE_DEPTH = 500
const TWO_TO_32 = 0x1_0000_0000
const NANOS_PER_SECOND = 1_000_000_000
// A varint of seven bytes has 49 bits: a number holds it exactly.
const MAX_EXACT_VARINT_BYTES = 7

// Together they bound what is remembered to some 100 kB.
const KEY_SLOTS = 1024
const MAX_REMEMBERED_KEY_BYTES = 64

/** An object while it is being read. */
export type Draft<T> = { -readonly [Key in keyof T]: T[Key] }

/** Reads the field values that OTLP consists of, as the SDK has them. */
export class OtlpReader extends WireReader {
  readonly #text: Buffer
  readonly #numbers: DataView

  constructor(body: Uint8Array) {
    super(body)
    this.#text = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    this.#numbers = new DataView(body.buffer, body.byteOffset, body.byteLength)
  }

  /** Number and wire type of the field at hand, to compare with a `fieldTag`. */
  get tag(): number {
    return this.field * 8 + this.wireType
  }

  string(): string {
    const length = this.length()
    const start = this.take(length)
    return this.#text.toString('utf8', start, start + length)
  }

  /** A string that is likely to have come up before. */
  key(): string {
    const length = this.length()
    return keyMemory.recall(this.#text, this.take(length), length)
  }

  hex(): string {
    const length = this.length()
    const start = this.take(length)
    return this.#text.toString('hex', start, start + length)
  }

  bool(): boolean {
    return this.varint() !== 0
  }

  /** A varint as 32 bits: enums, counts. */
  uint32(): number {
    return this.varint() >>> 0
  }

  sint32(): number {
    const zigzag = this.uint32()
    return (zigzag >>> 1) ^ -(zigzag & 1)
  }

  /** The nearest number: exact up to 2^53. */
  int64(): number {
    const start = this.position
    const value = this.varint()
    if (this.position - start <= MAX_EXACT_VARINT_BYTES) return value
    this.position = start
    return Number(BigInt.asIntN(64, this.varint64()))
  }

  /** The nearest number: exact up to 2^53. */
  uint64(): number {
    return this.varint()
  }

  fixed32(): number {
    return this.#numbers.getUint32(this.take(4), true)
  }

  /** The nearest number: exact up to 2^53. */
  fixed64(): number {
    const start = this.take(8)
    return (
      this.#numbers.getUint32(start + 4, true) * TWO_TO_32 + this.#numbers.getUint32(start, true)
    )
  }

  sfixed64(): bigint {
    return this.#numbers.getBigInt64(this.take(8), true)
  }

  double(): number {
    return this.#numbers.getFloat64(this.take(8), true)
  }

  /** 64 bits of nanoseconds, divided by hand: BigInt would cost two allocations a time. */
  hrTime(): HrTime {
    const start = this.take(8)
    let seconds = 0
    let remainder = 0
    for (let at = start + 6; at >= start; at -= 2) {
      const dividend = remainder * 0x1_0000 + this.#numbers.getUint16(at, true)
      const quotient = Math.floor(dividend / NANOS_PER_SECOND)
      remainder = dividend - quotient * NANOS_PER_SECOND
      seconds = seconds * 0x1_0000 + quotient
    }
    return [seconds, remainder]
  }
}

interface RememberedKey {
  readonly key: string
  readonly bytes: Uint8Array
}

/**
 * Remembers keys by their bytes. The same few come up in every span, and a
 * string that was a property's name before is one faster than a new one: this
 * makes decoding 1.4 times as fast.
 */
class KeyMemory {
  readonly #slots: (RememberedKey | undefined)[] = new Array<undefined>(KEY_SLOTS)

  recall(text: Buffer, start: number, length: number): string {
    const end = start + length
    if (length === 0 || length > MAX_REMEMBERED_KEY_BYTES) return text.toString('utf8', start, end)
    const middle = start + (length >> 1)
    const slot = (length + 7 * text[start] + 31 * text[middle] + 127 * text[end - 1]) % KEY_SLOTS
    const known = this.#slots[slot]
    if (known && isAt(known.bytes, text, start, length)) return known.key
    const key = text.toString('utf8', start, end)
    this.#slots[slot] = { key, bytes: Uint8Array.from(text.subarray(start, end)) }
    return key
  }
}

function isAt(bytes: Uint8Array, text: Buffer, start: number, length: number): boolean {
  if (bytes.length !== length) return false
  for (let index = 0; index < length; index++) {
    if (bytes[index] !== text[start + index]) return false
  }
  return true
}

const keyMemory = new KeyMemory()

/** Reads the KeyValue at hand into `attributes`; of equal keys the last one counts. */
export function readAttribute(reader: OtlpReader, attributes: object, depth = 0): void {
  const outerEnd = reader.enter()
  let key = ''
  let value: unknown = null
  while (reader.next()) {
    if (reader.tag === tags.KEY) key = reader.key()
    else if (reader.tag === tags.VALUE) value = readAnyValue(reader, depth)
    else reader.skip()
  }
  reader.leave(outerEnd)
  setAttribute(attributes, key, value)
}

function setAttribute(attributes: object, key: string, value: unknown): void {
  if (key === '__proto__') {
    // Assigned, it would become the prototype instead of an attribute.
    const own = { value, enumerable: true, configurable: true, writable: true }
    Object.defineProperty(attributes, key, own)
  } else {
    ;(attributes as Record<string, unknown>)[key] = value
  }
}

/** Reads the AnyValue at hand; null is the one without a value. */
export function readAnyValue(reader: OtlpReader, depth = 0): unknown {
  if (depth > MAX_VALUE_DEPTH) {
    throw new MalformedOtlpError(
      `attribute values are nested more than ${MAX_VALUE_DEPTH} deep`,
      reader.position,
    )
  }
  const outerEnd = reader.enter()
  let value: unknown = null
  while (reader.next()) {
    switch (reader.tag) {
      case tags.STRING_VALUE:
        value = reader.string()
        break
      case tags.BOOL_VALUE:
        value = reader.bool()
        break
      case tags.INT_VALUE:
        value = reader.int64()
        break
      case tags.DOUBLE_VALUE:
        value = reader.double()
        break
      case tags.ARRAY_VALUE:
        value = readArray(reader, depth + 1)
        break
      case tags.KVLIST_VALUE:
        value = readMap(reader, depth + 1)
        break
      case tags.BYTES_VALUE:
        // A copy: an attribute must not keep the whole request alive.
        value = Uint8Array.from(reader.view())
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outerEnd)
  return value
}

function readArray(reader: OtlpReader, depth: number): unknown[] {
  const outerEnd = reader.enter()
  const values: unknown[] = []
  while (reader.next()) {
    if (reader.tag === tags.ARRAY_ELEMENT) values.push(readAnyValue(reader, depth))
    else reader.skip()
  }
  reader.leave(outerEnd)
  return values
}

function readMap(reader: OtlpReader, depth: number): object {
  const outerEnd = reader.enter()
  const map = {}
  while (reader.next()) {
    if (reader.tag === tags.KVLIST_ENTRY) readAttribute(reader, map, depth)
    else reader.skip()
  }
  reader.leave(outerEnd)
  return map
}

/**
 * A resource as it was recorded. Not built by the SDK's factory, which drops
 * maps, bytes and mixed arrays. `asyncAttributesPending` is left out: there is
 * nothing to wait for.
 */
export class DecodedResource implements Resource {
  readonly attributes: Attributes = {}
  schemaUrl?: string

  merge(other: Resource | null): Resource {
    if (!other) return this
    const merged = new DecodedResource()
    for (const [key, value] of [
      ...Object.entries(this.attributes),
      ...Object.entries(other.attributes),
    ]) {
      setAttribute(merged.attributes, key, value)
    }
    const schemaUrl = other.schemaUrl ?? this.schemaUrl
    if (schemaUrl !== undefined) merged.schemaUrl = schemaUrl
    return merged
  }

  getRawAttributes(): RawResourceAttribute[] {
    return Object.entries(this.attributes)
  }
}

export function readResource(reader: OtlpReader, resource: Resource): void {
  const outerEnd = reader.enter()
  while (reader.next()) {
    if (reader.tag === tags.RESOURCE_ATTRIBUTES) readAttribute(reader, resource.attributes)
    else reader.skip()
  }
  reader.leave(outerEnd)
}

export function readScope(reader: OtlpReader, scope: Draft<LogInstrumentationScope>): void {
  const outerEnd = reader.enter()
  while (reader.next()) {
    switch (reader.tag) {
      case tags.SCOPE_NAME:
        scope.name = reader.string()
        break
      case tags.SCOPE_VERSION:
        scope.version = reader.string()
        break
      case tags.SCOPE_ATTRIBUTES:
        readAttribute(reader, (scope.attributes ??= {} as AnyValueMap))
        break
      case tags.SCOPE_DROPPED_ATTRIBUTES_COUNT:
        scope.droppedAttributesCount = reader.uint32()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outerEnd)
}

/** A trace state as it was recorded: the SDK's own class would sort out what it does not like. */
export class RecordedTraceState implements TraceState {
  readonly #raw: string

  constructor(raw: string) {
    this.#raw = raw
  }

  set(key: string, value: string): TraceState {
    const rest = this.#members().filter((member) => !member.startsWith(`${key}=`))
    return new RecordedTraceState([`${key}=${value}`, ...rest].join(','))
  }

  unset(key: string): TraceState {
    const rest = this.#members().filter((member) => !member.startsWith(`${key}=`))
    return new RecordedTraceState(rest.join(','))
  }

  get(key: string): string | undefined {
    const member = this.#members().find((candidate) => candidate.startsWith(`${key}=`))
    return member?.slice(key.length + 1)
  }

  serialize(): string {
    return this.#raw
  }

  #members(): string[] {
    return this.#raw.split(',').map((member) => member.trim())
  }
}
