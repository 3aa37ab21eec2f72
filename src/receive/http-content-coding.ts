// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Transform } from 'node:stream'
import zlib from 'node:zlib'
import { HttpRefusal, noRoom, tooLarge } from './http-refusal'
import type { Reservation } from './http-reservation'

/** Inflates what a `Content-Encoding` says; undefined if the body comes as it is. */
export type ContentCoding = (compressed: Buffer) => Inflater

// Where zlib keeps how many of the bytes that it was given it has used.
type Inflater = Transform & { readonly bytesWritten: number }

// Few requests inflate to more than this; each trip to the thread pool yields one chunk.
const OPTIONS = Object.freeze({ chunkSize: 64 * 1024 })

const gunzip: ContentCoding = () => zlib.createGunzip(OPTIONS)
const inflate: ContentCoding = (compressed) =>
  hasZlibHeader(compressed) ? zlib.createInflate(OPTIONS) : zlib.createInflateRaw(OPTIONS)

const CODINGS = new Map<string, ContentCoding | undefined>([
  ['', undefined],
  ['none', undefined],
  ['identity', undefined],
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', inflate],
  ['zlib', inflate],
])

// In newer runtimes than the types know, from Node 22.15.
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Inflater }
if (createZstdDecompress) CODINGS.set('zstd', () => createZstdDecompress())

/** @throws HttpRefusal when it is a coding that is not known here, or several */
export function contentCodingOf(contentEncoding = ''): ContentCoding | undefined {
  const name = contentEncoding.trim().toLowerCase()
  if (CODINGS.has(name)) return CODINGS.get(name)
  const known = [...CODINGS.keys()].filter(Boolean).join(', ')
  const shown = JSON.stringify(contentEncoding.slice(0, MAX_SHOWN_LENGTH))
  throw new HttpRefusal(400, `Content-Encoding ${shown} is not known, only one of: ${known}`)
}

const MAX_SHOWN_LENGTH = 60

/**
 * Inflates a body as far as it is allowed to grow: a few kilobytes can hold gigabytes.
 *
 * @throws HttpRefusal when it is damaged, cut off, followed by something else, or too large
 */
export async function inflateBody(
  compressed: Buffer,
  coding: ContentCoding,
  maxBytes: number,
  reservation: Reservation,
): Promise<Buffer> {
  const inflater = coding(compressed)
  const chunks: Buffer[] = []
  let size = 0
  inflater.end(compressed)
  try {
    // What ends the loop early destroys the inflater.
    for await (const chunk of inflater as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > maxBytes) throw tooLarge(maxBytes, 'when it is inflated')
      if (!reservation.grow(chunk.length)) throw noRoom()
      chunks.push(chunk)
    }
  } catch (error) {
    throw error instanceof HttpRefusal ? error : damaged((error as Error).message)
  }
  if (inflater.bytesWritten !== compressed.length) throw damaged('more follows its end')
  // Copies even a single one: it is a part of the inflater's much larger buffer.
  return Buffer.concat(chunks)
}

function damaged(reason: string): HttpRefusal {
  return new HttpRefusal(400, `the compressed body is damaged: ${reason}`)
}

// What HTTP calls deflate is zlib's format (RFC 1950); some senders take the name at its word
// and leave zlib's header out. It is two bytes that name the method and are a multiple of 31.
function hasZlibHeader(compressed: Buffer): boolean {
  return (
    compressed.length >= 2 && (compressed[0] & 0x0f) === 8 && compressed.readUInt16BE(0) % 31 === 0
  )
}
