// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { SessionLocation } from '../../session/session-location'
import { fileError } from './file-error'

/** A folder that a database is built in; it goes when that is done. */
export interface BuildFolder {
  readonly path: string
  readonly databasePath: string
  remove(): Promise<void>
}

const BUILDING = 'building-'
/** Nobody builds for so long without making a file: what is older was left by who was killed. */
const LEFT_AFTER_MILLIS = 3_600_000

/**
 * Where databases lie that a later query finds again: one file for each session and store.
 *
 * A file in it is whole, and is never written to: what is built is built in a folder of its own
 * and moved to its place, also what an existing file is extended by. So any number of processes
 * may build and read at once; of two that build the same, the later one's file stays.
 */
export class DatabaseCache {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = resolve(folder)
  }

  pathOf(storeUrl: string, sessionId: string, { layout }: SessionLocation): string {
    const identity = createHash('sha256').update([storeUrl, layout, sessionId].join('\0'))
    const readable = sessionId.replace(/[^\w.-]/g, '_').slice(0, 64)
    return join(this.#folder, `${readable}-${identity.digest('hex').slice(0, 16)}.duckdb`)
  }

  async createBuildFolder(): Promise<BuildFolder> {
    const path = join(this.#folder, BUILDING + randomUUID())
    try {
      await this.#removeLeft()
      // What an app sends may be nobody else's business on this machine.
      await mkdir(path, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw fileError(error, path) ?? error
    }
    return buildFolder(path)
  }

  async #removeLeft(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => [])
    for (const name of names.filter((name) => name.startsWith(BUILDING))) {
      const path = join(this.#folder, name)
      const stats = await stat(path).catch(() => undefined)
      if (!stats || Date.now() - stats.mtimeMs < LEFT_AFTER_MILLIS) continue
      await rm(path, { recursive: true, force: true })
    }
  }
}

/** For a database that nobody is to find again. */
export async function createTemporaryFolder(): Promise<BuildFolder> {
  return buildFolder(await mkdtemp(join(tmpdir(), 'otel-tape-query-')))
}

function buildFolder(path: string): BuildFolder {
  return {
    path,
    databasePath: join(path, 'session.duckdb'),
    remove: () => rm(path, { recursive: true, force: true }),
  }
}

/** A copy that shares its blocks with the original, where the file system can do that. */
export function copyDatabase(from: string, to: string): Promise<void> {
  return copyFile(from, to, constants.COPYFILE_FICLONE)
}

/**
 * Moves a database that has been built to where it is found again. `false` if that can't be
 * done now: on Windows, while another process reads the one that is there.
 */
export async function keepDatabase(from: string, to: string): Promise<boolean> {
  try {
    // Also in a folder that was there before, and is open to all.
    await chmod(from, 0o600)
    await rename(from, to)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EPERM' || code === 'EBUSY' || code === 'EACCES') return false
    throw fileError(error, to) ?? error
  }
}
