// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { parseOtlpJson } from '../otlp/parse-otlp-json'

/** A JSON value, or what kept it from being read. */
export type JsonDocument =
  | { readonly value: unknown; readonly error: undefined }
  | { readonly value: undefined; readonly error: Error }

/** A document, or a line, longer than this is not read. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
const NEWLINE = 0x0a

/**
 * Reads JSON lines, or one JSON document over many lines, whichever it is. A
 * line that is no JSON is given as an error, and the next is read.
 */
export async function* readJsonDocuments(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<JsonDocument, void, undefined> {
  const held: Buffer[] = []
  let heldBytes = 0
  let isLines = false
  for await (const line of splitLines(chunks)) {
    if (isLines) {
      yield* parseLine(line)
      continue
    }
    // Until a line parses on its own, it may be part of one large document.
    const first = held.length === 0 ? parse(line) : undefined
    if (first?.error === undefined && first !== undefined) {
      isLines = true
      yield first
      continue
    }
    held.push(line)
    heldBytes += line.length
    if (heldBytes > MAX_DOCUMENT_BYTES) {
      isLines = true
      for (const heldLine of held.splice(0)) yield* parseLine(heldLine)
    }
  }
  if (held.length === 0) return
  const whole = parse(Buffer.concat(held))
  if (whole.error === undefined) yield whole
  else for (const line of held) yield* parseLine(line)
}

function* parseLine(line: Buffer): Generator<JsonDocument, void, undefined> {
  if (line.toString('latin1').trim() !== '') yield parse(line)
}

function parse(text: Buffer): JsonDocument {
  if (text.length > MAX_DOCUMENT_BYTES) {
    const error = new RangeError(`${text.length} bytes of JSON are more than are read at once`)
    return { value: undefined, error }
  }
  try {
    return { value: parseOtlpJson(text.toString('utf8')), error: undefined }
  } catch (error) {
    return { value: undefined, error: error as Error }
  }
}

/** Lines with their newline. A newline byte is never part of a longer UTF-8 character. */
async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let open: Buffer[] = []
  for await (const chunk of chunks) {
    let start = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...open, chunk.subarray(start, at + 1)])
      open = []
      start = at + 1
    }
    if (start < chunk.length) open.push(chunk.subarray(start))
  }
  if (open.length > 0) yield Buffer.concat(open)
}
