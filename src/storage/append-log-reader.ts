// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type FileHandle, open } from 'node:fs/promises'
import { LOG_MAGIC, RECORD_HEADER_BYTES, isIntact } from './append-log-format'
import { fileError } from './file-error'

/** The end of a log that could not be read. */
export interface UnreadEnd {
  readonly offsetBytes: number
  readonly lengthBytes: number
}

const CHUNK_BYTES = 256 * 1024

/**
 * The records of a log, in order, up to the first that is not whole: a write
 * that a crash cut short, or damage. Every record whose append had resolved lies
 * before the first, so only damage loses one. Holds no more than a record, or
 * 256 KiB, at once. Throws `StorageError`.
 */
export async function* readAppendLog(
  path: string,
  onUnread: (end: UnreadEnd) => void = () => undefined,
): AsyncGenerator<Buffer, void, undefined> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw fileError(error, 'read', path)
  })
  try {
    const { size } = await file.stat()
    const bytes = new ForwardReader(file, size)
    let offsetBytes = 0
    if (LOG_MAGIC.equals((await bytes.take(LOG_MAGIC.length)) ?? Buffer.alloc(0))) {
      offsetBytes = LOG_MAGIC.length
      for (;;) {
        const record = await nextRecord(bytes)
        if (record === undefined) break
        offsetBytes += RECORD_HEADER_BYTES + record.length
        yield record
      }
    }
    if (offsetBytes < size) onUnread({ offsetBytes, lengthBytes: size - offsetBytes })
  } catch (error) {
    throw fileError(error, 'read', path)
  } finally {
    await file.close()
  }
}

async function nextRecord(bytes: ForwardReader): Promise<Buffer | undefined> {
  const header = await bytes.take(RECORD_HEADER_BYTES)
  const record = header && (await bytes.take(header.readUInt32LE(0)))
  return record && isIntact(header, record) ? record : undefined
}

/** Reads a file from its beginning, in pieces of any size. */
class ForwardReader {
  readonly #file: FileHandle
  #leftBytes: number
  #held = Buffer.alloc(0)

  constructor(file: FileHandle, sizeBytes: number) {
    this.#file = file
    this.#leftBytes = sizeBytes
  }

  /** The next bytes; `undefined` if the file has fewer: a damaged length reserves no memory. */
  async take(lengthBytes: number): Promise<Buffer | undefined> {
    if (lengthBytes > this.#held.length + this.#leftBytes) return undefined
    while (this.#held.length < lengthBytes) {
      const missing = lengthBytes - this.#held.length
      const chunk = Buffer.allocUnsafe(Math.min(this.#leftBytes, Math.max(missing, CHUNK_BYTES)))
      const { bytesRead } = await this.#file.read(chunk, 0, chunk.length)
      // Somebody cut the file while we read it.
      if (bytesRead === 0) return undefined
      this.#leftBytes -= bytesRead
      this.#held = Buffer.concat([this.#held, chunk.subarray(0, bytesRead)])
    }
    const taken = this.#held.subarray(0, lengthBytes)
    this.#held = this.#held.subarray(lengthBytes)
    return taken
  }
}
