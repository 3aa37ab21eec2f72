// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Signal } from '../otlp/signal'
import { type BlockHeader, encodeBlockHeader } from './block-header'
import type { CountedBatch } from './counted-batch'

const gzipAsync = promisify(gzip)

/** Service names in one block beyond which the header lists none. */
export const MAX_SERVICE_NAMES = 64
/** Of a gzip header with no fields, as zlib writes it. */
const PLAIN_HEADER_BYTES = 10
const TRAILER_BYTES = 8
/** A usual block comes out of zlib in one piece. */
const DEFLATE_CHUNK_BYTES = 64 * 1024

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
  // zlib's own member has the trailer that is needed, computed off the thread as well; the
  // header makes way for one that can only be written now that the length is known.
  const member = (await gzipAsync(content, options)).subarray(PLAIN_HEADER_BYTES)
  const header = encodeBlockHeader(describe(signal, batches), member.length - TRAILER_BYTES)
  return Buffer.concat([header, member])
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
