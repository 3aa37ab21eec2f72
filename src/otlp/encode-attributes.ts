// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { findKey, writeNewKeyField } from './encode-attribute-key'
import { KnownTexts } from './encode-known-texts'
import type { ProtobufWriter } from './protobuf-writer'
import * as tags from './common-tags'

const TWO_TO_63 = 2 ** 63

// protobuf decoders refuse more than 100 messages inside each other, and with
// them the whole request. Eight are around the value of a metric's attribute.
const MAX_MESSAGE_DEPTH = 100
const OUTER_MESSAGE_DEPTH = 8
const ARRAY_MESSAGE_DEPTH = 2
const MAP_MESSAGE_DEPTH = 3
// Of one attribute. A logged request or socket, whose parts refer to each
// other, would unfold into more than any app can pay for.
const MAX_VALUES = 100_000
const CIRCULAR = '[Circular]'
const TRUNCATED = '[Truncated]'

/** Writes own enumerable properties as a repeated KeyValue; never throws because of what they hold. */
export function writeAttributes(
  writer: ProtobufWriter,
  tag: number,
  attributes: object | null | undefined,
): void {
  if (attributes === null || attributes === undefined) return
  const keys = readableKeys(attributes)
  for (let index = keys.length - 1; index >= 0; index--) {
    writeKeyValue(writer, tag, attributes, keys[index])
  }
}

function readableKeys(attributes: object): string[] {
  try {
    return Object.keys(attributes)
  } catch {
    return [] // A proxy that does not want to be read.
  }
}

/** Writes a value as the AnyValue field `tag`; never throws because of what it holds. */
export function writeAnyValueField(writer: ProtobufWriter, tag: number, value: unknown): void {
  const mark = writer.size
  try {
    writeAnyValue(writer, value, undefined)
  } catch {
    writer.rewind(mark)
  }
  writer.messageField(tag, mark)
}

function writeKeyValue(
  writer: ProtobufWriter,
  tag: number,
  owner: object,
  key: string,
  nesting?: Nesting,
): void {
  const mark = writer.size
  const known = findKey(key)
  try {
    const value = (owner as Record<string, unknown>)[key]
    if (known !== undefined && typeof value === 'string') {
      knownTexts.write(writer, value, known.credit)
    } else {
      writeAnyValue(writer, value, nesting)
      writer.messageField(tags.VALUE, mark)
    }
  } catch {
    // A getter or a proxy threw: the key stays, without a value.
    writer.rewind(mark)
    writer.messageField(tags.VALUE, mark)
  }
  if (known !== undefined) writer.repeat(known.field)
  else writeNewKeyField(writer, key)
  writer.messageField(tag, mark)
}

// Up to 150 kB.
const KNOWN_TEXT_SLOTS = 256
const knownTexts = new KnownTexts(KNOWN_TEXT_SLOTS, (writer, text) =>
  writer.stringMessageField(tags.VALUE, tags.STRING_VALUE, text),
)

// Writes nothing, an AnyValue without a value, for what OTLP has no value for.
function writeAnyValue(writer: ProtobufWriter, value: unknown, nesting: Nesting | undefined): void {
  // No switch: V8 compiles a comparison with `typeof`, but calls out for its value.
  if (typeof value === 'string') {
    writer.stringField(tags.STRING_VALUE, value)
  } else if (typeof value === 'number') {
    if (Number.isInteger(value) && value >= -TWO_TO_63 && value < TWO_TO_63) {
      writer.int64Field(tags.INT_VALUE, value)
    } else {
      writer.doubleField(tags.DOUBLE_VALUE, value)
    }
  } else if (typeof value === 'boolean') {
    writer.varintField(tags.BOOL_VALUE, value ? 1 : 0)
  } else if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) === value) writer.int64Field(tags.INT_VALUE, value)
    else writer.stringField(tags.STRING_VALUE, value.toString())
  } else if (typeof value === 'object' && value !== null) {
    if (value instanceof Uint8Array) writer.bytesField(tags.BYTES_VALUE, value)
    else if (value instanceof Date) writer.stringField(tags.STRING_VALUE, dateText(value))
    else writeContainer(writer, value, nesting ?? new Nesting())
  }
}

function writeContainer(writer: ProtobufWriter, value: object, nesting: Nesting): void {
  const keys = Array.isArray(value) ? undefined : Object.keys(value)
  const count = keys ? keys.length : (value as unknown[]).length
  const depth = keys ? MAP_MESSAGE_DEPTH : ARRAY_MESSAGE_DEPTH
  const refusal = nesting.enter(value, count, depth)
  if (refusal !== undefined) {
    writer.stringField(tags.STRING_VALUE, refusal)
    return
  }
  try {
    const mark = writer.size
    for (let index = count - 1; index >= 0; index--) {
      if (keys) writeKeyValue(writer, tags.KVLIST_ENTRY, value, keys[index], nesting)
      else writeElement(writer, value as unknown[], index, nesting)
    }
    writer.messageField(keys ? tags.KVLIST_VALUE : tags.ARRAY_VALUE, mark)
  } finally {
    nesting.leave(depth)
  }
}

function writeElement(
  writer: ProtobufWriter,
  array: unknown[],
  index: number,
  nesting: Nesting,
): void {
  const mark = writer.size
  try {
    writeAnyValue(writer, array[index], nesting)
  } catch {
    writer.rewind(mark)
  }
  writer.messageField(tags.ARRAY_ELEMENT, mark)
}

/** The containers around a value: what keeps cycles and depth from running away. */
class Nesting {
  readonly #ancestors: object[] = []
  #messageDepth = OUTER_MESSAGE_DEPTH
  #remainingValues = MAX_VALUES

  /** Says what to write instead of a container that must not be entered. */
  enter(container: object, valueCount: number, messageDepth: number): string | undefined {
    if (this.#ancestors.includes(container)) return CIRCULAR
    if (this.#messageDepth + messageDepth > MAX_MESSAGE_DEPTH) return TRUNCATED
    if (valueCount > this.#remainingValues) return TRUNCATED
    this.#ancestors.push(container)
    this.#messageDepth += messageDepth
    this.#remainingValues -= valueCount
    return undefined
  }

  leave(messageDepth: number): void {
    this.#ancestors.pop()
    this.#messageDepth -= messageDepth
  }
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? String(date) : date.toISOString()
}
