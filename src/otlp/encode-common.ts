// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { writeMessage, type ProtobufWriter } from './protobuf-writer'
import type { LogInstrumentationScope, Resource } from './sdk-types'
import * as tags from './common-tags'

// An app that puts ids into its keys must not make the cache grow with them.
const MAX_CACHED_KEYS = 1_000
const MAX_CACHED_KEY_LENGTH = 64

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
  try {
    writeAnyValue(writer, (owner as Record<string, unknown>)[key], nesting)
  } catch {
    // A getter or a proxy threw: the key stays, without a value.
    writer.rewind(mark)
  }
  writer.messageField(tags.VALUE, mark)
  writer.raw(keyField(key))
  writer.messageField(tag, mark)
}

// Keys repeat from span to span: copying one is cheaper than encoding it.
const keyFields = new Map<string, Uint8Array>()

function keyField(key: string): Uint8Array {
  let bytes = keyFields.get(key)
  if (!bytes) {
    bytes = writeMessage((writer) => writer.stringField(tags.KEY, key))
    if (keyFields.size >= MAX_CACHED_KEYS) keyFields.clear()
    if (key.length <= MAX_CACHED_KEY_LENGTH) keyFields.set(key, bytes)
  }
  return bytes
}

// Writes nothing, an AnyValue without a value, for what OTLP has no value for.
function writeAnyValue(writer: ProtobufWriter, value: unknown, nesting: Nesting | undefined): void {
  switch (typeof value) {
    case 'string':
      writer.stringField(tags.STRING_VALUE, value)
      return
    case 'number':
      if (Number.isInteger(value) && value >= -TWO_TO_63 && value < TWO_TO_63) {
        writer.int64Field(tags.INT_VALUE, value)
      } else {
        writer.doubleField(tags.DOUBLE_VALUE, value)
      }
      return
    case 'boolean':
      writer.varintField(tags.BOOL_VALUE, value ? 1 : 0)
      return
    case 'bigint':
      if (BigInt.asIntN(64, value) === value) writer.int64Field(tags.INT_VALUE, value)
      else writer.stringField(tags.STRING_VALUE, value.toString())
      return
    case 'object':
      if (value === null) return
      if (value instanceof Uint8Array) writer.bytesField(tags.BYTES_VALUE, value)
      else if (value instanceof Date) writer.stringField(tags.STRING_VALUE, dateText(value))
      else writeContainer(writer, value, nesting ?? new Nesting())
      return
    case 'undefined':
    case 'function':
    case 'symbol':
      return
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

const resourceFields = new WeakMap<Resource, Uint8Array>()

/** Writes the field `resource`, which has number 1 wherever a resource stands. */
export function writeResourceField(writer: ProtobufWriter, tag: number, resource: Resource): void {
  // Only the SDK's own resources say false, and those change no more.
  if (resource.asyncAttributesPending !== false) {
    writeFreshResourceField(writer, tag, resource)
    return
  }
  let bytes = resourceFields.get(resource)
  if (!bytes) {
    bytes = writeMessage((fresh) => writeFreshResourceField(fresh, tag, resource))
    resourceFields.set(resource, bytes)
  }
  writer.raw(bytes)
}

function writeFreshResourceField(writer: ProtobufWriter, tag: number, resource: Resource): void {
  const mark = writer.size
  writer.varintField(tags.RESOURCE_DROPPED_ATTRIBUTES_COUNT, 0)
  writeAttributes(writer, tags.RESOURCE_ATTRIBUTES, resource.attributes)
  writer.messageField(tag, mark)
}

export function writeScopeField(
  writer: ProtobufWriter,
  tag: number,
  scope: LogInstrumentationScope,
): void {
  const mark = writer.size
  if (scope.droppedAttributesCount) {
    writer.varintField(tags.SCOPE_DROPPED_ATTRIBUTES_COUNT, scope.droppedAttributesCount)
  }
  writeAttributes(writer, tags.SCOPE_ATTRIBUTES, scope.attributes)
  if (scope.version) writer.stringField(tags.SCOPE_VERSION, scope.version)
  writer.stringField(tags.SCOPE_NAME, scope.name)
  writer.messageField(tag, mark)
}

export interface ResourceGroup<Item> {
  readonly resource: Resource
  readonly scopes: ScopeGroup<Item>[]
}

export interface ScopeGroup<Item> {
  readonly scope: LogInstrumentationScope
  readonly items: Item[]
}

/** Groups items by the identity of resource and scope, in order of first appearance. */
export function groupByResource<
  Item extends { resource: Resource; instrumentationScope: LogInstrumentationScope },
>(items: readonly Item[]): ResourceGroup<Item>[] {
  const groups = new Map<Resource, Map<LogInstrumentationScope, Item[]>>()
  for (const item of items) {
    const { resource, instrumentationScope } = item
    let scopes = groups.get(resource)
    if (!scopes) groups.set(resource, (scopes = new Map<LogInstrumentationScope, Item[]>()))
    const group = scopes.get(instrumentationScope)
    if (group) group.push(item)
    else scopes.set(instrumentationScope, [item])
  }
  return Array.from(groups, ([resource, scopes]) => ({
    resource,
    scopes: Array.from(scopes, ([scope, group]) => ({ scope, items: group })),
  }))
}
