// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { constants, fstatSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LOG_MAGIC, encodeRecordHeader } from './append-log-format'
import { fileError } from './file-error'
import { StorageError } from './storage-error'
import { syncFolder } from './sync-folder'

/** A file that records are added to, each of them durable before its writer is told. */
export interface AppendLog {
  /**
   * Adds one record, which is these parts laid end to end, and resolves when it
   * survives a crash of the machine. The parts must not change until then.
   *
   * Rejects with `StorageError`. After that the log takes nothing more: what the
   * disk holds behind a failed write or flush is unknown.
   */
  append(parts: readonly Uint8Array[]): Promise<void>
  /** Waits for what is under way, and closes the file. Never rejects. */
  close(): Promise<void>
}

export interface AppendLogOptions {
  /**
   * Goes on with the log that is there, behind its first bytes: as many as were read of it as
   * records. What lies behind them is cut off. Default: there must be no file yet.
   */
  continueBehindBytes?: number
}

/**
 * Opens a log at `path`; a new one is made with the first record. Records that come while others
 * are flushed wait and share the next flush: sixty-four who append at once pay for one or two, not
 * for sixty-four.
 *
 * @example
 * const log = createAppendLog('./requests.log')
 * await Promise.all(requests.map((request) => log.append([request])))
 * await log.close()
 */
export function createAppendLog(path: string, options: AppendLogOptions = {}): AppendLog {
  return new GroupCommitLog(path, options.continueBehindBytes)
}

const { O_APPEND, O_CREAT, O_DSYNC, O_EXCL, O_WRONLY } = constants

/**
 * On Linux, a write to a file that is opened so is flushed when it returns, just as by
 * `datasync`: one trip to the thread pool and back instead of two. Elsewhere it may promise less.
 */
const FLUSHES_ON_WRITE = process.platform === 'linux'
const WRITE_FLAGS = O_WRONLY | (FLUSHES_ON_WRITE ? O_DSYNC : 0)

interface WaitingRecord {
  readonly buffers: readonly Uint8Array[]
  readonly resolve: () => void
  readonly reject: (error: StorageError) => void
}

class GroupCommitLog implements AppendLog {
  readonly #path: string
  readonly #continueBehindBytes: number | undefined
  #file: FileHandle | undefined
  #waiting: WaitingRecord[] = []
  #committing: Promise<void> | undefined
  #end: StorageError | undefined

  constructor(path: string, continueBehindBytes?: number) {
    this.#path = path
    this.#continueBehindBytes = continueBehindBytes
  }

  append(parts: readonly Uint8Array[]): Promise<void> {
    if (this.#end) return Promise.reject(this.#end)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ buffers: [encodeRecordHeader(parts), ...parts], resolve, reject })
      this.#committing ??= this.#commitAll()
    })
  }

  async close(): Promise<void> {
    this.#end ??= new StorageError('CLOSED', `The log '${this.#path}' was closed.`, this.#path)
    await this.#committing
    // What was to be kept is flushed; nothing that closing may say changes that.
    await this.#file?.close().catch(() => undefined)
    this.#file = undefined
  }

  async #commitAll(): Promise<void> {
    try {
      this.#file ??= await openFile(this.#path, this.#continueBehindBytes)
      while (this.#waiting.length > 0) await this.#commit(this.#file)
    } catch (error) {
      this.#end = fileError(error, 'append', this.#path)
      for (const { reject } of this.#waiting.splice(0)) reject(this.#end)
    } finally {
      // In the same step in which nothing waits: who appends in the next must not be overlooked.
      this.#committing = undefined
    }
  }

  /** A file that somebody removed takes all that is written, and keeps it from everybody. */
  #checkLinked(file: FileHandle): void {
    // Of a file that was synced just now, this asks no disk.
    if (fstatSync(file.fd).nlink > 0) return
    throw Object.assign(new Error(`'${this.#path}' was removed`), { code: 'ENOENT' })
  }

  async #commit(file: FileHandle): Promise<void> {
    const group = this.#waiting
    this.#waiting = []
    try {
      await writeAll(
        file,
        group.flatMap(({ buffers }) => buffers),
      )
      if (!FLUSHES_ON_WRITE) await file.datasync()
      this.#checkLinked(file)
    } catch (error) {
      this.#waiting.unshift(...group)
      throw error
    }
    for (const { resolve } of group) resolve()
  }
}

function openFile(path: string, continueBehindBytes?: number): Promise<FileHandle> {
  return continueBehindBytes === undefined
    ? createFile(path)
    : continueFile(path, continueBehindBytes)
}

async function continueFile(path: string, behindBytes: number): Promise<FileHandle> {
  const file = await open(path, WRITE_FLAGS | O_APPEND)
  try {
    await file.truncate(behindBytes)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function createFile(path: string): Promise<FileHandle> {
  const file = await open(path, WRITE_FLAGS | O_CREAT | O_EXCL, 0o600)
  try {
    await writeAll(file, [LOG_MAGIC])
    await syncFolder(dirname(path))
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

/** A disk that is nearly full takes a part of what it is given and says so by a number alone. */
async function writeAll(file: FileHandle, buffers: readonly Uint8Array[]): Promise<void> {
  let rest = buffers.filter((buffer) => buffer.length > 0)
  while (rest.length > 0) {
    let { bytesWritten } = await file.writev(rest)
    const written = rest.findIndex((buffer) => {
      if (buffer.length > bytesWritten) return true
      bytesWritten -= buffer.length
      return false
    })
    if (written === -1) return
    rest = [rest[written].subarray(bytesWritten), ...rest.slice(written + 1)]
  }
}
