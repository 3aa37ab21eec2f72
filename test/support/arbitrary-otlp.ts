// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import protobuf from 'protobufjs'
import {
  ArrayValue,
  HistogramDataPoint,
  KeyValueList,
  REQUEST_SHAPES,
  Resource,
  type FieldShape,
  type MessageShape,
} from '../../src/otlp/schema'
import type { Signal } from '../../src/otlp/signal'
import { anyCodePoint } from './any-code-point'
import { requestType } from './independent-decoder'

/** A JSON object, as JSON.parse makes it. */
export type JsonObject = Record<string, unknown>

export interface RequestBytesOptions {
  /** Puts fields that no schema knows, of every wire type, into messages of all levels. */
  unknownFields?: boolean
  /** Shuffles the fields of each message and mixes packed with unpacked lists. */
  anyOrder?: boolean
}

/**
 * Arbitrary requests in OTLP's JSON mapping, in the one canonical form that has
 * an exact way back: lowerCamelCase names in order of field number, hex ids,
 * 64-bit numbers as strings, enums as numbers, defaults and empty lists absent.
 *
 * Times come from wide and edge ranges, trace ids from a small pool (so they
 * recur within and across requests) or empty, resources with, without and with
 * an odd `service.name`.
 *
 * @example
 * fc.assert(fc.property(arbitraryRequestJson('traces'), (request) => { … }))
 */
export function arbitraryRequestJson(signal: Signal): fc.Arbitrary<JsonObject> {
  return arbitraryMessage(REQUEST_SHAPES[signal], requestType(signal), ANY_VALUE_DEPTH)
}

/**
 * Arbitrary requests as protobuf, written by protobufjs from the .proto files:
 * no line of the library takes part in the encoding.
 */
export function arbitraryRequestBytes(
  signal: Signal,
  options: RequestBytesOptions = {},
): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(arbitraryRequestJson(signal), fc.nat())
    .map(([request, seed]) => encodeRequestJson(signal, request, { ...options, seed }))
}

/**
 * Encodes a request in the canonical JSON form above with protobufjs. The same
 * `seed` puts the same unknown fields and the same order.
 */
export function encodeRequestJson(
  signal: Signal,
  request: JsonObject,
  options: RequestBytesOptions & { seed?: number } = {},
): Uint8Array {
  const writer = protobuf.Writer.create()
  const random = seededRandom(options.seed ?? 0)
  encodeMessage(writer, requestType(signal), request, options, random)
  return writer.finish()
}

// ---- values ----------------------------------------------------------------

const ANY_VALUE_DEPTH = 3

const TRACE_IDS = [
  '0af7651916cd43dd8448eb211c80319c',
  '4bf92f3577b34da6a3ce929d0e0e4736',
  'ffffffffffffffffffffffffffffffff',
  '00000000000000000000000000000001',
]
const SPAN_IDS = ['b7ad6b7169203331', '00f067aa0ba902b7', 'ffffffffffffffff', '0000000000000001']

const NOW_UNIX_NANO = 1_790_000_000_000_000_000n
const HOUR_NANOS = 3_600_000_000_000n
const MAX_UINT64 = 2n ** 64n - 1n

const time = fc
  .oneof(
    { weight: 8, arbitrary: fc.bigInt(NOW_UNIX_NANO - HOUR_NANOS, NOW_UNIX_NANO + HOUR_NANOS) },
    { weight: 2, arbitrary: fc.constantFrom(0n, 1n, 2n ** 63n, MAX_UINT64) },
    { weight: 1, arbitrary: fc.bigInt(0n, MAX_UINT64) },
  )
  .map(String)

const text = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.string({ unit: anyCodePoint, maxLength: 8 }),
  fc.constantFrom('', '__proto__', 'constructor', 'GET /cart/{id}', 'zażółć 🛒', '\u0000'),
)

