// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { fieldTag, packedFieldTag } from './field-tag'
import {
  AnyValue,
  Exemplar,
  Metric,
  NumberDataPoint,
  REQUEST_SHAPES,
  type FieldKind,
  type FieldShape,
  type MessageShape,
} from './schema'
import type { Signal } from './signal'
import { WireType } from './wire-reader'

/**
 * The schema as the JSON mapping needs it, derived once: both directions look
 * up a field by what they meet (a name, a number) and find all rules beside it.
 */
export interface MessageMapping {
  readonly byNumber: readonly (FieldMapping | undefined)[]
  /** Fields by lowerCamelCase and by snake_case name: senders use either. */
  readonly byName: ReadonlyMap<string, FieldMapping>
}

export interface FieldMapping extends Omit<FieldShape, 'message'> {
  readonly message?: MessageMapping
  /** Number and wire type, as they stand before one value. */
  readonly tag: number
  readonly wireType: number
  /** What stands before a list of values in one piece; undefined if they cannot be packed. */
  readonly packedTag: number | undefined
  /** What the mapping leaves out unless the field has presence. */
  readonly defaultValue: string | number | boolean | undefined
  /** The other members of the field's oneof: at most one of all may stand. */
  readonly rivals: readonly FieldShape[]
}

/**
 * How deep messages may lie within a request; protobuf's own default. Without
 * a limit a few kilobytes of nested values would exhaust the stack.
 */
export const MAX_NESTING_DEPTH = 100

/** The mapping of a signal's `Export…ServiceRequest`. */
export function requestMapping(signal: Signal): MessageMapping {
  return mappingOf(REQUEST_SHAPES[signal])
}

// A oneof holds at most one member; an `optional` field has presence too, but
// no rivals, and the schema does not tell them apart.
const ONEOFS: ReadonlyMap<MessageShape, readonly string[]> = new Map([
  [AnyValue, AnyValue.fields.map((field) => field.jsonName)],
  [Metric, Metric.fields.filter((field) => field.hasPresence).map((field) => field.jsonName)],
  [NumberDataPoint, ['asDouble', 'asInt']],
  [Exemplar, ['asDouble', 'asInt']],
])

const DEFAULTS: Readonly<Record<FieldKind, FieldMapping['defaultValue']>> = {
  bool: false,
  bytes: '',
  double: 0,
  enum: 0,
  fixed32: 0,
  fixed64: '0',
  int64: '0',
  message: undefined,
  sfixed64: '0',
  sint32: 0,
  spanId: '',
  string: '',
  time: '0',
  traceId: '',
  uint32: 0,
  uint64: '0',
}

const mappings = new Map<MessageShape, MessageMapping>()

function mappingOf(shape: MessageShape): MessageMapping {
  const known = mappings.get(shape)
  if (known) return known
  const byNumber: FieldMapping[] = []
  const byName = new Map<string, FieldMapping>()
  const mapping = { byNumber, byName }
  // Before its fields: AnyValue contains itself.
  mappings.set(shape, mapping)
  for (const field of shape.fields) {
    const fieldMapping = mappingOfField(shape, field)
    byNumber[field.number] = fieldMapping
    byName.set(field.jsonName, fieldMapping)
    byName.set(snakeCase(field.jsonName), fieldMapping)
  }
  return mapping
}

function mappingOfField(shape: MessageShape, field: FieldShape): FieldMapping {
  const oneof = ONEOFS.get(shape) ?? []
  const isMember = (other: FieldShape) => oneof.includes(other.jsonName)
  const tag = fieldTag(shape, field.jsonName)
  const wireType = tag % 8
  const isPackable = field.repeated && wireType !== WireType.LENGTH
  return {
    ...field,
    message: field.message && mappingOf(field.message),
    tag,
    wireType,
    packedTag: isPackable ? packedFieldTag(shape, field.jsonName) : undefined,
    defaultValue: DEFAULTS[field.kind],
    rivals: isMember(field)
      ? shape.fields.filter((other) => other !== field && isMember(other))
      : [],
  }
}

function snakeCase(jsonName: string): string {
  return jsonName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
