// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { crc32 } from 'node:zlib'

/** What an append log begins with: a name, and the version of the format. */
export const LOG_MAGIC = Buffer.from('OTALOG\0\x01', 'latin1')
/** Length of the record, then checksum, both 32 bits, little-endian. */
export const RECORD_HEADER_BYTES = 8

/** What stands before a record. */
export function encodeRecordHeader(parts: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(RECORD_HEADER_BYTES)
  header.writeUInt32LE(parts.reduce((bytes, part) => bytes + part.length, 0))
  header.writeUInt32LE(checksum(header, parts), 4)
  return header
}

/** Whether these are the header of a record and the record. */
export function isIntact(header: Buffer, record: Buffer): boolean {
  return header.readUInt32LE(4) === checksum(header, [record])
}

/**
 * The length is part of it: of nothing, the checksum is 0, and a file that was
 * made longer and never written would be full of valid empty records.
 */
function checksum(header: Buffer, parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => crc32(part, sum), crc32(header.subarray(0, 4)))
}