function hexId(bytes: number, pool: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...pool) },
    { weight: 2, arbitrary: fc.constant('') },
    {
      weight: 2,
      arbitrary: fc
        .uint8Array({ minLength: bytes, maxLength: bytes })
        .map((id) => Buffer.from(id).toString('hex')),
    },
  )
}

// JSON has no NaN, no Infinity, and JSON.stringify no -0.
const double = fc
  .oneof(fc.double(), fc.integer(), fc.constantFrom(0, NaN, Infinity, -Infinity, 2 ** 53))
  .map((value) => (Number.isFinite(value) ? value + 0 : String(value)))

const unsigned64 = fc.oneof(fc.bigInt(0n, MAX_UINT64), fc.bigInt(0n, 300n)).map(String)
const signed64 = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-9n, 9n)).map(String)

function arbitraryScalar(field: FieldShape): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case 'bool':
      return fc.boolean()
    case 'bytes':
      return fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('base64'))
    case 'double':
      return double
    case 'enum':
      return fc.constantFrom(...Object.keys(field.names ?? {}).map(Number))
    case 'fixed32':
    case 'uint32':
      return fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 2 ** 32 - 1 }))
    case 'fixed64':
    case 'uint64':
      return unsigned64
    case 'int64':
    case 'sfixed64':
      return signed64
    case 'sint32':
      return fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer())
    case 'spanId':
      return hexId(8, SPAN_IDS)
    case 'string':
      return text
    case 'time':
      return time
    case 'traceId':
      return hexId(16, TRACE_IDS)
    case 'message':
      throw new Error(`${field.jsonName} is a message`)
  }
}

// ---- messages --------------------------------------------------------------

const memo = new Map<string, fc.Arbitrary<JsonObject>>()

function arbitraryMessage(
  shape: MessageShape,
  type: protobuf.Type,
  depth: number,
): fc.Arbitrary<JsonObject> {
  const key = `${shape.name} ${depth}`
  let arbitrary = memo.get(key)
  if (!arbitrary) {
    arbitrary = amended(shape, fieldsOf(shape, type, depth))
    memo.set(key, arbitrary)
  }
  return arbitrary
}

// Each oneof of the .proto file yields at most one of its members. (An
// `optional` field is a oneof of its own there, with one member.)
function fieldsOf(shape: MessageShape, type: protobuf.Type, depth: number) {
  const inOneof = new Set(type.oneofsArray.flatMap((oneof) => oneof.oneof))
  const alone = shape.fields.filter((field) => !inOneof.has(field.jsonName))
  const groups = type.oneofsArray.map((oneof) => {
    const members = shape.fields.filter(
      (field) => oneof.oneof.includes(field.jsonName) && !(depth === 0 && field.message),
    )
    return fc.oneof(
      { weight: 1, arbitrary: fc.constant<JsonObject>({}) },
      ...members.map((field) => ({
        weight: 3,
        arbitrary: arbitraryField(field, type, depth).map((value) => ({ [field.jsonName]: value })),
      })),
    )
  })
  const singles = alone.map((field) => {
    const value = arbitraryField(field, type, depth)
    const optional = field.repeated ? value : fc.option(value, { nil: undefined, freq: 6 })
    return optional.map((given) => (isCanonical(field, given) ? { [field.jsonName]: given } : {}))
  })
  return fc
    .tuple(...singles, ...groups)
    .map((parts) => inFieldOrder(shape, Object.assign({}, ...parts) as JsonObject))
}

function arbitraryField(
  field: FieldShape,
  type: protobuf.Type,
  depth: number,
): fc.Arbitrary<unknown> {
  const single = field.message
    ? arbitraryMessage(field.message, resolvedType(type, field.jsonName), depthIn(field, depth))
    : arbitraryScalar(field)
  return field.repeated ? listOf(field, single) : single
}

