// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  MAX_NESTING_DEPTH,
  requestMapping,
  type FieldMapping,
  type MessageMapping,
} from './json-mapping'
import { expectedOf, readJsonValue, type WireValue } from './json-values'
import { MalformedOtlpError } from './malformed-otlp-error'
import { writeMessage, type ProtobufWriter } from './protobuf-writer'
import { SIGNALS, type Signal } from './signal'
import { WireType } from './wire-reader'

/**
 * Encodes a parsed OTLP/JSON request as protobuf. Names may be lowerCamelCase
 * or snake_case, ids hex or base64, enums numbers or names, 64-bit integers
 * strings or numbers (a number beyond 2^53 is taken for the integer that the
 * double holds). Null is absent, unknown fields are ignored, and of a field that
 * is given twice (in both spellings, or as two members of a oneof) the last counts.
 *
 * @throws {MalformedOtlpError} naming the JSON path, the value and what was
 * expected there, or if messages are nested deeper than 100
 *
 * @example
 * const body = requestFromJson(parseOtlpJson(line), 'traces')
 */
export function requestFromJson(json: unknown, signal: Signal): Uint8Array {
  return writeMessage((writer) => new JsonEncoder(writer).encode(json, requestMapping(signal)))
}

/**
 * The signal of a parsed OTLP/JSON request, by its top-level field; undefined
 * if it has none that OTLP knows, or those of several signals.
 */
export function detectJsonSignal(json: unknown): Signal | undefined {
  if (!isJsonObject(json)) return undefined
  const found = SIGNALS.filter((signal) =>
    [...requestMapping(signal).byName.keys()].some((name) => isPresent(json[name])),
  )
  return found.length === 1 ? found[0] : undefined
}

type JsonObject = Readonly<Record<string, unknown>>

// Goes through the request from its end to its beginning, as the writer writes.
class JsonEncoder {
  readonly #writer: ProtobufWriter
  // Where in the request we are, for the message of an error.
  readonly #path: (string | number)[] = []
  #depth = 0

  constructor(writer: ProtobufWriter) {
    this.#writer = writer
  }

  encode(json: unknown, mapping: MessageMapping): void {
    if (!isJsonObject(json)) throw this.#unexpected(json, 'an object')
    this.#fields(mapping, json)
  }

  #fields(mapping: MessageMapping, json: JsonObject): void {
    const values = presentValues(mapping, json)
    for (let number = values.length - 1; number > 0; number--) {
      const field = mapping.byNumber[number]
      const value = values[number]
      if (field === undefined || value === undefined) continue
      this.#path.push(field.jsonName)
      if (field.repeated) this.#list(field, value)
      else this.#single(field, value)
      this.#path.pop()
    }
  }

  #list(field: FieldMapping, json: unknown): void {
    if (!Array.isArray(json)) throw this.#unexpected(json, 'an array')
    const mark = this.#writer.size
    for (let index = json.length - 1; index >= 0; index--) {
      this.#path.push(index)
      if (field.message) this.#message(field, field.message, json[index])
      else if (field.packedTag) this.#packedItem(field, this.#read(field, json[index]))
      else this.#scalar(field, this.#read(field, json[index]))
      this.#path.pop()
    }
    if (field.packedTag && json.length > 0) this.#writer.messageField(field.packedTag, mark)
  }

  #single(field: FieldMapping, json: unknown): void {
    if (field.message) {
      this.#message(field, field.message, json)
      return
    }
    const value = this.#read(field, json)
    if (field.hasPresence || !isDefault(value)) this.#scalar(field, value)
  }

  #message(field: FieldMapping, mapping: MessageMapping, json: unknown): void {
    if (!isJsonObject(json)) throw this.#unexpected(json, expectedOf(field))
    if (++this.#depth > MAX_NESTING_DEPTH) {
      throw new MalformedOtlpError(
        `messages are nested deeper than ${MAX_NESTING_DEPTH} at ${this.#where()}`,
      )
    }
    const mark = this.#writer.size
    this.#fields(mapping, json)
    this.#writer.messageField(field.tag, mark)
    this.#depth--
  }

  #read(field: FieldMapping, json: unknown): WireValue {
    const value = readJsonValue(field, json)
    if (value === undefined) throw this.#unexpected(json, expectedOf(field))
    return value
  }

  #scalar(field: FieldMapping, value: WireValue): void {
    const writer = this.#writer
    const { tag } = field
    if (typeof value === 'string') writer.stringField(tag, value)
    else if (typeof value === 'boolean') writer.varintField(tag, Number(value))
    else if (value instanceof Uint8Array) writer.bytesField(tag, value)
    else this.#number(field, value)
  }

  #number(field: FieldMapping, value: number | bigint): void {
    const writer = this.#writer
    const { kind, tag } = field
    if (kind === 'double') writer.doubleField(tag, Number(value))
    else if (kind === 'fixed32') writer.fixed32Field(tag, Number(value))
    else if (kind === 'sint32') writer.sint32Field(tag, Number(value))
    // A negative enum is written with 64 bits, like any negative varint.
    else if (field.wireType !== WireType.FIXED64) writer.int64Field(tag, value)
    else if (typeof value === 'number') writer.fixed64Field(tag, value)
    else writer.timeField(tag, secondsAndNanos(value))
  }

  #packedItem(field: FieldMapping, value: WireValue): void {
    const writer = this.#writer
    if (typeof value === 'bigint' && field.kind === 'fixed64') writer.raw(eightBytes(value))
    else if (typeof value === 'bigint') writer.int64(value)
    else if (field.kind === 'double') writer.double(Number(value))
    else if (field.kind === 'fixed64') writer.fixed64(Number(value))
    else writer.int64(Number(value))
  }

  #unexpected(value: unknown, expected: string): MalformedOtlpError {
    return new MalformedOtlpError(`${this.#where()} is ${described(value)}, expected ${expected}`)
  }

  #where(): string {
    const steps = this.#path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    const path = `$${steps.join('')}`
    return path.length <= MAX_PATH_LENGTH ? path : `${path.slice(0, MAX_PATH_LENGTH)}…`
  }
}

// Own fields that OTLP knows, by number. (JSON.parse makes `__proto__` an own key
// like any other; no field is called so, and it is left out.)
function presentValues(mapping: MessageMapping, json: JsonObject): unknown[] {
  const values: unknown[] = []
  for (const name of Object.keys(json)) {
    const field = mapping.byName.get(name)
    if (field === undefined || !isPresent(json[name])) continue
    values[field.number] = json[name]
    for (const rival of field.rivals) values[rival.number] = undefined
  }
  return values
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}

// -0 is not the default: it has a bit set.
function isDefault(value: WireValue): boolean {
  if (value instanceof Uint8Array) return value.length === 0
  return Object.is(value, 0) || value === '' || value === false
}

const NANOS_PER_SECOND = 1_000_000_000n

// Whatever 64 bits mean, as the two numbers in which the writer takes them exactly.
function secondsAndNanos(value: bigint): [seconds: number, nanoseconds: number] {
  const bits = BigInt.asUintN(64, value)
  return [Number(bits / NANOS_PER_SECOND), Number(bits % NANOS_PER_SECOND)]
}

function eightBytes(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value))
  return bytes
}

const MAX_PATH_LENGTH = 300
const MAX_VALUE_LENGTH = 60

function described(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string') return String(value)
  return value.length <= MAX_VALUE_LENGTH
    ? JSON.stringify(value)
    : `${JSON.stringify(value.slice(0, MAX_VALUE_LENGTH))}… (${value.length} characters)`
}
