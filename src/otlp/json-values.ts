// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { FieldMapping } from './json-mapping'
import type { FieldKind } from './schema'

/** A value as a writer wants it: integers beyond 2^53 as bigint, ids and bytes as bytes. */
export type WireValue = string | number | bigint | boolean | Uint8Array

/**
 * Reads one JSON value of a field that is no message; undefined if it is not
 * what {@link expectedOf} says. Lenient where senders differ: ids in hex or
 * base64, numbers as numbers or strings, enums by number or by name.
 */
export function readJsonValue(field: FieldMapping, value: unknown): WireValue | undefined {
  return KINDS[field.kind].read(value, field)
}

/** What a field's JSON value has to be, for a message to whoever sent another one. */
export function expectedOf(field: FieldMapping): string {
  const { expected } = KINDS[field.kind]
  return field.names ? `${expected} (${Object.values(field.names).join(', ')})` : expected
}

interface JsonKind {
  readonly expected: string
  readonly read: (value: unknown, field: FieldMapping) => WireValue | undefined
}

const INT64: JsonKind = {
  expected: 'a 64-bit integer, as a string or a number',
  read: (value) => readInteger64(value, -(2n ** 63n), 2n ** 63n - 1n),
}
const UINT64: JsonKind = {
  expected: 'an unsigned 64-bit integer, as a string or a number',
  read: (value) => readInteger64(value, 0n, 2n ** 64n - 1n),
}
const UINT32: JsonKind = {
  expected: 'an integer from 0 to 4294967295',
  read: (value) => readInteger32(value, 0, 2 ** 32 - 1),
}

const KINDS: Readonly<Record<FieldKind, JsonKind>> = {
  bool: {
    expected: 'true or false',
    read: (value) => (typeof value === 'boolean' ? value : undefined),
  },
  bytes: { expected: 'a base64 string', read: readBase64 },
  double: { expected: 'a number, "NaN", "Infinity" or "-Infinity"', read: readDouble },
  enum: { expected: 'an integer or a name', read: readEnum },
  fixed32: UINT32,
  fixed64: UINT64,
  int64: INT64,
  message: { expected: 'an object', read: () => undefined },
  sfixed64: INT64,
  sint32: { expected: 'an integer of 32 bits', read: readInt32 },
  spanId: { expected: 'an id of 8 bytes: 16 hex digits', read: (value) => readId(value, 8) },
  string: {
    expected: 'a string',
    read: (value) => (typeof value === 'string' ? value : undefined),
  },
  time: {
    expected:
      'nanoseconds since the Unix epoch: an unsigned 64-bit integer, as a string or a number',
    read: UINT64.read,
  },
  traceId: { expected: 'an id of 16 bytes: 32 hex digits', read: (value) => readId(value, 16) },
  uint32: UINT32,
  uint64: UINT64,
}

const DECIMAL_INTEGER = /^-?\d+$/
const JSON_NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/
// Nobody writes a number this long, and BigInt takes quadratic time for it.
const MAX_NUMBER_LENGTH = 400

function readInteger64(value: unknown, min: bigint, max: bigint): number | bigint | undefined {
  const number = readInteger(value)
  if (number === undefined) return undefined
  if (Number.isSafeInteger(number)) return number >= min ? number : undefined
  const isDecimal = typeof value === 'string' && DECIMAL_INTEGER.test(value)
  const exact = BigInt(isDecimal ? value : number)
  return exact >= min && exact <= max ? exact : undefined
}

function readInteger32(value: unknown, min: number, max: number): number | undefined {
  const number = readInteger(value)
  return number !== undefined && number >= min && number <= max ? number : undefined
}

function readInteger(value: unknown): number | undefined {
  const number = readNumber(value)
  // + 0 makes 0 of -0, which an integer has not.
  return number !== undefined && Number.isInteger(number) ? number + 0 : undefined
}

function readInt32(value: unknown): number | undefined {
  return readInteger32(value, -(2 ** 31), 2 ** 31 - 1)
}

// protobuf's JSON mapping lets any number come as a string, "1e3" too.
function readNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  const isNumber =
    typeof value === 'string' && value.length <= MAX_NUMBER_LENGTH && JSON_NUMBER.test(value)
  return isNumber ? Number(value) : undefined
}

function readDouble(value: unknown): number | undefined {
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value)
  return readNumber(value)
}

function readEnum(value: unknown, field: FieldMapping): number | undefined {
  if (typeof value !== 'string') return readInt32(value)
  const named = Object.entries(field.names ?? {}).find(([, name]) => name === value)
  return named ? Number(named[0]) : readInt32(value)
}

const HEX = /^[0-9a-fA-F]*$/
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/

// Emitters that know protobuf's JSON mapping but not OTLP's send ids in base64.
// The lengths tell the two apart: 32 and 16 characters are hex, 24 and 12 base64, or 22 and 11
// without padding.
function readId(value: unknown, sizeBytes: number): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined
  if (value === '') return new Uint8Array(0)
  if (value.length === sizeBytes * 2 && HEX.test(value)) return Buffer.from(value, 'hex')
  const isPadded = value.length === Math.ceil(sizeBytes / 3) * 4
  const isUnpadded = value.length === Math.ceil((sizeBytes * 4) / 3) && !value.endsWith('=')
  if (!(isPadded || isUnpadded) || !BASE64.test(value)) return undefined
  const id = Buffer.from(value, 'base64')
  return id.length === sizeBytes ? id : undefined
}

// The standard and the url-safe alphabet, padded or not: Buffer reads both.
function readBase64(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string' || !BASE64.test(value)) return undefined
  const digits = value.replace(/=+$/, '').length
  const isWhole = digits % 4 !== 1 && (digits === value.length || value.length % 4 === 0)
  return isWhole ? Buffer.from(value, 'base64') : undefined
}
