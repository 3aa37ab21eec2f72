// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { open, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileError } from '../../storage/file-error'
import { StorageError, isStorageError } from '../../storage/storage-error'
import { syncFolder } from '../../storage/sync-folder'
import type { SegmentKeeper } from './kept-segments'
import { type SegmentFileKind, kindOfFile, segmentFileOf } from './segment-file'
import { setAside } from './set-aside'
import { untilAborted } from '../until-aborted'
import { WriteAheadError } from './write-ahead-error'
import type { JournalOwner } from './write-ahead-owner'
import { type WriterAccount, writeAccount } from '../writer-account'
import { WriterFolder } from './writer-folder'

/** Where a writer puts finished segments that the store does not take. */
export interface SegmentSpool extends SegmentKeeper {
  /** Whether it failed just now, and should be left alone for a while. */
  readonly isResting: boolean
  /**
   * Notes that the segment is about to be stored, so that whoever goes on for a
   * writer that is killed right after knows to look for it. Never rejects.
   */
  note(key: string): Promise<void>
  /**
   * Resolves when the segment survives a crash of the process and of the machine.
   * Rejects, with `StorageError`, if it is not kept: also when the signal fires. Of
   * code `FULL` if there is no room, on the disk or within the spool's bound.
   */
  put(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<void>
  /**
   * Gives back what was put. Rejects with `WriteAheadError` if that is gone or is
   * another than it was, with `StorageError` if it can't be read now.
   */
  read(key: string, sizeBytes: number): Promise<Buffer>
  /** Leaves what is in it to others, and tells them what else there is to know. */
  leave(account: WriterAccount): Promise<void>
  /** Ends it when nothing has to be left. */
  remove(): Promise<void>
}

export interface SegmentSpoolOptions {
  /** The writer's own, in a folder that other writers may share. */
  folder: string
  owner: JournalOwner
  /** Of all that lies in the shared folder. */
  maxSpoolBytes: number
  /** Told of what could not be kept. */
  onFailure: (error: StorageError) => void
}

/** How long a spool that failed is left alone. */
const REST_MILLIS = 30_000
/** A disk that hangs must not keep segments from being stored. */
const NOTE_LIMIT_MILLIS = 5_000

export function createSegmentSpool(options: SegmentSpoolOptions): SegmentSpool {
  return new FolderSpool(options)
}

/** One file for each segment: complete under its own name, or not there under it. */
class FolderSpool implements SegmentSpool {
  readonly #folder: WriterFolder
  readonly #maxSpoolBytes: number
  readonly #onFailure: (error: StorageError) => void
  /** Segments of which there is a file. */
  readonly #kept = new Set<string>()
  #restsUntil = -Infinity

  constructor({ folder, owner, maxSpoolBytes, onFailure }: SegmentSpoolOptions) {
    this.#folder = new WriterFolder(folder, owner)
    this.#maxSpoolBytes = maxSpoolBytes
    this.#onFailure = onFailure
  }

  get isResting(): boolean {
    return performance.now() < this.#restsUntil
  }

  async note(key: string): Promise<void> {
    if (this.isResting) return
    const path = this.#pathOf(key, 'noted')
    this.#kept.add(key)
    try {
      const noting = this.#folder.open().then(() => writeFile(path, '', { mode: 0o600 }))
      await untilAborted(noting, AbortSignal.timeout(NOTE_LIMIT_MILLIS))
    } catch (error) {
      this.#failure(error, path)
    }
  }

