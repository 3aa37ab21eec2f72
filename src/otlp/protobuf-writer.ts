// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { RepeatedBytes } from './repeated-bytes'

const MIN_CAPACITY_BYTES = 64 * 1024
// One huge batch must not hold its memory for as long as the process lives.
const MAX_IDLE_CAPACITY_BYTES = 512 * 1024
// A tag and a 64-bit varint, with room to spare.
const MAX_SCALAR_FIELD_BYTES = 16
// From here on two calls into the runtime beat a loop over the characters (measured).
const LONG_STRING_LENGTH = 96
const TWO_TO_32 = 0x1_0000_0000
const NANOS_PER_SECOND = 1_000_000_000n

/** The value of a hex digit by its character code; 0 for what is none. */
const HEX_DIGITS = new Uint8Array(128)
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16)
  HEX_DIGITS[text.charCodeAt(0)] = digit
  HEX_DIGITS[text.toUpperCase().charCodeAt(0)] = digit
}

let idleWriter: ProtobufWriter | undefined
// Where batches are huge all the time, a new buffer should at least not have to grow.
let lastCapacity = MIN_CAPACITY_BYTES

/**
 * Runs `write` on a writer and returns the bytes it wrote. The writer's buffer
 * is kept for the next call, so that a message costs one allocation: its own.
 *
 * @example
 * // { 1: 'a', 2: 7 }: the last field first
 * const bytes = writeMessage((writer) => {
 *   writer.varintField(0x10, 7)
 *   writer.stringField(0x0a, 'a')
 * })
 */
export function writeMessage(write: (writer: ProtobufWriter) => void): Uint8Array {
  // Taken, not shared: a getter among the attributes may end a span, whose
  // export comes back here before `write` has returned.
  const writer = idleWriter ?? new ProtobufWriter(lastCapacity)
  idleWriter = undefined
  writer.rewind(0)
  write(writer)
  const bytes = writer.toBytes()
  if (writer.capacity <= MAX_IDLE_CAPACITY_BYTES) {
    idleWriter = writer
    lastCapacity = MIN_CAPACITY_BYTES
  } else {
    lastCapacity = Math.max(MIN_CAPACITY_BYTES, Math.ceil(1.25 * bytes.length))
  }
  return bytes
}

/**
 * Writes protobuf from the end to the beginning. A message's length stands
 * before its content and is known only after it: whoever writes forwards
 * either measures everything first or moves it afterwards. Backwards, the
 * length is simply the next thing to write.
 *
 * So everything is called in reverse: last field first, last element first,
 * content before `messageField`. Tags come from `fieldTag`.
 */
export class ProtobufWriter {
  /** The last time written, in nanoseconds: its upper 32 bits, and its lower ones. */
  timeHigh = 0
  timeLow = 0
  #buffer: Buffer
  #view: DataView
  /** Index of the first byte written; everything behind it is. */
  #start: number
  #cachedSeconds = 0
  #cachedSecondsLow = 0
  #cachedSecondsHigh = 0

