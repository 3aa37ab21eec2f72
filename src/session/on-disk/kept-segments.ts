// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { untilAborted } from '../until-aborted'

/** Keeps segments on this machine's disk until they are stored and counted. */
export interface SegmentKeeper {
  /** Forgets these segments. Resolves when a crash can't bring them back. */
  release(keys: readonly string[]): Promise<void>
}

/** A disk that hangs must not keep a writer from ending. */
const DISK_LIMIT_MILLIS = 5_000

/**
 * The segments that are stored and may still lie on disk. A writer's summary
 * lists them, so that whoever goes on for it does not count them a second time.
 */
export class KeptSegments {
  readonly #keys = new Set<string>()
  readonly #keepers: readonly SegmentKeeper[]
  readonly #onFailure: (error: unknown) => void

  constructor(
    keepers: readonly (SegmentKeeper | undefined)[],
    onFailure: (error: unknown) => void,
  ) {
    this.#keepers = keepers.filter((keeper) => keeper !== undefined)
    this.#onFailure = onFailure
  }

  /** `undefined` if nothing is kept on disk at all. */
  get keys(): string[] | undefined {
    return this.#keepers.length > 0 ? [...this.#keys] : undefined
  }

  add(key: string): void {
    if (this.#keepers.length > 0) this.#keys.add(key)
  }

  /** Lets the disk forget what is stored and, now that it was reported, counted. */
  async release(keys: readonly string[] = []): Promise<void> {
    if (keys.length === 0) return
    const released = Promise.all(this.#keepers.map((keeper) => keeper.release(keys)))
    await this.waitFor(
      released.then(() => {
        for (const key of keys) this.#keys.delete(key)
      }),
    )
  }

  /** Waits for the disk, not for ever; what fails there is told, and does no other harm. */
  async waitFor(work: Promise<void>): Promise<void> {
    const limit = AbortSignal.timeout(DISK_LIMIT_MILLIS)
    await untilAborted(work, limit).catch(this.#onFailure)
  }
}
