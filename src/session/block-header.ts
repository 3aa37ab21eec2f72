// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { crc32 } from 'node:zlib'
import { SIGNALS, type Signal } from '../otlp/signal'

/** One batch of a block, as the block's header tells it. */
export interface BlockBatch {
  readonly lengthBytes: number
  readonly itemCount: number
  readonly capturedAtUnixNano: bigint
}

/** What a reader knows of a block without inflating it. */
export interface BlockHeader {
  readonly signal: Signal
  /** The whole gzip member, its header and trailer included. */
  readonly memberBytes: number
  readonly itemCount: number
  readonly firstItemTimeUnixNano?: bigint
  readonly lastItemTimeUnixNano?: bigint
  /** Never empty. In the order in which they lie in the block. */
  readonly batches: readonly BlockBatch[]
  /** `service.name`s in the block; `undefined` when they were too many to list. */
  readonly serviceNames?: readonly string[]
}

const VERSION = 1
const MEMBER_BYTES_AT = 2
const CRC_AT = 6
const FIXED_BYTES = 38
const GZIP_HEADER_BYTES = 10
/** Gzip's own length of the extra field, and the subfield's two letters and length. */
const EXTRA_BYTES = 2 + 4
const MAX_SUBFIELD_BYTES = 0xffff - 4
/** Of all service names together; where they take more, none is listed. */
export const MAX_SERVICE_NAME_BYTES = 8 * 1024
/** So that even batches with the longest varints fit into the field. */
export const MAX_BATCHES_PER_BLOCK = 2000

/** Magic, deflate, FEXTRA; no time, no host system: equal content gives equal bytes. */
export const GZIP_START = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff])
const SUBFIELD_ID = Buffer.from('OT')

/**
 * The gzip header of a block: RFC 1952 with an extra field `OT` (docs/format.md,
 * "The OT subfield"). `deflatedBytes` is the length of what follows it, without
 * gzip's 8-byte trailer.
 */
export function encodeBlockHeader(
  header: Omit<BlockHeader, 'memberBytes' | 'itemCount'>,
  deflatedBytes: number,
): Buffer {
  const { batches } = header
  const subfield = new SubfieldWriter()
  subfield.fixed(header, batches)
  let previous = batches[0].capturedAtUnixNano
  subfield.varint(BigInt(batches.length))
  for (const batch of batches) {
    subfield.varint(BigInt(batch.lengthBytes))
    subfield.varint(BigInt(batch.itemCount))
    subfield.varint(zigzag(batch.capturedAtUnixNano - previous))
    previous = batch.capturedAtUnixNano
  }
  subfield.serviceNames(header.serviceNames)
  const content = subfield.finish()
  const memberBytes = GZIP_HEADER_BYTES + EXTRA_BYTES + content.length + deflatedBytes + 8
  content.writeUInt32LE(memberBytes, MEMBER_BYTES_AT)
  content.writeUInt32LE(checksum(content), CRC_AT)
  const lengths = Buffer.alloc(EXTRA_BYTES)
  lengths.writeUInt16LE(content.length + 4, 0)
  SUBFIELD_ID.copy(lengths, 2)
  lengths.writeUInt16LE(content.length, 4)
  return Buffer.concat([GZIP_START, lengths, content])
}

/** A block header found in bytes, and how many bytes it takes. */
export interface FoundBlockHeader {
  readonly header: BlockHeader
  readonly headerBytes: number
}

/** How many bytes `findBlockHeader` may need to see from the member's start. */
export const MAX_HEADER_BYTES = GZIP_HEADER_BYTES + 2 + 0xffff

/**
 * The block header at the start of `bytes`, or `undefined` if there is none
 * that can be trusted: not gzip, another tool's gzip, a later version, damaged.
 */
export function findBlockHeader(bytes: Buffer): FoundBlockHeader | undefined {
  if (bytes.length < GZIP_HEADER_BYTES + 2 || bytes.readUInt32BE(0) !== 0x1f8b0804) return undefined
  const extraEnd = GZIP_HEADER_BYTES + 2 + bytes.readUInt16LE(GZIP_HEADER_BYTES)
  if (extraEnd > bytes.length) return undefined
  let at = GZIP_HEADER_BYTES + 2
  while (at + 4 <= extraEnd) {
    const end = at + 4 + bytes.readUInt16LE(at + 2)
    if (end > extraEnd) return undefined
    if (bytes.compare(SUBFIELD_ID, 0, 2, at, at + 2) === 0) {
      const header = parseSubfield(bytes.subarray(at + 4, end))
      return header && { header, headerBytes: extraEnd }
    }
    at = end
  }
  return undefined
}

