// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MalformedOtlpError } from './malformed-otlp-error'

/** Wire types of protobuf's encoding that a field may have. */
export const WireType = Object.freeze({
  VARINT: 0,
  FIXED64: 1,
  LENGTH: 2,
  START_GROUP: 3,
  END_GROUP: 4,
  FIXED32: 5,
})

const MAX_FIELD_NUMBER = 0x1fffffff
const MAX_GROUP_DEPTH = 100

/**
 * A cursor over protobuf bytes that trusts nothing: every length and varint is
 * checked against `end` before it is followed, so hostile bytes end in a
 * {@link MalformedOtlpError}, never in a read past the message.
 *
 * @example
 * const reader = new WireReader(body)
 * while (reader.next()) {
 *   if (reader.field === 1 && reader.wireType === WireType.LENGTH) {
 *     const end = reader.enter()  // now inside the submessage, up to `end`
 *     …
 *     reader.leave(end)
 *   } else reader.skip()
 * }
 */
export class WireReader {
  /** Where the next byte is read, from the start of `bytes`. */
  position: number
  /** Where the message that is being read ends. */
  end: number
  /** Number of the field that `next` came upon. */
  field = 0
  /** Wire type of the field that `next` came upon. */
  wireType = 0

  constructor(
    readonly bytes: Uint8Array,
    start = 0,
    end = bytes.length,
  ) {
    this.position = start
    this.end = end
  }

  /** Reads the next tag into `field` and `wireType`; false at the message's end. */
  next(): boolean {
    if (this.position >= this.end) return false
    const first = this.bytes[this.position]
    if (first < 0x80) {
      this.position++
      this.field = first >>> 3
      this.wireType = first & 7
    } else {
      const tag = this.varint()
      this.field = Math.floor(tag / 8)
      this.wireType = tag % 8
    }
    if (this.field === 0 || this.field > MAX_FIELD_NUMBER) {
      throw new MalformedOtlpError(`field number ${this.field} does not exist`, this.position)
    }
    return true
  }

  /** Enters the length-delimited field at hand; returns what `leave` wants back. */
  enter(): number {
    const length = this.length()
    const outer = this.end
    this.end = this.position + length
    return outer
  }

  /** Goes to the end of the entered field and back out of it. */
  leave(outerEnd: number): void {
    this.position = this.end
    this.end = outerEnd
  }

  /** The length of the length-delimited field at hand, checked to lie within the message. */
  length(): number {
    const length = this.varint()
    if (length > this.end - this.position) {
      throw new MalformedOtlpError(
        `a field of ${length} bytes does not fit into the ${this.end - this.position} that are left`,
        this.position,
      )
    }
    return length
  }

  /** A varint as a number: exact up to 2^53, which covers tags, lengths, enums and uint32. */
  varint(): number {
    const { bytes, end } = this
    let value = 0
    let scale = 1
    for (let count = 0; count < 10; count++) {
      if (this.position >= end) throw this.#truncated()
      const byte = bytes[this.position++]
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
    throw new MalformedOtlpError('a varint is longer than 10 bytes', this.position)
  }

  /** A varint as 64 unsigned bits. */
  varint64(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.position >= this.end) throw this.#truncated()
      const byte = this.bytes[this.position++]
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw new MalformedOtlpError('a varint is longer than 10 bytes', this.position)
  }

  /** Checks that `count` bytes are left, moves behind them, and returns where they start. */
  take(count: number): number {
    const start = this.position
    if (count > this.end - start) throw this.#truncated()
    this.position = start + count
    return start
  }

  /** The content of the length-delimited field at hand, as a view. */
  view(): Uint8Array {
    const length = this.length()
    return this.bytes.subarray(this.position, (this.position += length))
  }

  /** Moves behind the value of the field at hand, whatever it is. */
  skip(): void {
    switch (this.wireType) {
      case WireType.VARINT:
        this.varint()
        return
      case WireType.FIXED64:
        this.take(8)
        return
      case WireType.LENGTH: {
        const length = this.length()
        this.position += length
        return
      }
      case WireType.FIXED32:
        this.take(4)
        return
      case WireType.START_GROUP:
        this.#skipGroup()
        return
      default:
        throw new MalformedOtlpError(
          `wire type ${this.wireType} of field ${this.field} does not belong here`,
          this.position,
        )
    }
  }

  // Iterative: a body of nothing but opening groups must not exhaust the stack.
  #skipGroup(): void {
    const open = [this.field]
    while (open.length > 0) {
      if (!this.next()) throw this.#truncated()
      if (this.wireType === WireType.START_GROUP) {
        open.push(this.field)
        if (open.length > MAX_GROUP_DEPTH) {
          throw new MalformedOtlpError('groups are nested too deeply', this.position)
        }
      } else if (this.wireType === WireType.END_GROUP) {
        if (open.pop() !== this.field) {
          throw new MalformedOtlpError(`group ${this.field} was never opened`, this.position)
        }
      } else {
        this.skip()
      }
    }
  }

  #truncated(): MalformedOtlpError {
    return new MalformedOtlpError('the message ends within a field', this.position)
  }
}
