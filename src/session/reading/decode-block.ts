// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type ZlibOptions, crc32, inflateRaw, inflateRawSync } from 'node:zlib'
import type { FoundBlockHeader } from '../block-header'
import { makeReleasable } from './release-body'

const inflateRawAsync = promisify(inflateRaw)

const TRAILER_BYTES = 8
const MIN_INFLATE_CHUNK_BYTES = 64
/** More than any block of ours inflates to; a header that claims more is hostile. */
const MAX_INFLATED_BYTES = 256 * 1024 * 1024
/**
 * Up to this many bytes, a quarter of a millisecond's work, a block is inflated where it
 * is needed. Handing it to the thread pool, and fetching what comes out of another core's
 * cache, would cost more: measured 1.6 times as much CPU for blocks of 256 KiB, 5 times
 * for 64 KiB, and as much from 1 MiB on.
 */
const MAX_INFLATED_AT_ONCE_BYTES = 512 * 1024

/**
 * The bodies in a block, in order: memory of their own that nobody else has seen,
 * so that a reader may alter them. Rejects when the member is not what its header
 * says: wrong checksum, wrong length, not deflate.
 */
export async function decodeBlock(member: Buffer, found: FoundBlockHeader): Promise<Buffer[]> {
  const { header, headerBytes } = found
  const contentBytes = header.batches.reduce((sum, batch) => sum + batch.lengthBytes, 0)
  if (contentBytes > MAX_INFLATED_BYTES) {
    throw new RangeError(`the block claims to inflate to ${contentBytes} bytes`)
  }
  const trailerAt = member.length - TRAILER_BYTES
  const content = await inflate(member.subarray(headerBytes, trailerAt), contentBytes)
  if (content.length !== contentBytes || member.readUInt32LE(trailerAt) !== crc32(content)) {
    throw new RangeError('the block does not have the content that its checksum says')
  }
  makeReleasable(content, header.batches.length)
  let start = 0
  return header.batches.map((batch) => content.subarray(start, (start += batch.lengthBytes)))
}

async function inflate(deflated: Buffer, contentBytes: number): Promise<Buffer> {
  const options: ZlibOptions = {
    // Not a byte more than the header promises: a bomb stops here. zlib takes no 0.
    maxOutputLength: Math.max(1, contentBytes),
    // All of it in one piece, with a byte to spare so that zlib sees that it is done:
    // pieces of 16 KiB would be put together, and leave the garbage collector more to do.
    chunkSize: Math.max(MIN_INFLATE_CHUNK_BYTES, contentBytes + 1),
  }
  if (contentBytes > MAX_INFLATED_AT_ONCE_BYTES) return inflateRawAsync(deflated, options)
  // Others have their turn between two blocks, however many have been fetched already.
  await setImmediate()
  return inflateRawSync(deflated, options)
}
