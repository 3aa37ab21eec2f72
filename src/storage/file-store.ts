// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rm, rmdir, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { byteRange } from './byte-range'
import { FileBoundary } from './file-boundary'
import { fileError } from './file-error'
import { type FilePlace, linkFile, nowMicros, replaceFile, setTime } from './file-place'
import { PENDING_FOLDER, infoOfFile, listFiles, listSubfolders } from './file-listing'
import { acquireFileLock } from './file-lock'
import { measuredOperation } from './measured-operation'
import { assertFolder, assertKey, assertPrefix, assertWindowsKey, compareKeys } from './object-key'
import { objectReadable } from './object-readable'
import type {
  ListOptions,
  ObjectInfo,
  ObjectStore,
  OperationOptions,
  PutOptions,
  ReadOptions,
  StoredObject,
} from './object-store'
import { PendingOperations } from './pending-operations'
import { shownValue } from './shown-value'
import { StorageError } from './storage-error'

export interface FileStoreOptions {
  /** Limit of one operation, in milliseconds: a dead network mount answers never. Default 30,000. */
  timeoutMillis?: number
}

const DEFAULTS = Object.freeze({ timeoutMillis: 30_000 })

const READ_BYTES = 64 * 1024
/** A write that took this long is no write any more: its process was killed. */
const LEFTOVER_MILLIS = 24 * 60 * 60 * 1000

/**
 * Keeps objects as files below `root`, named by their keys. The folder is made
 * at the first write.
 *
 * A write goes to `.pending` below the root, is flushed to disk, and is then
 * renamed over the object: whoever is killed in the middle leaves the old object
 * and a file that nobody lists. Conditional writes are correct across processes
 * too: `ifAbsent` by a hard link, everything else under a lock file for the
 * moment of the comparison and the rename. The root may be a symbolic link; those
 * below it are not followed.
 *
 * @example
 * const store = new FileStore('./recordings')
 * for await (const { key, sizeBytes } of store.list('sessions/')) console.log(key, sizeBytes)
 */
export class FileStore implements ObjectStore {
  readonly url: string
  readonly #root: string
  readonly #boundary: FileBoundary
  readonly #pending: string
  readonly #timeoutMillis: number
  readonly #operations: PendingOperations
  #leftoversRemoved = false

  constructor(root: string, options: FileStoreOptions = {}) {
    const { timeoutMillis } = { ...DEFAULTS, ...options }
    assertRoot(root)
    this.#root = resolve(root)
    this.#boundary = new FileBoundary(this.#root)
    this.#pending = join(this.#root, PENDING_FOLDER)
    this.#timeoutMillis = timeoutMillis
    this.url = `file:${this.#root}`
    this.#operations = new PendingOperations(this.url)
  }