  constructor(capacity: number) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity)
    this.#view = viewOf(this.#buffer)
    this.#start = capacity
  }

  /** Bytes written so far: a mark for `messageField` and `rewind`. */
  get size(): number {
    return this.#buffer.length - this.#start
  }

  get capacity(): number {
    return this.#buffer.length
  }

  /** Forgets everything written since `size` was `mark`. */
  rewind(mark: number): void {
    this.#start = this.#buffer.length - mark
  }

  /** A copy of what is written: the buffer itself is written to again. */
  toBytes(): Uint8Array {
    return this.bytesSince(0)
  }

  /** A copy of what was written since `size` was `mark`. */
  bytesSince(mark: number): Uint8Array {
    return new Uint8Array(this.#writtenSince(mark))
  }

  /** The same, to be written again by `repeat`. */
  repeatableSince(mark: number): RepeatedBytes {
    return new RepeatedBytes(this.#writtenSince(mark))
  }

  /** Writes bytes that were written before. */
  repeat({ words, length }: RepeatedBytes): void {
    const room = 4 * words.length + MAX_SCALAR_FIELD_BYTES
    if (this.#start < room) this.#grow(room)
    const view = this.#view
    let at = this.#start
    for (let index = words.length - 1; index >= 0; index--) {
      view.setInt32((at -= 4), words[index], true)
    }
    this.#start -= length
  }

  /** Makes what was written since `mark` the content of a length-delimited field. */
  messageField(tag: number, mark: number): void {
    const length = this.#buffer.length - this.#start - mark
    if (this.#start < MAX_SCALAR_FIELD_BYTES) this.#grow(MAX_SCALAR_FIELD_BYTES)
    this.#smallField(tag, length)
  }

  /** Unsigned, up to 32 bits: uint32, enum, bool. */
  varintField(tag: number, value: number): void {
    if (this.#start < MAX_SCALAR_FIELD_BYTES) this.#grow(MAX_SCALAR_FIELD_BYTES)
    this.#smallField(tag, value >>> 0)
  }

  /** An integer between -2^63 and 2^64, as 64 bits in two's complement: int64, uint64. */
  int64Field(tag: number, value: number | bigint): void {
    this.int64(value)
    this.#uint32(tag)
  }

  sint32Field(tag: number, value: number): void {
    this.varintField(tag, (value << 1) ^ (value >> 31))
  }

  fixed32Field(tag: number, value: number): void {
    if (this.#start < MAX_SCALAR_FIELD_BYTES) this.#grow(MAX_SCALAR_FIELD_BYTES)
    this.#view.setUint32((this.#start -= 4), value, true)
    this.#uint32(tag)
  }

  /** An integer between -2^63 and 2^64: fixed64, sfixed64. */
  fixed64Field(tag: number, value: number): void {
    this.fixed64(value)
    this.#uint32(tag)
  }

  doubleField(tag: number, value: number): void {
    this.double(value)
    this.#uint32(tag)
  }

  /** Seconds and nanoseconds as 64 bits of nanoseconds, exact where a product of doubles is not. */
  timeField(tag: number, time: readonly [seconds: number, nanoseconds: number]): void {
    if (this.#start < MAX_SCALAR_FIELD_BYTES) this.#grow(MAX_SCALAR_FIELD_BYTES)
    const seconds = time[0]
    if (seconds !== this.#cachedSeconds) this.#cacheSeconds(seconds)
    const nanos = this.#cachedSecondsLow + Math.floor(time[1])
    const high = (this.#cachedSecondsHigh + Math.floor(nanos / TWO_TO_32)) >>> 0
    const low = nanos >>> 0
    this.timeHigh = high
    this.timeLow = low
    this.#view.setUint32((this.#start -= 4), high, true)
    this.#view.setUint32((this.#start -= 4), low, true)
    this.#uint32(tag)
  }

  /** An id in hex as the bytes it spells. */
  hexField(tag: number, hex: string): void {
    const length = hex.length >> 1
    const room = length + MAX_SCALAR_FIELD_BYTES
    if (this.#start < room) this.#grow(room)
    const start = (this.#start -= length)
    const buffer = this.#buffer
    for (let index = 0; index < length; index++) {
      const high = HEX_DIGITS[hex.charCodeAt(2 * index)]
      buffer[start + index] = (high << 4) | HEX_DIGITS[hex.charCodeAt(2 * index + 1)]
    }
    this.#uint32(length)
    this.#uint32(tag)
  }

  bytesField(tag: number, bytes: Uint8Array): void {
    const { length } = bytes
    this.raw(bytes)
    if (this.#start < MAX_SCALAR_FIELD_BYTES) this.#grow(MAX_SCALAR_FIELD_BYTES)
    this.#uint32(length)
    this.#uint32(tag)
  }

  /** As UTF-8; a surrogate without its partner becomes U+FFFD, as TextEncoder has it. */
  stringField(tag: number, value: string): void {
    // JavaScript callers name their spans undefined.
    const length = this.#utf8(typeof value === 'string' ? value : String(value ?? ''))
    this.#uint32(length)
    this.#uint32(tag)
  }

  /** A message that has no other field than a string. */
  stringMessageField(messageTag: number, stringTag: number, value: string): void {
    const length = this.#utf8(value)
    if (length < 0x7e && messageTag < 0x80 && stringTag < 0x80) {
      const header = messageTag | ((length + 2) << 8) | (stringTag << 16) | (length << 24)
      this.#view.setInt32((this.#start -= 4), header, true)
      return
    }
    const contentStart = this.#buffer.length - this.#start - length
    this.#smallField(stringTag, length)
    this.messageField(messageTag, contentStart)
  }

  /** Bytes that are protobuf already. */
  raw(bytes: Uint8Array): void {
    const { length } = bytes
    if (this.#start < length) this.#grow(length)
    this.#buffer.set(bytes, (this.#start -= length))
  }

  packedDoubleField(tag: number, values: readonly number[]): void {
    const mark = this.size
    for (let index = values.length - 1; index >= 0; index--) this.double(values[index])
    this.messageField(tag, mark)
  }

  packedFixed64Field(tag: number, values: readonly number[]): void {
    const mark = this.size
    for (let index = values.length - 1; index >= 0; index--) this.fixed64(values[index])
    this.messageField(tag, mark)
  }

  packedInt64Field(tag: number, values: readonly number[]): void {
    const mark = this.size
    for (let index = values.length - 1; index >= 0; index--) this.int64(values[index])
    this.messageField(tag, mark)
  }

  /** An element of a packed field. */
  double(value: number): void {
    if (this.#start < MAX_SCALAR_FIELD_BYTES) this.#grow(MAX_SCALAR_FIELD_BYTES)
    this.#view.setFloat64((this.#start -= 8), value, true)
  }

  /** An element of a packed field. */
  fixed64(value: number): void {
    if (this.#start < MAX_SCALAR_FIELD_BYTES) this.#grow(MAX_SCALAR_FIELD_BYTES)
    this.#view.setUint32((this.#start -= 4), Math.floor(value / TWO_TO_32), true)
    this.#view.setUint32((this.#start -= 4), value, true)
  }

  /** An element of a packed field. */
  int64(value: number | bigint): void {
    if (this.#start < MAX_SCALAR_FIELD_BYTES) this.#grow(MAX_SCALAR_FIELD_BYTES)
    if (typeof value === 'bigint') {
      const bits = BigInt.asUintN(64, value)
      this.#uint64(Number(bits >> 32n), Number(bits & 0xffff_ffffn))
    } else {
      this.#uint64(Math.floor(value / TWO_TO_32) >>> 0, value >>> 0)
    }
  }

  #writtenSince(mark: number): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#buffer.length - mark)
  }

  // Both in one byte, as they mostly are.
  #smallField(tag: number, value: number): void {
    if (value < 0x80 && tag < 0x80) {
      this.#view.setInt16((this.#start -= 2), tag | (value << 8), true)
    } else {
      this.#uint32(value)
      this.#uint32(tag)
    }
  }

  #uint32(value: number): void {
    const buffer = this.#buffer
    if (value < 0x80) {
      buffer[--this.#start] = value
      return
    }
    let at = (this.#start -=
      value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5)
    for (; value > 0x7f; value >>>= 7) buffer[at++] = (value & 0x7f) | 0x80
    buffer[at] = value
  }

  #uint64(high: number, low: number): void {
    if (high === 0) {
      this.#uint32(low)
      return
    }
    const buffer = this.#buffer
    let length = 5
    for (let rest = high >>> 3; rest > 0; rest >>>= 7) length++
    let at = (this.#start -= length)
    while (high > 0 || low > 0x7f) {
      buffer[at++] = (low & 0x7f) | 0x80
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    buffer[at] = low
  }

  /** Returns the number of bytes written, and leaves room for a length and a tag. */
  #utf8(value: string): number {
    const { length } = value
    if (length >= LONG_STRING_LENGTH) return this.#longUtf8(value)
    const room = 3 * length + MAX_SCALAR_FIELD_BYTES
    if (this.#start < room) this.#grow(room)
    const buffer = this.#buffer
    const view = this.#view
    const end = this.#start
    let at = end
    let index = length - 1
    // ASCII by fours, as far as it goes.
    for (; index >= 3; index -= 4) {
      const first = value.charCodeAt(index - 3)
      const second = value.charCodeAt(index - 2)
      const third = value.charCodeAt(index - 1)
      const fourth = value.charCodeAt(index)
      if ((first | second | third | fourth) >= 0x80) break
      view.setInt32((at -= 4), first | (second << 8) | (third << 16) | (fourth << 24), true)
    }
    for (; index >= 0; index--) {
      const unit = value.charCodeAt(index)
      if (unit < 0x80) {
        buffer[--at] = unit
      } else if (unit < 0x800) {
        buffer[--at] = (unit & 0x3f) | 0x80
        buffer[--at] = (unit >> 6) | 0xc0
      } else {
        let point = unit
        if (unit >= 0xd800 && unit < 0xe000) {
          const before = index > 0 ? value.charCodeAt(index - 1) : 0
          if (unit >= 0xdc00 && before >= 0xd800 && before < 0xdc00) {
            point = 0x1_0000 + ((before & 0x3ff) << 10) + (unit & 0x3ff)
            index--
          } else {
            point = 0xfffd
          }
        }
        buffer[--at] = (point & 0x3f) | 0x80
        buffer[--at] = ((point >> 6) & 0x3f) | 0x80
        if (point < 0x1_0000) {
          buffer[--at] = (point >> 12) | 0xe0
        } else {
          buffer[--at] = ((point >> 12) & 0x3f) | 0x80
          buffer[--at] = (point >> 18) | 0xf0
        }
      }
    }
    this.#start = at
    return end - at
  }

  #longUtf8(value: string): number {
    const length = Buffer.byteLength(value)
    const room = length + MAX_SCALAR_FIELD_BYTES
    if (this.#start < room) this.#grow(room)
    const encoding = length === value.length ? 'latin1' : 'utf8'
    this.#buffer.write(value, (this.#start -= length), length, encoding)
    return length
  }

  // BigInt, but once per second that comes up and not once per time.
  #cacheSeconds(seconds: number): void {
    const whole = Number.isFinite(seconds) ? BigInt(Math.trunc(seconds)) : 0n
    const nanos = BigInt.asUintN(64, whole * NANOS_PER_SECOND)
    this.#cachedSeconds = seconds
    this.#cachedSecondsLow = Number(nanos & 0xffff_ffffn)
    this.#cachedSecondsHigh = Number(nanos >> 32n)
  }

  #grow(room: number): void {
    const written = this.#buffer.subarray(this.#start)
    const capacity = Math.max(2 * this.#buffer.length, this.#buffer.length + room)
    this.#buffer = Buffer.allocUnsafeSlow(capacity)
    this.#view = viewOf(this.#buffer)
    this.#start = capacity - written.length
    this.#buffer.set(written, this.#start)
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
}
