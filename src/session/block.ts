// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { promisify } from 'node:util'
import { crc32, deflateRaw, inflateRaw } from 'node:zlib'
import type { Signal } from '../otlp/signal'
import { type BlockHeader, type FoundBlockHeader, encodeBlockHeader } from './block-header'
import type { CountedBatch } from './counted-batch'

const deflateRawAsync = promisify(deflateRaw)
const inflateRawAsync = promisify(inflateRaw)

/** Service names in one block beyond which the header lists none. */
const MAX_SERVICE_NAMES = 64
const TRAILER_BYTES = 8
/** A usual block comes out of zlib in one piece. */
const DEFLATE_CHUNK_BYTES = 64 * 1024
const MIN_INFLATE_CHUNK_BYTES = 64
/** More than any block of ours inflates to; a header that claims more is hostile. */
const MAX_INFLATED_BYTES = 256 * 1024 * 1024

/**
 * Compresses batches of one signal into one block: a gzip member whose content
 * is their bodies, end to end, and whose header indexes them. Off the event
 * loop's thread.
 */
export async function encodeBlock(
  signal: Signal,
  batches: readonly CountedBatch[],
  compressionLevel: number,
): Promise<Buffer> {
  // An exporter's full batch is a block by itself, and need not be copied.
  const content =
    batches.length === 1 ? batches[0].body : Buffer.concat(batches.map((batch) => batch.body))
  const options = { level: compressionLevel, memLevel: 9, chunkSize: DEFLATE_CHUNK_BYTES }
  const deflated = await deflateRawAsync(content, options)
  const header = encodeBlockHeader(describe(signal, batches), deflated.length)
  const trailer = Buffer.alloc(TRAILER_BYTES)
  trailer.writeUInt32LE(crc32(content), 0)
  trailer.writeUInt32LE(content.length, 4)
  return Buffer.concat([header, deflated, trailer])
}

/**
 * The bodies in a block, in order. Rejects when the member is not what its
 * header says: wrong checksum, wrong length, not deflate.
 */
export async function decodeBlock(member: Buffer, found: FoundBlockHeader): Promise<Buffer[]> {
  const { header, headerBytes } = found
  const contentBytes = header.batches.reduce((sum, batch) => sum + batch.lengthBytes, 0)
  if (contentBytes > MAX_INFLATED_BYTES) {
    throw new RangeError(`the block claims to inflate to ${contentBytes} bytes`)
  }
  const trailerAt = member.length - TRAILER_BYTES
  const content = await inflateRawAsync(member.subarray(headerBytes, trailerAt), {
    // Not a byte more than the header promises: a bomb stops here. zlib takes no 0.
    maxOutputLength: Math.max(1, contentBytes),
    // All of it in one piece, with a byte to spare so that zlib sees that it is done:
    // pieces of 16 KiB would be put together, and leave the garbage collector more to do.
    chunkSize: Math.max(MIN_INFLATE_CHUNK_BYTES, contentBytes + 1),
  })
  if (content.length !== contentBytes || member.readUInt32LE(trailerAt) !== crc32(content)) {
    throw new RangeError('the block does not have the content that its checksum says')
  }
  let start = 0
  return header.batches.map((batch) => content.subarray(start, (start += batch.lengthBytes)))
}

function describe(
  signal: Signal,
  batches: readonly CountedBatch[],
): Omit<BlockHeader, 'memberBytes' | 'itemCount'> {
  const serviceNames = new Set<string>()
  let firstItemTimeUnixNano: bigint | undefined
  let lastItemTimeUnixNano: bigint | undefined
  for (const { summary } of batches) {
    for (const name of summary.serviceNames) serviceNames.add(name)
    const { firstItemTimeUnixNano: first, lastItemTimeUnixNano: last } = summary
    if (first !== undefined && isBefore(first, firstItemTimeUnixNano)) firstItemTimeUnixNano = first
    if (last !== undefined && isBefore(lastItemTimeUnixNano, last)) lastItemTimeUnixNano = last
  }
  return {
    signal,
    firstItemTimeUnixNano,
    lastItemTimeUnixNano,
    serviceNames: serviceNames.size > MAX_SERVICE_NAMES ? undefined : [...serviceNames],
    batches: batches.map((batch) => ({
      lengthBytes: batch.body.length,
      itemCount: batch.summary.itemCount,
      capturedAtUnixNano: batch.capturedAtUnixNano,
    })),
  }
}

/** Whether `a` comes before `b`, where what is not known gives way to what is. */
function isBefore(a: bigint | undefined, b: bigint | undefined): boolean {
  return a === undefined || b === undefined || a < b
}
