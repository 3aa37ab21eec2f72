// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { FoundFields } from './found-fields'
import { MalformedOtlpError } from './malformed-otlp-error'
import { WireReader, WireType } from './wire-reader'

/** Tags whose steps a plan knows: of one byte, so of the fields up to 15. */
export const PLANNED_TAGS = 0x80

/** Positions are kept in 32 bits. */
const MAX_BODY_BYTES = 0x7fff_ffff

/**
 * Goes through a request, a whole one or the part from `start` to `end`, and notes
 * where the fields lie that `plan` has marked; everything else is stepped over unread.
 *
 * Looking comes before changing: whoever patches what was found knows that all of the
 * request can be followed, and has altered nothing when it cannot.
 *
 * @returns the fields, for the caller to give back with `FoundFields.giveBack`
 * @throws MalformedOtlpError when a field does not fit into the message it is in
 */
export function findFields(
  plan: FieldPlan,
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): FoundFields {
  if (end > MAX_BODY_BYTES) {
    throw new MalformedOtlpError(`a request of ${end} bytes is larger than protobuf allows`)
  }
  const found = FoundFields.take()
  findIn(plan, plan.root, bytes, start, end, found)
  return found
}

/**
 * What `findFields` has to do at each field of a request: the schema, boiled
 * down to one operation, so that the loop over the bytes looks nothing up.
 *
 * Each message has 256 entries in each table, from where its name is a multiple
 * of 256, and in them one for each first byte of a field. A known field that comes
 * with another wire type has another tag, and is passed over like an unknown one.
 */
export interface FieldPlan {
  /** Where the request's entries begin. */
  readonly root: number
  readonly steps: Uint8Array
  /** The operation's number for a field; 0 for a message that is only entered. */
  readonly marks: Uint8Array
  /** Where the entries of the message to enter begin. */
  readonly children: Uint16Array
}

/**
 * What `findFields` does at a field. A `const enum` of this file, so that the
 * loop compares with plain numbers: measured 8 % faster than with properties.
 */
export const enum Step {
  /** Whatever is rare on the wire or wrong: looked at closely, at leisure. */
  CHECK,
  SKIP_VARINT,
  SKIP_FIXED32,
  SKIP_FIXED64,
  SKIP_LENGTH,
  /** The first byte of a longer tag of a fixed32, as the flags of a span have it. */
  SKIP_FIXED32_IF_TWO_BYTES,
  // From here on, fields that an operation is after.
  /** A marked field of 8 bytes. */
  TAKE_FIXED64,
  /** A marked field of another length, or a marked message with nothing marked inside. */
  TAKE_LENGTH,
  /** A message with something marked inside; marked itself, or not. */
  ENTER,
}

// The one loop that every shift, count and rewrite spends its time in. What is common on
// the wire is done here, with as few looks at the bytes as it takes; what is rare is left
// to `findInField`. A skipped field is not held against the end of its message each time:
// whatever leads past it is noticed behind the loop, before anything was made of it.
function findIn(
  plan: FieldPlan,
  message: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  found: FoundFields,
): void {
  const { steps } = plan
  // No field is shorter than two bytes, so the second may be read unasked.
  const last = end - 1
  let position = start
  while (position < last) {
    const tag = bytes[position]
    const second = bytes[position + 1]
    const step: Step = steps[message + tag]
    if (step === Step.SKIP_LENGTH && second < 0x80) {
      position += 2 + second
      // Attributes come in runs.
      while (position < last && bytes[position] === tag && bytes[position + 1] < 0x80) {
        position += 2 + bytes[position + 1]
      }
    } else if (step === Step.TAKE_FIXED64 && end - position >= 9) {
      found.add(plan.marks[message + tag], position + 1, position + 9)
      position += 9
    } else if (step === Step.SKIP_VARINT && second < 0x80) {
      position += 2
    } else if (step === Step.SKIP_FIXED32_IF_TWO_BYTES && second > 0 && second < 0x80) {
      position += 6
    } else if (step === Step.SKIP_FIXED32) {
      position += 5
    } else if (step === Step.SKIP_FIXED64) {
      position += 9
    } else if (step === Step.ENTER) {
      const hasLongLength = second >= 0x80
      const valueStart = position + (hasLongLength ? 3 : 2)
      const third = hasLongLength && valueStart <= end ? bytes[valueStart - 1] : 0
      const valueEnd = valueStart + (hasLongLength ? (second & 0x7f) + third * 0x80 : second)
      if (third < 0x80 && valueEnd <= end) {
        const mark = plan.marks[message + tag]
        if (mark !== 0) found.add(mark, valueStart, valueEnd)
        findIn(plan, plan.children[message + tag], bytes, valueStart, valueEnd, found)
        position = valueEnd
      } else {
        position = findInField(plan, message, bytes, position, end, found)
      }
    } else {
      position = findInField(plan, message, bytes, position, end, found)
    }
  }
  if (position !== end) throw damageIn(bytes, start, end)
}

// Any field at all, step by step; returns where it ends.
function findInField(
  plan: FieldPlan,
  message: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  found: FoundFields,
): number {
  const reader = new WireReader(bytes, start, end)
  reader.next()
  const { field, wireType } = reader
  const tag = field * 8 + wireType
  const step: Step = tag < PLANNED_TAGS ? plan.steps[message + tag] : Step.CHECK
  if (step < Step.TAKE_FIXED64) {
    reader.skip()
    return reader.position
  }
  const length = wireType === WireType.LENGTH ? reader.length() : 8
  const valueStart = reader.take(length)
  const mark = plan.marks[message + tag]
  if (mark !== 0) found.add(mark, valueStart, reader.position)
  if (step === Step.ENTER) {
    findIn(plan, plan.children[message + tag], bytes, valueStart, reader.position, found)
  }
  return reader.position
}

// Found again by the reader that checks every step, which also says what it is.
function damageIn(bytes: Uint8Array, start: number, end: number): MalformedOtlpError {
  const reader = new WireReader(bytes, start, end)
  try {
    while (reader.next()) reader.skip()
  } catch (error) {
    if (error instanceof MalformedOtlpError) return error
    throw error
  }
  return new MalformedOtlpError('a field does not fit into its message', end)
}