// Left to itself, fast-check would make most lists empty, and a request of
// lists of lists would hardly ever hold an item.
function listOf(field: FieldShape, single: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> {
  const isOutermost = LISTS_THAT_LEAD_TO_ITEMS.has(field.jsonName)
  const minLength = isOutermost ? 1 : 0
  const list = fc.array(single, { minLength, maxLength: isOutermost ? 3 : 2, size: 'max' })
  return isOutermost ? fc.oneof({ weight: 12, arbitrary: list }, fc.constant<unknown[]>([])) : list
}

const LISTS_THAT_LEAD_TO_ITEMS = new Set([
  ...['resourceSpans', 'scopeSpans', 'spans'],
  ...['resourceMetrics', 'scopeMetrics', 'metrics', 'dataPoints'],
  ...['resourceLogs', 'scopeLogs', 'logRecords'],
])

function depthIn(field: FieldShape, depth: number): number {
  return field.message === ArrayValue || field.message === KeyValueList ? depth - 1 : depth
}

// What the canonical form leaves out: absent, empty lists, and defaults of
// fields without presence.
function isCanonical(field: FieldShape, value: unknown): boolean {
  if (value === undefined) return false
  if (field.repeated) return (value as unknown[]).length > 0
  return field.hasPresence || ![0, '0', '', false].includes(value as number)
}

function inFieldOrder(shape: MessageShape, message: JsonObject): JsonObject {
  const ordered: JsonObject = {}
  for (const { jsonName } of shape.fields) {
    if (jsonName in message) ordered[jsonName] = message[jsonName]
  }
  return ordered
}

// ---- what is special about some messages ------------------------------------

const serviceName = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('checkout', 'payment', 'frontend', 'カート') },
  { weight: 1, arbitrary: fc.constant('') },
)

const serviceNameAttribute: fc.Arbitrary<JsonObject[]> = fc.oneof(
  {
    weight: 8,
    arbitrary: serviceName.map((name) => [{ key: 'service.name', value: { stringValue: name } }]),
  },
  { weight: 2, arbitrary: fc.constant<JsonObject[]>([]) },
  {
    weight: 1,
    arbitrary: fc.constant<JsonObject[]>([{ key: 'service.name', value: { intValue: '7' } }]),
  },
  { weight: 1, arbitrary: fc.constant<JsonObject[]>([{ key: 'service.name' }]) },
)

function amended(
  shape: MessageShape,
  arbitrary: fc.Arbitrary<JsonObject>,
): fc.Arbitrary<JsonObject> {
  if (shape === Resource) {
    return fc.tuple(arbitrary, serviceNameAttribute, fc.boolean()).map(withServiceName)
  }
  return shape === HistogramDataPoint ? arbitrary.map(withABoundLessThanBuckets) : arbitrary
}

function withServiceName([resource, attribute, first]: [JsonObject, JsonObject[], boolean]) {
  const others = (resource.attributes ?? []) as JsonObject[]
  const attributes = first ? [...attribute, ...others] : [...others, ...attribute]
  return attributes.length === 0 ? resource : inFieldOrder(Resource, { ...resource, attributes })
}

function withABoundLessThanBuckets(point: JsonObject): JsonObject {
  const counts = (point.bucketCounts ?? []) as unknown[]
  const { explicitBounds, ...rest } = point
  if (counts.length < 2) return rest
  const given = ((explicitBounds ?? []) as unknown[]).filter(Number.isFinite) as number[]
  const bounds = counts.slice(1).map((_, index) => given[index] ?? index + 1)
  const ascending = bounds.sort((a, b) => a - b)
  return inFieldOrder(HistogramDataPoint, { ...rest, explicitBounds: ascending })
}

// ---- protobuf, by protobufjs -------------------------------------------------

const HEX_FIELDS = new Set(['traceId', 'spanId', 'parentSpanId'])

