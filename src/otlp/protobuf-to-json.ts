// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  MAX_NESTING_DEPTH,
  requestMapping,
  type FieldMapping,
  type MessageMapping,
} from './json-mapping'
import { MalformedOtlpError } from './malformed-otlp-error'
import type { Signal } from './signal'
import { WireReader, WireType } from './wire-reader'

type JsonObject = Record<string, unknown>

/**
 * Decodes a protobuf `Export…ServiceRequest` to OTLP/JSON: lowerCamelCase
 * names, ids in hex, enums as integers, 64-bit numbers as strings, bytes in
 * base64, and `"NaN"`, `"Infinity"`, `"-Infinity"` as strings. Defaults are left
 * out unless the field tells absent and default apart (`intValue: "0"` stays).
 * Fields that are not in the schema are left out.
 *
 * @throws {MalformedOtlpError} if the bytes are no protobuf, or nested deeper
 * than 100 messages
 *
 * @example
 * console.log(JSON.stringify(requestToJson(batch.body, batch.signal)))
 */
export function requestToJson(body: Uint8Array, signal: Signal): object {
  return new JsonDecoder(body).decode(requestMapping(signal))
}

class JsonDecoder {
  readonly #reader: WireReader
  readonly #buffer: Buffer

  constructor(body: Uint8Array) {
    this.#reader = new WireReader(body)
    this.#buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  }

  decode(mapping: MessageMapping): JsonObject {
    const request: JsonObject = {}
    this.#message(mapping, request, 0)
    return request
  }

  // Into an object that may exist: a message field that occurs twice is merged.
  #message(mapping: MessageMapping, into: JsonObject, depth: number): void {
    const reader = this.#reader
    if (depth > MAX_NESTING_DEPTH) {
      throw new MalformedOtlpError(
        `messages are nested deeper than ${MAX_NESTING_DEPTH}`,
        reader.position,
      )
    }
    while (reader.next()) {
      const field = mapping.byNumber[reader.field]
      if (field === undefined) reader.skip()
      else if (reader.wireType === field.wireType) this.#value(field, into, depth)
      else if (reader.wireType === WireType.LENGTH && field.packedTag) this.#packed(field, into)
      // As protobuf has it, a field of another wire type is an unknown field.
      else reader.skip()
    }
  }

  #value(field: FieldMapping, into: JsonObject, depth: number): void {
    const { jsonName } = field
    for (const rival of field.rivals) {
      if (rival.jsonName in into) delete into[rival.jsonName]
    }
    if (field.message !== undefined) {
      const outerEnd = this.#reader.enter()
      this.#message(field.message, this.#submessage(field, into), depth + 1)
      this.#reader.leave(outerEnd)
    } else if (field.repeated) {
      this.#list(field, into).push(this.#scalar(field))
    } else {
      const value = this.#scalar(field)
      if (field.hasPresence || !Object.is(value, field.defaultValue)) into[jsonName] = value
      else if (jsonName in into) delete into[jsonName]
    }
  }

  #submessage(field: FieldMapping, into: JsonObject): JsonObject {
    if (!field.repeated && field.jsonName in into) return into[field.jsonName] as JsonObject
    const message: JsonObject = {}
    if (field.repeated) this.#list(field, into).push(message)
    else into[field.jsonName] = message
    return message
  }

  #packed(field: FieldMapping, into: JsonObject): void {
    const reader = this.#reader
    const outerEnd = reader.enter()
    if (reader.position < reader.end) {
      const list = this.#list(field, into)
      while (reader.position < reader.end) list.push(this.#scalar(field))
    }
    reader.leave(outerEnd)
  }

  #list(field: FieldMapping, into: JsonObject): unknown[] {
    return (into[field.jsonName] ??= []) as unknown[]
  }

  #scalar(field: FieldMapping): string | number | boolean {
    const reader = this.#reader
    switch (field.kind) {
      case 'bool':
        return reader.varint() !== 0
      case 'bytes':
        return this.#text('base64')
      case 'double':
        return this.#double()
      case 'enum':
        return this.#varint32()
      case 'fixed32':
        return this.#buffer.readUInt32LE(reader.take(4))
      case 'fixed64':
      case 'time':
        return String(this.#buffer.readBigUInt64LE(reader.take(8)))
      case 'int64':
        return this.#varint64(true)
      case 'sfixed64':
        return String(this.#buffer.readBigInt64LE(reader.take(8)))
      case 'sint32':
        return this.#zigzag32()
      case 'spanId':
      case 'traceId':
        return this.#text('hex')
      case 'string':
        return this.#text('utf8')
      case 'uint32':
        return this.#varint32() >>> 0
      case 'uint64':
        return this.#varint64(false)
      case 'message':
        throw new TypeError(`${field.jsonName} is a message, not a value`)
    }
  }

  #text(encoding: 'utf8' | 'hex' | 'base64'): string {
    const length = this.#reader.length()
    const start = this.#reader.take(length)
    return this.#buffer.toString(encoding, start, start + length)
  }

  #double(): number | string {
    const value = this.#buffer.readDoubleLE(this.#reader.take(8))
    return Number.isFinite(value) ? value : String(value)
  }

  #zigzag32(): number {
    const value = this.#varint32()
    return (value >>> 1) ^ -(value & 1)
  }

  // The low 32 bits: a negative enum is written with 64.
  #varint32(): number {
    const start = this.#reader.position
    const value = this.#reader.varint()
    if (value <= Number.MAX_SAFE_INTEGER) return value | 0
    this.#reader.position = start
    return Number(BigInt.asIntN(32, this.#reader.varint64()))
  }

  #varint64(isSigned: boolean): string {
    const start = this.#reader.position
    const value = this.#reader.varint()
    if (value <= Number.MAX_SAFE_INTEGER) return String(value)
    this.#reader.position = start
    const exact = this.#reader.varint64()
    return String(isSigned ? BigInt.asIntN(64, exact) : exact)
  }
}