  async put(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const temporary = this.#pathOf(key, 'temporary')
    const path = this.#pathOf(key, 'spooled')
    const writing = this.#write(temporary, bytes, signal)
    try {
      await untilAborted(writing, signal)
      signal.throwIfAborted()
      // Whoever looks from here on finds it: it is kept, whatever the disk has still to say.
      const naming = rename(temporary, path).then(() => syncFolder(this.#folder.path))
      await untilAborted(naming, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error
      })
      this.#kept.add(key)
    } catch (error) {
      const removing = writing
        .catch(() => undefined)
        .then(() => Promise.all([temporary, path].map((file) => rm(file, { force: true }))))
      removing.catch(() => undefined)
      throw this.#failure(error, path)
    }
  }

  async read(key: string, sizeBytes: number): Promise<Buffer> {
    const path = this.#pathOf(key, 'spooled')
    let bytes: Buffer
    try {
      bytes = await readFile(path)
    } catch (error) {
      const failure = fileError(error, 'read', path)
      if (failure.code !== 'NOT_FOUND') throw failure
      const message = `'${path}' was removed before it could be stored: what was in it is lost.`
      throw new WriteAheadError('UNREADABLE', message, path, { cause: error })
    }
    if (bytes.length === sizeBytes) return bytes
    const aside = await setAside(dirname(this.#folder.path), path)
    throw new WriteAheadError(
      'DAMAGED',
      `'${path}' has ${bytes.length} bytes and was written with ${sizeBytes}: somebody or the ` +
        `disk has altered it. It was not stored; what is left of it is in '${aside}'.`,
      path,
    )
  }

  async release(keys: readonly string[]): Promise<void> {
    const released = keys.filter((key) => this.#kept.has(key))
    if (released.length === 0) return
    try {
      for (const key of released) {
        await rm(this.#pathOf(key, 'spooled'), { force: true })
        await rm(this.#pathOf(key, 'noted'), { force: true })
      }
      // Unless somebody removed it: then nothing can come back.
      await syncFolder(this.#folder.path).catch(ifGone(undefined))
    } catch (error) {
      throw fileError(error, 'release', this.#folder.path)
    }
    for (const key of released) this.#kept.delete(key)
    // There may be room again.
    this.#restsUntil = -Infinity
  }

  async leave(account: WriterAccount): Promise<void> {
    try {
      await this.#folder.open()
      await writeAccount(this.#folder.path, account)
      await this.#folder.leave()
    } catch (error) {
      throw fileError(error, 'close', this.#folder.path)
    }
  }

  async remove(): Promise<void> {
    try {
      await this.release([...this.#kept])
      await this.#folder.remove()
    } catch (error) {
      throw fileError(error, 'close', this.#folder.path)
    }
  }

  /**
   * Its length is claimed before the folder is measured. So of two processes that
   * share the last of the room both may be refused, but never can both have it.
   */
  async #write(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await this.#folder.open()
    const file = await open(path, 'w', 0o600)
    try {
      await file.truncate(bytes.length)
      if ((await spooledBytes(dirname(this.#folder.path))) > this.#maxSpoolBytes) {
        throw spoolIsFull(this.#maxSpoolBytes, path)
      }
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
  }

  #failure(error: unknown, path: string): StorageError {
    this.#restsUntil = performance.now() + REST_MILLIS
    const failure = fileError(error, 'spool', path)
    if (isStorageError(failure, 'NOT_FOUND')) void this.#folder.forget()
    this.#onFailure(failure)
    return failure
  }

  #pathOf(key: string, kind: SegmentFileKind): string {
    return join(this.#folder.path, segmentFileOf(key, kind))
  }
}

/** Of all segments in a shared folder, those that are being written and those set aside included. */
async function spooledBytes(root: string): Promise<number> {
  let total = 0
  for (const folder of await readdir(root, { withFileTypes: true })) {
    if (!folder.isDirectory()) continue
    for (const name of await namesIn(join(root, folder.name))) {
      const kind = kindOfFile(name)
      if (kind !== 'spooled' && kind !== 'temporary') continue
      total += await sizeOf(join(root, folder.name, name))
    }
  }
  return total
}

/** None of a folder that its writer, or who recovered it, has removed meanwhile. */
async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(ifGone<string[]>([]))
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(({ size }) => size, ifGone(0))
}

function ifGone<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return instead
    throw error
  }
}

function spoolIsFull(maxSpoolBytes: number, path: string): StorageError {
  return new StorageError(
    'FULL',
    `The spool in '${dirname(dirname(path))}' is full: it may take ${maxSpoolBytes} bytes.`,
    path,
  )
}
