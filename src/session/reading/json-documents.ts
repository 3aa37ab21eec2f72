// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MAX_JSON_DEPTH, isNestedTooDeep } from '../../otlp/json-depth'
import { MalformedOtlpError } from '../../otlp/malformed-otlp-error'
import { parseOtlpJson } from '../../otlp/parse-otlp-json'

/** A JSON value, or what kept it from being read. */
export type JsonDocument =
  | { readonly value: unknown; readonly error: undefined }
  | { readonly value: undefined; readonly error: Error }

/** A document longer than this is not read, and behind a line that is longer nothing is. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
/** Lines are put together when they have so many bytes: a million of one byte each take 100 MB. */
const COMPACTED_BYTES = 64 * 1024
const NEWLINE = 0x0a

/**
 * Reads JSON lines, or one JSON document over many lines, whichever it is. A
 * line that is no JSON is given as an error, and the next is read.
 *
 * @throws MalformedOtlpError at a line that is too long to be held
 */
export async function* readJsonDocuments(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<JsonDocument, void, undefined> {
  const held = new HeldLines()
  let isLines = false
  for await (const line of splitLines(chunks)) {
    if (isLines) {
      yield* parseLine(line)
      continue
    }
    // Until a line parses on its own, it may be part of one large document.
    const first = held.bytes === 0 ? parse(line) : undefined
    if (first?.error === undefined && first !== undefined) {
      isLines = true
      yield first
      continue
    }
    held.add(line)
    if (held.bytes > MAX_DOCUMENT_BYTES) {
      isLines = true
      yield* parseLines(held.takeAll())
    }
  }
  if (held.bytes === 0) return
  const text = held.takeAll()
  const whole = parse(text)
  if (whole.error === undefined) yield whole
  else yield* parseLines(text)
}

/** Lines of what may be one document. */
class HeldLines {
  bytes = 0
  #compacted: Buffer[] = []
  #recent: Buffer[] = []
  #recentBytes = 0

  add(line: Buffer): void {
    this.#recent.push(line)
    this.#recentBytes += line.length
    this.bytes += line.length
    if (this.#recentBytes < COMPACTED_BYTES) return
    this.#compacted.push(Buffer.concat(this.#recent))
    this.#recent = []
    this.#recentBytes = 0
  }

  takeAll(): Buffer {
    const all = Buffer.concat([...this.#compacted, ...this.#recent])
    this.#compacted = []
    this.#recent = []
    this.#recentBytes = 0
    this.bytes = 0
    return all
  }
}

function* parseLines(text: Buffer): Generator<JsonDocument, void, undefined> {
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf(NEWLINE, start)
    const end = newline < 0 ? text.length : newline + 1
    yield* parseLine(text.subarray(start, end))
    start = end
  }
}

function* parseLine(line: Buffer): Generator<JsonDocument, void, undefined> {
  if (line.toString('latin1').trim() !== '') yield parse(line)
}

function parse(text: Buffer): JsonDocument {
  try {
    if (text.length > MAX_DOCUMENT_BYTES) {
      throw new RangeError(`${text.length} bytes of JSON are more than are read at once`)
    }
    if (isNestedTooDeep(text)) {
      throw new RangeError(`it is nested deeper than ${MAX_JSON_DEPTH}`)
    }
    return { value: parseOtlpJson(text.toString('utf8')), error: undefined }
  } catch (error) {
    return { value: undefined, error: error as Error }
  }
}

/** Lines with their newline. A newline byte is never part of a longer UTF-8 character. */
async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let open: Buffer[] = []
  let openBytes = 0
  for await (const chunk of chunks) {
    let start = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      let end = at + 1
      // Empty lines go with the one before them: there may be nothing else, for gigabytes.
      while (chunk[end] === NEWLINE) end++
      yield Buffer.concat([...open, chunk.subarray(start, end)])
      open = []
      openBytes = 0
      start = end
    }
    if (start < chunk.length) {
      open.push(chunk.subarray(start))
      openBytes += chunk.length - start
    }
    // A few megabytes of gzip hold gigabytes without a newline.
    if (openBytes > MAX_DOCUMENT_BYTES) {
      throw new MalformedOtlpError(`a line of more than ${MAX_DOCUMENT_BYTES} bytes is not read`)
    }
  }
  if (open.length > 0) yield Buffer.concat(open)
}