function parseSubfield(content: Buffer): BlockHeader | undefined {
  if (content.length < FIXED_BYTES || content[0] !== VERSION) return undefined
  if (content.readUInt32LE(CRC_AT) !== checksum(content)) return undefined
  const signal = SIGNALS[content[1]]
  if (signal === undefined) return undefined
  const reader = new SubfieldReader(content, FIXED_BYTES)
  const batches: BlockBatch[] = []
  let capturedAtUnixNano = content.readBigUInt64LE(30)
  for (let left = Number(reader.varint()); left > 0 && !reader.isPastEnd; left--) {
    const lengthBytes = Number(reader.varint())
    const itemCount = Number(reader.varint())
    capturedAtUnixNano += unzigzag(reader.varint())
    // It goes into dates and keys, which have no room for more.
    if (BigInt.asUintN(64, capturedAtUnixNano) !== capturedAtUnixNano) return undefined
    batches.push({ lengthBytes, itemCount, capturedAtUnixNano })
  }
  const serviceNames = reader.serviceNames()
  if (batches.length === 0 || reader.isPastEnd) return undefined
  return {
    signal,
    memberBytes: content.readUInt32LE(MEMBER_BYTES_AT),
    itemCount: content.readUInt32LE(10),
    firstItemTimeUnixNano: content.readBigUInt64LE(14) || undefined,
    lastItemTimeUnixNano: content.readBigUInt64LE(22) || undefined,
    batches,
    serviceNames,
  }
}

/** CRC-32 of the subfield without the four bytes that hold it. */
function checksum(content: Buffer): number {
  return crc32(content.subarray(CRC_AT + 4), crc32(content.subarray(0, CRC_AT)))
}

class SubfieldWriter {
  #bytes = Buffer.alloc(256)
  #length = FIXED_BYTES

  fixed(
    header: Omit<BlockHeader, 'memberBytes' | 'itemCount'>,
    batches: readonly BlockBatch[],
  ): void {
    const bytes = this.#bytes
    bytes[0] = VERSION
    bytes[1] = SIGNALS.indexOf(header.signal)
    bytes.writeUInt32LE(
      batches.reduce((sum, batch) => sum + batch.itemCount, 0),
      10,
    )
    bytes.writeBigUInt64LE(header.firstItemTimeUnixNano ?? 0n, 14)
    bytes.writeBigUInt64LE(header.lastItemTimeUnixNano ?? 0n, 22)
    bytes.writeBigUInt64LE(batches[0].capturedAtUnixNano, 30)
  }

  varint(value: bigint): void {
    this.#reserve(10)
    let rest = value
    while (rest > 0x7fn) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#bytes[this.#length++] = Number(rest)
  }

  /** The count plus one, then each name; a count of 0 says that they were too many. */
  serviceNames(names: readonly string[] | undefined): void {
    const encoded = names?.map((name) => Buffer.from(name))
    const total = encoded?.reduce((sum, name) => sum + name.length, 0) ?? Infinity
    if (encoded === undefined || total > MAX_SERVICE_NAME_BYTES) return this.varint(0n)
    this.varint(BigInt(encoded.length + 1))
    for (const name of encoded) {
      this.varint(BigInt(name.length))
      this.#reserve(name.length)
      this.#length += name.copy(this.#bytes, this.#length)
    }
  }

  finish(): Buffer {
    if (this.#length > MAX_SUBFIELD_BYTES) {
      throw new RangeError(`a block header of ${this.#length} bytes does not fit into gzip's field`)
    }
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const larger = Buffer.alloc((this.#length + count) * 2)
    this.#bytes.copy(larger)
    this.#bytes = larger
  }
}

class SubfieldReader {
  #at: number
  isPastEnd = false

  constructor(
    readonly content: Buffer,
    start: number,
  ) {
    this.#at = start
  }

  varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.#at >= this.content.length) break
      const byte = this.content[this.#at++]
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    this.isPastEnd = true
    return 0n
  }

  serviceNames(): string[] | undefined {
    const count = Number(this.varint()) - 1
    if (count < 0) return undefined
    const names: string[] = []
    for (let index = 0; index < count && !this.isPastEnd; index++) {
      const end = Number(this.varint()) + this.#at
      if (end > this.content.length) this.isPastEnd = true
      names.push(this.content.toString('utf8', this.#at, end))
      this.#at = end
    }
    return names
  }
}

function zigzag(value: bigint): bigint {
  return BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
}

function unzigzag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n)
}
