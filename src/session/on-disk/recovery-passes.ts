// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setTimeout as sleep } from 'node:timers/promises'
import type { ObjectStore } from '../../storage/object-store'
import {
  type RecoveredSegments,
  type WriteAheadFolder,
  finishRecovered,
} from './write-ahead-folder'

export interface RecoveryPassesParts {
  readonly folder: WriteAheadFolder
  readonly store: ObjectStore
  /** Joins sessions that may go on, so that they are not completed. Never rejects. */
  readonly join: (sessionIds: readonly string[]) => Promise<void>
  readonly onRecovered: (recovered: RecoveredSegments) => void
  /** Told of what is left alone, and of a store that does not take what there is. */
  readonly onFailure: (error: Error) => void
}

/** A store that is down is asked again, and a writer that may live is looked at again, after so long. */
const PAUSE_MILLIS = 30_000

/** Brings what dead writers left on disk into its sessions, behind everybody's back. */
export class RecoveryPasses {
  readonly #parts: RecoveryPassesParts
  readonly #cut = new AbortController()
  readonly #rest = new AbortController()
  readonly #done: Promise<void>

  constructor(parts: RecoveryPassesParts) {
    this.#parts = parts
    this.#done = this.#run()
  }

  /** Lets the pass under way end, but not after the signal fired. Never rejects. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#rest.abort()
    const onAbort = (): void => this.#cut.abort()
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    await this.#done
    signal.removeEventListener('abort', onAbort)
  }

  async #run(): Promise<void> {
    for (let isLeft = true; isLeft;) {
      isLeft = await this.#pass()
      if (isLeft && !(await this.#paused())) return
    }
  }

  /** Whether something is left for another pass. */
  async #pass(): Promise<boolean> {
    const { folder, store, join, onRecovered, onFailure } = this.#parts
    const { signal } = this.#cut
    try {
      const options = { signal, onRecovered, onProblem: onFailure }
      const { sessionIds, undecided } = await folder.recover(store, options)
      await join(sessionIds)
      await finishRecovered(store, sessionIds, { signal })
      return undecided > 0
    } catch (error) {
      if (signal.aborted) return false
      onFailure(error as Error)
      return true
    }
  }

  /** False when there is to be no other pass. */
  async #paused(): Promise<boolean> {
    const { signal } = this.#rest
    await sleep(PAUSE_MILLIS, undefined, { signal, ref: false }).catch(() => undefined)
    return !signal.aborted
  }
}
