// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { OtlpBatch } from '../../otlp/otlp-batch'
import { SIGNALS } from '../../otlp/signal'
import { type AppendLog, createAppendLog } from '../../storage/append-log'
import { fileError } from '../../storage/file-error'
import { isStorageError } from '../../storage/storage-error'
import { syncFolder } from '../../storage/sync-folder'
import { bytesWrittenAhead, writeAheadSize } from '../../telemetry/instruments'
import { segmentFileOf } from './segment-file'
import { encodeBatchFrame, encodeKeyFrame } from './write-ahead-frame'
import type { JournalOwner } from './write-ahead-owner'
import { WriterFolder } from './writer-folder'

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

/** A journal in a folder of its own. */
export function createSegmentJournal(folder: string, owner: JournalOwner): SegmentJournal {
  return new FolderJournal(folder, owner)
}

const written = bytesWrittenAhead.seriesBy('otel_tape.signal', SIGNALS)

interface SegmentLog {
  readonly log: AppendLog
  /** Of the batches in it. */
  bodyBytes: number
}

/**
 * One log for each segment. A segment's key is fixed with its first batch, so
 * what is rebuilt from its log goes to where the segment itself would have gone.
 */
class FolderJournal implements SegmentJournal {
  readonly #folder: WriterFolder
  readonly #logs = new Map<string, SegmentLog>()
  readonly #stopWatching = writeAheadSize.watch(() => this.#bodyBytes())

  constructor(folder: string, owner: JournalOwner) {
    this.#folder = new WriterFolder(folder, owner)
  }

  async append(key: string, batch: OtlpBatch): Promise<void> {
    const existing = this.#logs.get(key)
    const segment = existing ?? { log: createAppendLog(this.#pathOf(key)), bodyBytes: 0 }
    this.#logs.set(key, segment)
    await this.#folder.open()
    // One group: who is told that the batch is kept can rely on the key before it.
    if (!existing) segment.log.append(encodeKeyFrame(key)).catch(() => undefined)
    try {
      await segment.log.append(encodeBatchFrame(batch))
      segment.bodyBytes += batch.body.length
      written[batch.signal].add(batch.body.length)
    } catch (error) {
      if (isStorageError(error, 'NOT_FOUND')) await this.#folder.forget()
      throw error
    }
  }

  async release(keys: readonly string[]): Promise<void> {
    const released = keys.filter((key) => this.#logs.has(key))
    if (released.length === 0) return
    const isOpen = await this.#folder.isOpen()
    try {
      for (const key of released) {
        await this.#logs.get(key)?.log.close()
        await rm(this.#pathOf(key), { force: true })
      }
      if (isOpen) await syncFolder(this.#folder.path)
    } catch (error) {
      throw fileError(error, 'release', this.#folder.path)
    }
    for (const key of released) this.#logs.delete(key)
  }

  async close(): Promise<void> {
    this.#stopWatching()
    for (const { log } of this.#logs.values()) await log.close()
    try {
      if (this.#logs.size > 0) await this.#folder.leave()
      else await this.#folder.remove()
    } catch (error) {
      throw fileError(error, 'close', this.#folder.path)
    }
  }

  #bodyBytes(): number {
    return [...this.#logs.values()].reduce((bytes, { bodyBytes }) => bytes + bodyBytes, 0)
  }

  #pathOf(key: string): string {
    return join(this.#folder.path, segmentFileOf(key, 'log'))
  }
}
