// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileError } from '../../storage/file-error'
import { syncFolder } from '../../storage/sync-folder'
import { type JournalOwner, OWNER_FILE, writeOwner } from './write-ahead-owner'
import { type Presence, announcePresence } from './write-ahead-presence'

export const PRESENCE_FILE = 'alive'

/**
 * The folder on disk that one writer has to itself: it says whose it is, and
 * that its process lives. That is made at once: a writer that is killed before
 * its first batch has a session, too, that somebody should complete.
 */
export class WriterFolder {
  readonly path: string
  readonly #owner: JournalOwner
  #opening: Promise<Presence> | undefined

  constructor(path: string, owner: JournalOwner) {
    this.path = path
    this.#owner = owner
    // What is wrong with the folder is told to whoever needs it first, and tries again.
    this.open().catch(() => undefined)
  }

  /** Makes it, or again if that failed: the disk may have room now. Rejects with `StorageError`. */
  async open(): Promise<void> {
    this.#opening ??= createFolder(this.path, this.#owner).catch((error: unknown) => {
      this.#opening = undefined
      throw fileError(error, 'append', this.path)
    })
    await this.#opening
  }

  /** Whether it was made, as far as we know. */
  async isOpen(): Promise<boolean> {
    return (await this.#presence()) !== undefined
  }

  /** Somebody removed it under our hands: whoever opens it next makes another. */
  async forget(): Promise<void> {
    const lost = this.#presence()
    // Before anything is awaited: it must not forget the one that is made next.
    this.#opening = undefined
    await (await lost)?.withdraw()
  }

  /** Leaves it to be recovered, by anybody and at once. */
  async leave(): Promise<void> {
    await (await this.#presence())?.withdraw()
  }

  /** Removes it, and whatever it says about its writer. */
  async remove(): Promise<void> {
    const presence = await this.#presence()
    if (presence === undefined) return
    await rm(join(this.path, OWNER_FILE), { force: true })
    await presence.withdraw()
    await rmdir(this.path)
    await syncFolder(dirname(this.path))
  }

  async #presence(): Promise<Presence | undefined> {
    return this.#opening?.catch(() => undefined)
  }
}

/** In this order: a folder without `writer.json` is not ready, one without presence is free. */
async function createFolder(folder: string, owner: JournalOwner): Promise<Presence> {
  const parent = dirname(folder)
  const firstMade = await mkdir(folder, { recursive: true, mode: 0o700 })
  const presence = await announcePresence(join(folder, PRESENCE_FILE))
  try {
    await writeOwner(folder, owner)
    await syncFolder(parent)
    // All that was made on the way there has to be found again, too.
    for (let path = parent; firstMade && path.length >= firstMade.length; path = dirname(path)) {
      await syncFolder(dirname(path))
    }
    return presence
  } catch (error) {
    await presence.withdraw()
    throw error
  }
}
