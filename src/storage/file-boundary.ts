// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type BigIntStats, constants, readlinkSync } from 'node:fs'
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { StorageError } from './storage-error'

// Never through a link (Windows has no such flag), and never waiting for a pipe's other end, which
// would take one of the few threads that all files are read by.
const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
const FOLDER_FLAGS = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0)
/** Where Linux shows what this process has open. */
const OPEN_FILES = '/proc/self/fd'
const DELETED = ' (deleted)'

/**
 * Keeps a store of files below its root. A key can't name what lies outside, but a symbolic link
 * in a folder that others write to can lead there, or into another session. The root itself may
 * be a link: it was named by whoever opened the store.
 *
 * On Linux each operation works in a folder that is held open and known to be the right one, so
 * that a link which is put in place meanwhile changes nothing. Elsewhere folders are checked
 * before and after.
 */
export class FileBoundary {
  readonly root: string
  #realRoot: string | undefined
  #canHold = process.platform === 'linux'

  constructor(root: string) {
    this.root = root
  }

  /** Does `work` with a path that leads to the same file, whatever becomes of the folders above it. */
  async at<T>(path: string, key: string, work: (path: string) => Promise<T>): Promise<T> {
    return this.in(dirname(path), key, (folder) => work(join(folder, basename(path))))
  }

  /** The same for a folder. Throws `INVALID_KEY` unless it is the one of that name. */
  async in<T>(folder: string, key: string, work: (folder: string) => Promise<T>): Promise<T> {
    const held = await this.#hold(folder, key)
    if (!held) {
      await this.checkFolder(folder, key)
      const result = await work(folder)
      await this.checkFolder(folder, key)
      return result
    }
    const path = join(OPEN_FILES, String(held.fd))
    try {
      return await work(path)
    } catch (error) {
      throw withPath(error, path, folder)
    } finally {
      await held.close()
    }
  }

  /** Throws `INVALID_KEY` unless the folder, as far as it is there, is the one of that name. */
  async checkFolder(folder: string, key: string): Promise<void> {
    for (let path = resolve(folder); ; path = dirname(path)) {
      const real = await realPathOf(path, key)
      if (real !== undefined) {
        if (await this.#isInPlace(path, real)) return
        throw linked(key)
      }
      if (path === this.root) return
      // One that leads nowhere yet: what is made there would be made elsewhere.
      if ((await statOf(path))?.isSymbolicLink()) throw linked(key)
    }
  }

  /** What lies at the path; `undefined` if nothing does. Throws `INVALID_KEY` behind or at a link. */
  async stat(path: string, key: string): Promise<BigIntStats | undefined> {
    try {
      const stats = await this.at(path, key, statOf)
      if (stats?.isSymbolicLink()) throw linked(key)
      return stats
    } catch (error) {
      if (isNothing(error)) return undefined
      throw error
    }
  }

  /** Opens a file to be read. */
  async open(path: string, key: string): Promise<FileHandle> {
    return (await this.#openKnown(path)) ?? this.#openChecked(path, key)
  }

  /** Asks the open file itself where it lies, which costs nothing; `undefined` unless that is right. */
  async #openKnown(path: string): Promise<FileHandle | undefined> {
    if (!this.#canHold) return undefined
    const file = await open(path, READ_FLAGS).catch(() => undefined)
    if (!file) return undefined
    let isKnown = false
    try {
      const real = openedPath(file)
      const isInPlace = real !== undefined && (await this.#isInPlace(path, real))
      isKnown = isInPlace && (await file.stat()).isFile()
      return isKnown ? file : undefined
    } finally {
      if (!isKnown) await file.close()
    }
  }

  async #openChecked(path: string, key: string): Promise<FileHandle> {
    return this.at(path, key, async (safePath) => {
      const file = await openFile(safePath, key)
      if ((await file.stat()).isFile()) return file
      await file.close()
      // A folder, a pipe, a socket, a device: no object.
      throw Object.assign(new Error(`'${path}' is no file`), { code: 'EISDIR' })
    })
  }

  /** Opens the folder and finds out where that is; `undefined` where there is no way to. */
  async #hold(folder: string, key: string): Promise<FileHandle | undefined> {
    if (!this.#canHold) return undefined
    let held: FileHandle
    try {
      held = await open(folder, FOLDER_FLAGS)
    } catch (error) {
      // Nothing there, or a link to nothing?
      await this.checkFolder(folder, key)
      throw error
    }
    try {
      const real = openedPath(held)
      if (real !== undefined && (await this.#isInPlace(folder, real))) return held
      if (real?.endsWith(DELETED)) throw vanished(folder)
      if (real !== undefined) throw linked(key)
      this.#canHold = false
    } catch (error) {
      await held.close()
      throw error
    }
    await held.close()
    return undefined
  }

  /** Also where the root, being a link, leads to another folder by now. */
  async #isInPlace(path: string, real: string): Promise<boolean> {
    const below = relative(this.root, path)
    if (this.#realRoot !== undefined && isSame(real, join(this.#realRoot, below))) return true
    this.#realRoot = await realpath(this.root)
    return isSame(real, join(this.#realRoot, below))
  }
}

/** Where an open folder lies now; asks no disk. `undefined` without a /proc. */
function openedPath({ fd }: FileHandle): string | undefined {
  try {
    return readlinkSync(join(OPEN_FILES, String(fd)))
  } catch {
    return undefined
  }
}

async function openFile(path: string, key: string): Promise<FileHandle> {
  try {
    return await open(path, READ_FLAGS)
  } catch (error) {
    // How systems say that it is a link.
    if (['ELOOP', 'EMLINK'].includes(codeOf(error))) throw linked(key, error)
    throw error
  }
}

async function realPathOf(path: string, key: string): Promise<string | undefined> {
  try {
    return await realpath(path)
  } catch (error) {
    if (isNothing(error)) return undefined
    if (codeOf(error) === 'ELOOP') throw linked(key, error)
    throw error
  }
}

async function statOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true })
  } catch (error) {
    if (isNothing(error)) return undefined
    throw error
  }
}

function isNothing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error))
}

/** Some file systems spell accents in another way than they were told. */
function isSame(real: string, expected: string): boolean {
  return real === expected || real.normalize() === expected.normalize()
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? ''
}

/** People know the folder by its name, not as the number that it is open under. */
function withPath(error: unknown, numbered: string, named: string): unknown {
  if (error instanceof StorageError || codeOf(error) === '') return error
  const failure = error as NodeJS.ErrnoException & { dest?: string }
  failure.message = failure.message.replaceAll(numbered, named)
  if (failure.path !== undefined) failure.path = failure.path.replace(numbered, named)
  if (failure.dest !== undefined) failure.dest = failure.dest.replace(numbered, named)
  return failure
}

function vanished(folder: string): Error {
  return Object.assign(new Error(`'${folder}' was removed`), { code: 'ENOENT' })
}

function linked(key: string, cause?: unknown): StorageError {
  return new StorageError(
    'INVALID_KEY',
    `'${key}' is or lies behind a symbolic link (or under a name that differs in upper and lower ` +
      `case), which a FileStore does not follow below its root.`,
    key,
    cause === undefined ? undefined : { cause },
  )
}
