// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { FieldKind, MessageShape } from './schema'
import { WireType } from './wire-reader'

/**
 * What stands before a field on the wire: its number and wire type in one
 * number, as a writer writes it and a reader compares it (`number * 8 + type`).
 *
 * @throws TypeError if the message has no such field: a slip in our own code,
 * found when the module is loaded
 */
export function fieldTag(message: MessageShape, jsonName: string): number {
  const { number, kind } = fieldOf(message, jsonName)
  return number * 8 + wireTypeOf(kind)
}

/** The same for a repeated number written in one piece, as proto3 does by default. */
export function packedFieldTag(message: MessageShape, jsonName: string): number {
  return fieldOf(message, jsonName).number * 8 + WireType.LENGTH
}

function fieldOf(message: MessageShape, jsonName: string): { number: number; kind: FieldKind } {
  const field = message.fields.find((candidate) => candidate.jsonName === jsonName)
  if (!field) throw new TypeError(`${message.name} has no field ${jsonName}`)
  return field
}

function wireTypeOf(kind: FieldKind): number {
  switch (kind) {
    case 'bool':
    case 'enum':
    case 'int64':
    case 'sint32':
    case 'uint32':
    case 'uint64':
      return WireType.VARINT
    case 'double':
    case 'fixed64':
    case 'sfixed64':
    case 'time':
      return WireType.FIXED64
    case 'fixed32':
      return WireType.FIXED32
    case 'bytes':
    case 'message':
    case 'spanId':
    case 'string':
    case 'traceId':
      return WireType.LENGTH
  }
}