  async put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<ObjectInfo> {
    return this.#run('put', key, options.signal, async (signal) => {
      const path = this.#pathOf(key)
      const temporary = await this.#writeTemporary(body)
      try {
        // Who was told that it was not written must not find it written.
        signal.throwIfAborted()
        const place: FilePlace = { key, path, boundary: this.#boundary }
        if (options.ifAbsent && (await linkFile(temporary, place))) {
          return infoOfFile(key, await stat(temporary, { bigint: true }))
        }
        return await this.#locked(key, signal, (assertHeld) =>
          replaceFile(temporary, place, options, assertHeld),
        )
      } finally {
        await rm(temporary, { force: true })
      }
    })
  }

  async get(key: string, options: OperationOptions = {}): Promise<StoredObject> {
    return this.#run('get', key, options.signal, async () => {
      const file = await this.#boundary.open(this.#pathOf(key), key)
      try {
        const info = infoOfFile(key, await file.stat({ bigint: true }))
        return { ...info, body: await file.readFile() }
      } finally {
        await file.close()
      }
    })
  }

  read(key: string, options: ReadOptions = {}): Readable {
    return objectReadable((signal) => this.#chunks(key, options, signal), options.signal)
  }

  async *#chunks(key: string, options: ReadOptions, signal: AbortSignal) {
    const { startBytes, endBytes } = byteRange(key, options)
    const file = await this.#run('read', key, signal, (ending) =>
      openUnlessEnded(() => this.#boundary.open(this.#pathOf(key), key), ending),
    )
    try {
      const { size } = await this.#step('read', key, signal, () => file.stat())
      const end = Math.min(size, endBytes)
      let position = startBytes
      while (position < end) {
        const chunk = await this.#step('read', key, signal, () => chunkAt(file, position, end))
        if (chunk.length === 0) throw endedEarly(key, position, size)
        position += chunk.length
        yield chunk
      }
    } finally {
      await file.close()
    }
  }

  async head(key: string, options: OperationOptions = {}): Promise<ObjectInfo | undefined> {
    return this.#run('head', key, options.signal, () => this.#infoAt(this.#pathOf(key), key))
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ObjectInfo, void> {
    assertPrefix(prefix)
    const pages = listFiles(this.#boundary, prefix, options.startAfter ?? '')
    for (;;) {
      const page = await this.#run('list', prefix, options.signal, () => pages.next())
      if (page.done) return
      yield* page.value
    }
  }

  async *listFolders(prefix: string, options: ListOptions = {}): AsyncGenerator<string, void> {
    assertFolder(prefix)
    const { startAfter = '', signal } = options
    const folders = await this.#run('list', prefix, signal, () =>
      listSubfolders(this.#boundary, prefix),
    )
    yield* folders.filter((folder) => compareKeys(folder, startAfter) > 0)
  }

  async delete(key: string, options: OperationOptions = {}): Promise<void> {
    return this.#run('delete', key, options.signal, async (signal) => {
      const path = this.#pathOf(key)
      if (!(await this.#infoAt(path, key))) return
      await this.#locked(key, signal, async () => {
        if (await this.#infoAt(path, key)) await this.#boundary.at(path, key, unlink)
      })
      await this.#removeEmptyFolders(dirname(path))
    })
  }

  async check(options: OperationOptions = {}): Promise<void> {
    await this.#run('check', '', options.signal, async () => {
      await rm(await this.#writeTemporary(Buffer.from('check')), { force: true })
    })
  }

  async close(): Promise<void> {
    await this.#operations.close()
  }

  async #run<T>(
    name: string,
    key: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return measuredOperation(name, () => this.#step(name, key, signal, work))
  }

  async #step<T>(
    name: string,
    key: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const target = { name, key, signal, timeoutMillis: this.#timeoutMillis }
    try {
      return await this.#operations.run(target, work)
    } catch (error) {
      throw fileError(error, name, key)
    }
  }

  async #infoAt(path: string, key: string): Promise<ObjectInfo | undefined> {
    const stats = await this.#boundary.stat(path, key)
    return stats?.isFile() ? infoOfFile(key, stats) : undefined
  }

  #pathOf(key: string): string {
    assertKey(key)
    if (process.platform === 'win32') assertWindowsKey(key)
    if (key === PENDING_FOLDER || key.startsWith(`${PENDING_FOLDER}/`)) {
      throw new StorageError('INVALID_KEY', `'${PENDING_FOLDER}' is the store's own folder.`, key)
    }
    return join(this.#root, key)
  }

  async #writeTemporary(body: Uint8Array): Promise<string> {
    await this.#boundary.checkFolder(this.#pending, PENDING_FOLDER)
    await mkdir(this.#pending, { recursive: true })
    await this.#removeLeftovers()
    const path = join(this.#pending, `${process.pid}-${randomUUID()}`)
    try {
      const file = await open(path, 'wx')
      try {
        await file.writeFile(body)
        await setTime(file, nowMicros())
        // Else a power cut after the rename could leave an object without its bytes.
        await file.sync()
      } finally {
        await file.close()
      }
    } catch (error) {
      await rm(path, { force: true })
      throw error
    }
    return path
  }

  /** Of writers that were killed. They do no harm, but should not gather for ever. */
  async #removeLeftovers(): Promise<void> {
    if (this.#leftoversRemoved) return
    this.#leftoversRemoved = true
    const oldest = Date.now() - LEFTOVER_MILLIS
    for (const name of await readdir(this.#pending)) {
      const path = join(this.#pending, name)
      const stats = await stat(path).catch(() => undefined)
      if (stats && stats.mtimeMs < oldest) await rm(path, { force: true })
    }
  }

  async #locked<T>(
    key: string,
    signal: AbortSignal,
    work: (assertHeld: () => void) => Promise<T>,
  ): Promise<T> {
    const name = createHash('sha256').update(key).digest('hex')
    await this.#boundary.checkFolder(this.#pending, PENDING_FOLDER)
    await mkdir(this.#pending, { recursive: true })
    const lock = await acquireFileLock(join(this.#pending, `${name}.lock`), signal)
    try {
      return await work(() => {
        signal.throwIfAborted()
        if (lock.isHeld()) return
        throw new StorageError('TIMEOUT', `The lock of '${key}' was held for too long.`, key)
      })
    } finally {
      await lock.release()
    }
  }

  async #removeEmptyFolders(folder: string): Promise<void> {
    try {
      for (let path = folder; path !== this.#root; path = dirname(path)) await rmdir(path)
    } catch {
      // Not empty, or removed by someone else: what we wanted is so already.
    }
  }
}

function assertRoot(root: unknown): void {
  if (typeof root !== 'string' || root === '' || root.includes('\0')) {
    throw new StorageError(
      'INVALID_URL',
      `A FileStore needs the path of a folder, such as './recordings', got ${shownValue(root)}.`,
    )
  }
  // As a path, a URL is a folder named 'file:'. It isn't repeated whole: it may hold a password.
  const scheme = /^(?:file|memory|s3):/i.exec(root)?.[0]
  if (scheme === undefined) return
  throw new StorageError(
    'INVALID_URL',
    `A FileStore needs a path, got a URL that begins with '${scheme}'. Open it with openStore, ` +
      `or write a plain path such as './recordings'.`,
  )
}

/** Nobody is left to close a file that opens after its reader has gone. */
async function openUnlessEnded(
  open: () => Promise<FileHandle>,
  signal: AbortSignal,
): Promise<FileHandle> {
  const file = await open()
  if (!signal.aborted) return file
  await file.close()
  throw signal.reason
}

async function chunkAt(file: FileHandle, position: number, end: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end - position))
  const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
  return buffer.subarray(0, bytesRead)
}

function endedEarly(key: string, position: number, size: number): StorageError {
  const message = `The object '${key}' ended after ${position} of ${size} bytes: it was cut while it was read.`
  return new StorageError('FAILED', message, key)
}
