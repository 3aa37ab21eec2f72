// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { OtlpBatch } from '../otlp/otlp-batch'
import { type AppendLog, createAppendLog } from '../storage/append-log'
import { fileError } from '../storage/file-error'
import { isStorageError } from '../storage/storage-error'
import { syncFolder } from '../storage/sync-folder'
import { encodeBatchFrame, encodeKeyFrame } from './write-ahead-frame'
import { type JournalOwner, OWNER_FILE, writeOwner } from './write-ahead-owner'
import { type Presence, announcePresence } from './write-ahead-presence'

/**
 * Where a writer's batches are kept on disk until its segments are stored and
 * counted, so that what was acknowledged survives the process.
 */
export interface SegmentJournal {
  /**
   * Resolves when the batch, which goes into the segment `key`, would survive a
   * crash of the process and of the machine. Rejects with `StorageError`.
   */
  append(key: string, batch: OtlpBatch): Promise<void>
  /** Forgets these segments. Resolves when a crash can't bring them back. */
  release(keys: readonly string[]): Promise<void>
  /** Lets go of the folder: it is removed if it is empty, and else left to be recovered. */
  close(): Promise<void>
}

export const SEGMENT_LOG_SUFFIX = '.wal'
export const PRESENCE_FILE = 'alive'

/**
 * A journal in a folder of its own. That is made at once: a writer that is killed
 * before its first batch has a session, too, that somebody should complete.
 */
export function createSegmentJournal(folder: string, owner: JournalOwner): SegmentJournal {
  return new FolderJournal(folder, owner)
}

/**
 * One log for each segment. A segment's key is fixed with its first batch, so
 * what is rebuilt from its log goes to where the segment itself would have gone.
 */
class FolderJournal implements SegmentJournal {
  readonly #folder: string
  readonly #owner: JournalOwner
  readonly #logs = new Map<string, AppendLog>()
  #opening: Promise<Presence> | undefined

  constructor(folder: string, owner: JournalOwner) {
    this.#folder = folder
    this.#owner = owner
    // What is wrong with the folder is told to the first batch, which tries again.
    this.#open().catch(() => undefined)
  }

  async append(key: string, batch: OtlpBatch): Promise<void> {
    const existing = this.#logs.get(key)
    const log = existing ?? createAppendLog(this.#pathOf(key))
    this.#logs.set(key, log)
    await this.#open()
    // One group: who is told that the batch is kept can rely on the key before it.
    if (!existing) log.append(encodeKeyFrame(key)).catch(() => undefined)
    try {
      await log.append(encodeBatchFrame(batch))
    } catch (error) {
      if (isStorageError(error, 'NOT_FOUND')) await this.#forgetFolder()
      throw error
    }
  }

  async release(keys: readonly string[]): Promise<void> {
    const released = keys.filter((key) => this.#logs.has(key))
    if (released.length === 0) return
    const isOpen = (await this.#opening?.catch(() => undefined)) !== undefined
    try {
      for (const key of released) {
        await this.#logs.get(key)?.close()
        await rm(this.#pathOf(key), { force: true })
      }
      if (isOpen) await syncFolder(this.#folder)
    } catch (error) {
      throw fileError(error, 'release', this.#folder)
    }
    for (const key of released) this.#logs.delete(key)
  }

  async close(): Promise<void> {
    const presence = await this.#opening?.catch(() => undefined)
    for (const log of this.#logs.values()) await log.close()
    if (presence === undefined) return
    try {
      if (this.#logs.size > 0) await presence.withdraw()
      else await removeEmpty(this.#folder, presence)
    } catch (error) {
      throw fileError(error, 'close', this.#folder)
    }
  }

  /** Somebody removed it under our hands: the next batch makes another. */
  async #forgetFolder(): Promise<void> {
    const lost = this.#opening
    this.#opening = undefined
    const presence = await lost?.catch(() => undefined)
    await presence?.withdraw()
  }

  /** Made again by the next batch if it failed: the disk may have room again. */
  #open(): Promise<Presence> {
    this.#opening ??= createFolder(this.#folder, this.#owner).catch((error: unknown) => {
      this.#opening = undefined
      throw fileError(error, 'append', this.#folder)
    })
    return this.#opening
  }

  #pathOf(key: string): string {
    return join(this.#folder, `${key.slice(key.lastIndexOf('/') + 1)}${SEGMENT_LOG_SUFFIX}`)
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

async function removeEmpty(folder: string, presence: Presence): Promise<void> {
  await rm(join(folder, OWNER_FILE), { force: true })
  await presence.withdraw()
  await rmdir(folder)
  await syncFolder(dirname(folder))
}
