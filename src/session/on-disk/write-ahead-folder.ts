// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join, resolve } from 'node:path'
import { textFrom } from '../../options/environment'
import type { ObjectStore, OperationOptions } from '../../storage/object-store'
import { itemsRecovered } from '../../telemetry/instruments'
import { completeIfDeserted } from '../membership'
import { type SegmentSpool, type SegmentSpoolOptions, createSegmentSpool } from './segment-spool'
import { SessionError } from '../session-error'
import { type ClaimedWriter, DeadWriters } from './write-ahead-claim'
import type { WriteAheadError } from './write-ahead-error'
import { type SegmentJournal, createSegmentJournal } from './write-ahead-journal'
import type { JournalOwner } from './write-ahead-owner'
import { type RecoveredSegments, recoverWriter } from './write-ahead-recovery'

export type { JournalOwner } from './write-ahead-owner'
export type { RecoveredSegments } from './write-ahead-recovery'

export type SpoolOptions = Pick<SegmentSpoolOptions, 'maxSpoolBytes' | 'onFailure'>

export interface RecoverOptions extends OperationOptions {
  /** Told of each dead writer of whom something was brought back. */
  onRecovered?: (recovered: RecoveredSegments) => void
  /** Told of what is in the folder and can't be recovered; the rest still is. */
  onProblem?: (problem: Error) => void
}

export interface RecoveryOutcome {
  /** Sessions whose dead writers are settled: to be given to `finishRecovered`. */
  readonly sessionIds: readonly string[]
  /**
   * Writers on other machines or in other containers that may be dead: it shows
   * within 30 seconds. If there are any, recover again after that.
   */
  readonly undecided: number
}

/** A folder in which writers keep on disk what is not stored yet. */
export interface WriteAheadFolder {
  /**
   * A journal for one writer, in a folder of its own that is made at once: for
   * receivers, who acknowledge what they have not stored.
   */
  createJournal(owner: JournalOwner): SegmentJournal
  /** A spool for one writer, likewise: for apps, whose memory is small when a store is down. */
  createSpool(owner: JournalOwner, options: SpoolOptions): SegmentSpool
  /**
   * Brings what dead writers left into their sessions of this store, each batch
   * once, however often recovery itself is killed and repeated. Several processes
   * may do so at once. The sessions are not completed, see `finishRecovered`.
   *
   * Rejects with `StorageError` when the store fails: what is not recovered then
   * stays for the next time.
   */
  recover(store: ObjectStore, options?: RecoverOptions): Promise<RecoveryOutcome>
}

/** Where receivers keep it unless they are told otherwise: `OTEL_TAPE_WRITE_AHEAD_FOLDER`. */
export function defaultWriteAheadFolder(): string {
  return textFrom('OTEL_TAPE_WRITE_AHEAD_FOLDER') ?? '.otel-tape/write-ahead'
}

/**
 * Opens the folder, which is made when it is needed. Several processes may share it.
 *
 * @example
 * const folder = openWriteAheadFolder('.otel-tape/write-ahead')
 * const { sessionIds } = await folder.recover(store)
 * const createJournal = (writerId) =>
 *   folder.createJournal({ description, writerId, storeUrl: store.url })
 * const writer = new SessionWriter({ store, description, createJournal })
 * await writer.ready
 * await finishRecovered(store, sessionIds)
 * await writer.write(batch)?.durable
 */
export function openWriteAheadFolder(folder: string): WriteAheadFolder {
  const path = resolve(folder)
  return {
    createJournal: (owner) => createSegmentJournal(join(path, owner.writerId), owner),
    createSpool: (owner, options) => {
      const spooled = { ...owner, isSpool: true }
      return createSegmentSpool({ ...options, folder: join(path, owner.writerId), owner: spooled })
    },
    recover: (store, options = {}) => recoverAll(path, store, options),
  }
}

/** Completes the sessions among these in which no writer lives. Throws `StorageError`. */
export async function finishRecovered(
  store: ObjectStore,
  sessionIds: readonly string[],
  options: OperationOptions = {},
): Promise<void> {
  for (const sessionId of sessionIds) {
    try {
      await completeIfDeserted(store, sessionId, options)
    } catch (error) {
      // It was removed in between, or its writer never came into it.
      if (!(error instanceof SessionError)) throw error
    }
  }
}

async function recoverAll(
  folder: string,
  store: ObjectStore,
  options: RecoverOptions,
): Promise<RecoveryOutcome> {
  const { signal, onRecovered = () => undefined, onProblem = () => undefined } = options
  const sessionIds = new Set<string>()
  const deadWriters = new DeadWriters({ folder, storeUrl: store.url, onProblem })
  try {
    for await (const writer of deadWriters.claimed()) {
      signal?.throwIfAborted()
      try {
        const recovered = await recoverClaimed(writer, store, { signal, onProblem })
        sessionIds.add(recovered.sessionId)
        itemsRecovered.series({}).add(recovered.items)
        if (recovered.segments > 0) onRecovered(recovered)
      } catch (error) {
        // One session that can't be written must not keep the others from being recovered.
        if (!(error instanceof SessionError)) throw error
        onProblem(error)
      }
    }
    return { sessionIds: [...sessionIds], undecided: deadWriters.undecided }
  } finally {
    await deadWriters.release()
  }
}

async function recoverClaimed(
  writer: ClaimedWriter,
  store: ObjectStore,
  { signal, onProblem }: Required<Pick<RecoverOptions, 'onProblem'>> & OperationOptions,
): Promise<RecoveredSegments> {
  const problems: WriteAheadError[] = []
  const recovered = await recoverWriter({
    store,
    folder: writer.folder,
    owner: writer.owner,
    signal,
    onProblem: (problem) => {
      problems.push(problem)
      onProblem(problem)
    },
  })
  await writer.remove(problems)
  return recovered
}
