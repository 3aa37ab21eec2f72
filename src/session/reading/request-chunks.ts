// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MalformedOtlpError } from '../../otlp/malformed-otlp-error'
import { WireReader } from '../../otlp/wire-reader'

/** An object up to this size is given whole, as the request that it was. */
const WHOLE_BYTES = 4 * 1024 * 1024
/** Larger ones come in requests of about this size. */
const PIECE_BYTES = 1024 * 1024
const MAX_ENTRY_BYTES = 64 * 1024 * 1024
/** Of the varint that says how long an entry is. */
const MAX_LENGTH_BYTES = 10
/** Field 1, length-delimited: the only top-level field of a request. */
export const TAG_OF_ENTRY = 0x0a

/**
 * Cuts protobuf requests that lie end to end, with nothing to say where one
 * ends, into requests of bounded size: each top-level entry is a request by
 * itself. Throws `MalformedOtlpError` where the bytes stop being such a request;
 * what came before has then been given.
 */
export async function* readRequestChunks(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  let held: Buffer = Buffer.alloc(0)
  // Put together only when they are enough: each time, all that is held is copied.
  let arrived: Buffer[] = []
  let arrivedBytes = 0
  let wanted = WHOLE_BYTES + 1
  for await (const chunk of chunks) {
    arrived.push(chunk)
    arrivedBytes += chunk.length
    if (held.length + arrivedBytes < wanted) continue
    held = Buffer.concat([held, ...arrived])
    arrived = []
    arrivedBytes = 0
    while (held.length >= wanted) {
      const { endBytes, missingBytes } = findWholeEntries(held)
      if (endBytes > 0) yield held.subarray(0, endBytes)
      held = held.subarray(endBytes)
      wanted = Math.max(PIECE_BYTES, held.length + missingBytes)
    }
  }
  yield* readWhole(Buffer.concat([held, ...arrived]))
}

/** Gives all of it, or what is whole of it before throwing. */
function* readWhole(bytes: Buffer): Generator<Buffer, void, undefined> {
  let endBytes = 0
  try {
    for (const reader = new WireReader(bytes); reader.next(); endBytes = reader.position) {
      reader.skip()
    }
  } catch (error) {
    if (endBytes > 0) yield bytes.subarray(0, endBytes)
    throw error
  }
  if (bytes.length > 0) yield bytes
}

/** Where the last whole entry of about a piece ends, and what the next one lacks, if it is cut off. */
function findWholeEntries(bytes: Buffer): { endBytes: number; missingBytes: number } {
  let endBytes = 0
  while (endBytes < PIECE_BYTES && endBytes < bytes.length) {
    const next = findEntryEnd(bytes, endBytes)
    if (next > bytes.length) return { endBytes, missingBytes: next - bytes.length }
    endBytes = next
  }
  return { endBytes, missingBytes: 0 }
}

/** Where the entry at `start` ends; past the bytes when it is not all there. */
function findEntryEnd(bytes: Buffer, start: number): number {
  if (bytes[start] !== TAG_OF_ENTRY) {
    throw new MalformedOtlpError(`byte ${bytes[start]} begins no entry of a request`)
  }
  let length = 0
  for (let at = start + 1, scale = 1; at <= start + MAX_LENGTH_BYTES; at++, scale *= 0x80) {
    if (at >= bytes.length) return at + 1
    length += (bytes[at] & 0x7f) * scale
    if (length > MAX_ENTRY_BYTES) break
    if (bytes[at] < 0x80) return at + 1 + length
  }
  throw new MalformedOtlpError(`an entry of more than ${MAX_ENTRY_BYTES} bytes is not read`)
}