function encodeMessage(
  writer: protobuf.Writer,
  type: protobuf.Type,
  message: JsonObject,
  options: RequestBytesOptions,
  random: () => number,
): void {
  const fields = type.fieldsArray.filter((field) => message[field.name] !== undefined)
  fields.sort((a, b) => a.id - b.id)
  if (options.anyOrder) shuffle(fields, random)
  for (const field of fields) {
    if (options.unknownFields && random() < 0.2) writeUnknownField(writer, random)
    const value = message[field.name]
    const values = field.repeated ? (value as unknown[]) : [value]
    if (field.repeated && isNumeric(field) && !(options.anyOrder && random() < 0.5)) {
      writer.uint32(field.id * 8 + 2).fork()
      for (const item of values) writeScalar(writer, field, item)
      writer.ldelim()
      continue
    }
    for (const item of values) {
      writer.uint32(field.id * 8 + wireTypeOf(field))
      if (field.resolvedType instanceof protobuf.Type) {
        writer.fork()
        encodeMessage(writer, field.resolvedType, item as JsonObject, options, random)
        writer.ldelim()
      } else {
        writeScalar(writer, field, item)
      }
    }
  }
  if (options.unknownFields && random() < 0.3) writeUnknownField(writer, random)
}

function isNumeric(field: protobuf.Field): boolean {
  return (protobuf.types.packed as Record<string, number>)[field.type] !== undefined
}

function wireTypeOf(field: protobuf.Field): number {
  if (field.resolvedType instanceof protobuf.Type) return 2
  if (field.resolvedType instanceof protobuf.Enum) return 0
  return (protobuf.types.basic as Record<string, number>)[field.type]
}

function writeScalar(writer: protobuf.Writer, field: protobuf.Field, value: unknown): void {
  switch (field.resolvedType ? 'enum' : field.type) {
    case 'bool':
      writer.bool(value as boolean)
      return
    case 'bytes':
      writer.bytes(Buffer.from(value as string, HEX_FIELDS.has(field.name) ? 'hex' : 'base64'))
      return
    case 'double':
      writer.double(Number(value))
      return
    case 'enum':
      writer.int32(value as number)
      return
    case 'string':
      writer.string(value as string)
      return
    case 'fixed32':
      writer.fixed32(value as number)
      return
    case 'sint32':
      writer.sint32(value as number)
      return
    case 'uint32':
      writer.uint32(value as number)
      return
    case 'fixed64':
    case 'sfixed64':
      writer.fixed64(value as string)
      return
    case 'int64':
    case 'uint64':
      writer.uint64(value as string)
      return
    default:
      throw new Error(`${field.fullName} has a type that OTLP did not use before: ${field.type}`)
  }
}

// Numbers far above those that OTLP uses or has reserved.
const UNKNOWN_NUMBERS = [100, 1000, 18_999, 20_000, 2 ** 29 - 1]

function writeUnknownField(writer: protobuf.Writer, random: () => number): void {
  const number = UNKNOWN_NUMBERS[Math.floor(random() * UNKNOWN_NUMBERS.length)]
  const tag = (wireType: number) => writer.uint32(((number << 3) | wireType) >>> 0)
  const kind = Math.floor(random() * 6)
  if (kind === 0) tag(0).uint32(Math.floor(random() * 1000))
  else if (kind === 1) tag(0).uint64('18446744073709551615')
  else if (kind === 2) tag(1).fixed64('1790000000000000000')
  else if (kind === 3) tag(5).fixed32(0xffffffff)
  else if (kind === 4) tag(2).bytes(Buffer.from([0x0a, 0x02, 0x08, 0x01]))
  else {
    // A group, as proto2 had them, with a field inside.
    tag(3).uint32(8).uint32(1)
    tag(4)
  }
}

function resolvedType(type: protobuf.Type, name: string): protobuf.Type {
  const resolved = type.fields[name]?.resolve().resolvedType
  if (!(resolved instanceof protobuf.Type)) {
    throw new Error(`${type.fullName}.${name} is no message in the .proto files`)
  }
  return resolved
}

function shuffle<T>(items: T[], random: () => number): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[items[last], items[other]] = [items[other], items[last]]
  }
}

/** Numbers from 0 to 1 that the seed decides (mulberry32), the same on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
