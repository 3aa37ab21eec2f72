// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable, pipeline } from 'node:stream'
import * as zlib from 'node:zlib'
import { detectJsonSignal, requestFromJson } from '../../otlp/json-to-protobuf'
import { MalformedOtlpError } from '../../otlp/malformed-otlp-error'
import type { Signal } from '../../otlp/signal'
import { sniffSignal } from '../../otlp/sniff-signal'
import type { Damage } from '../damage'
import { limitInflated } from './inflated-limit'
import { readJsonDocuments } from './json-documents'
import type { ObjectBytes } from './object-bytes'
import { TAG_OF_ENTRY, readRequestChunks } from './request-chunks'

/** A request out of an object that is not a segment of ours. */
export interface ForeignRequest {
  readonly signal: Signal
  readonly body: Uint8Array
}

const ZSTD_MAGIC = 0x28b52ffd
const GZIP_MAGIC = 0x1f8b
/** Each is reported; of a log of another kind there would be millions. */
const MAX_UNREADABLE_IN_A_ROW = 1000

/**
 * Reads what other tools write: protobuf, JSON or JSON lines, plain or in gzip
 * or zstd. The content decides, not the name; the name (`namedSignal`) only says
 * which signal is expected. What can't be read is reported, and the rest is read.
 */
export async function* readForeignObject(
  bytes: ObjectBytes,
  namedSignal: Signal | undefined,
  onDamage: (damage: Damage) => void,
): AsyncGenerator<ForeignRequest, void, undefined> {
  const report = (reason: Damage['reason'], message: string): void =>
    onDamage({ key: bytes.key, offsetBytes: 0, reason, message, signal: namedSignal })
  const start = await bytes.fill(4)
  const decompressor = createDecompressor(start)
  if (decompressor === 'unsupported') {
    report('foreign', 'it is compressed with zstd, which this version of Node.js does not have')
    return
  }
  const source = Readable.from(bytes.rest(), { objectMode: false })
  // A byte stream gives nothing but buffers. An error reaches the loop below; pipeline is there
  // to close both streams.
  const content: AsyncIterable<Buffer> = decompressor
    ? limitInflated(
        pipeline(source, decompressor, () => undefined),
        bytes.leftBytes,
      )
    : source
  try {
    for await (const request of readContent(content, report)) {
      const signal = request.signal ?? namedSignal
      if (signal === undefined) report('foreign', 'neither its name nor its content says a signal')
      else if (namedSignal !== undefined && signal !== namedSignal) {
        report('foreign', `it holds ${signal}, but its name says ${namedSignal}`)
      } else yield { signal, body: request.body }
    }
  } catch (error) {
    if (error instanceof MalformedOtlpError) report('malformed', error.message)
    else if (isZlibError(error)) report('decompression', (error as Error).message)
    else throw error
  } finally {
    source.destroy()
  }
}

function createDecompressor(start: Buffer): zlib.Gunzip | 'unsupported' | undefined {
  if (start.length >= 2 && start.readUInt16BE(0) === GZIP_MAGIC) return zlib.createGunzip()
  if (start.length < 4 || start.readUInt32BE(0) !== ZSTD_MAGIC) return undefined
  // Node.js has zstd from 22.15 on; the types of Node.js 20 don't know it.
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => zlib.Gunzip }
  return createZstdDecompress?.() ?? 'unsupported'
}

interface UncheckedRequest {
  readonly signal: Signal | undefined
  readonly body: Uint8Array
}

async function* readContent(
  content: AsyncIterable<Buffer>,
  report: (reason: Damage['reason'], message: string) => void,
): AsyncGenerator<UncheckedRequest, void, undefined> {
  const { start, all } = await peek(content)
  if (start === undefined) return report('truncated', 'it is empty')
  if (!looksLikeJson(start)) {
    // Arbitrary bytes often begin with something that passes for an unknown field.
    if (start[0] !== TAG_OF_ENTRY) return report('malformed', 'it is neither OTLP nor compressed')
    for await (const body of readRequestChunks(all)) yield { signal: sniffSignal(body), body }
    return
  }
  let unreadableInARow = 0
  for await (const { value, error } of readJsonDocuments(all)) {
    const signal = error ? undefined : detectJsonSignal(value)
    unreadableInARow = signal === undefined ? unreadableInARow + 1 : 0
    if (unreadableInARow > MAX_UNREADABLE_IN_A_ROW) {
      throw new MalformedOtlpError(
        `${MAX_UNREADABLE_IN_A_ROW} documents in a row are no OTLP: the rest is not read`,
      )
    }
    if (error) report('malformed', `JSON that can't be parsed: ${error.message}`)
    else if (signal === undefined) report('foreign', 'JSON that is no OTLP request')
    else {
      try {
        yield { signal, body: requestFromJson(value, signal) }
      } catch (malformed) {
        if (!(malformed instanceof MalformedOtlpError)) throw malformed
        report('malformed', malformed.message)
      }
    }
  }
}

/** The first chunk, and all chunks with it still in front. */
async function peek(
  content: AsyncIterable<Buffer>,
): Promise<{ start: Buffer | undefined; all: AsyncIterable<Buffer> }> {
  const iterator = content[Symbol.asyncIterator]()
  const first = await iterator.next()
  const all = (async function* () {
    if (!first.done) yield first.value
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      yield next.value
    }
  })()
  return { start: first.done ? undefined : first.value, all }
}

/**
 * Whether the text begins with an object. A newline is also the tag that begins
 * every protobuf request, so white space alone does not decide.
 */
function looksLikeJson(start: Buffer): boolean {
  // A byte order mark is white space to a regular expression: named beside it, it would be tried
  // both ways, in twice the time for each further one.
  return /^\s*\{\s*["}]/.test(start.toString('utf8', 0, 256))
}

function isZlibError(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code?.startsWith('Z_') || code?.startsWith('ERR_ZSTD') || false
}
