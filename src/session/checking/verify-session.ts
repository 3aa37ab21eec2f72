// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../../otlp/signal'
import type { ObjectInfo, ObjectStore } from '../../storage/object-store'
import { collectorReading } from '../reading/collector-layout-reader'
import { ContentTally } from './content-tally'
import type { FoundDamage } from '../damage'
import type { SessionStatus } from '../metadata'
import { type SessionAccount, countedBy, readSessionAccount, sumOfSignals } from './session-account'
import { metadataKey, rawPrefix } from '../session-keys'
import {
  type LocateOptions,
  type SessionLayout,
  type SessionLocation,
  locateSession,
  objectsBelow,
  sessionNotFound,
} from '../session-location'
import { countInterrupted, statusOf } from '../session-status'
import { findDisagreements } from './totals-disagreements'
import { verifyObject } from './verify-object'

export interface VerifyOptions extends LocateOptions {
  /** Told of each piece that is damaged, or does not agree with the rest, as it is found. */
  onDamage?: (damage: FoundDamage) => void
  /** Told after each object. */
  onProgress?: (progress: VerifyProgress) => void
}

export interface VerifyProgress {
  /** Objects that have been read. */
  readonly objects: number
  readonly bytes: number
  /** Bytes there are to read, as the session counts them; 0 if it does not. */
  readonly totalBytes: number
}

/** What of one signal's items was found, in items. */
export interface VerifiedItems {
  /** Found, and read without a fault. */
  readonly whole: number
  /** In pieces that can't be read, as far as it can still be told. */
  readonly unreadable: number
  /** Counted by the session's metadata, or by its writers, and found nowhere. */
  readonly missing: number
  /** Found, and counted by nobody, as when a writer was killed before it could say so. */
  readonly uncounted: number
}

export interface VerifyReport {
  readonly sessionId: string
  readonly layout: SessionLayout
  readonly status: SessionStatus
  /** Writers that ended without saying so. */
  readonly interruptedWriters: number
  /** Whether all that was counted is there, can be read, and is what is said of it. */
  readonly isWhole: boolean
  /** Pieces that `onDamage` was told of. */
  readonly damaged: number
  /** Objects that were read, each of them once, and the bytes in them. */
  readonly objects: number
  readonly bytes: number
  readonly items: Readonly<Record<Signal, VerifiedItems>>
}

/**
 * Reads all that a session holds, each object once and from start to end, and checks
 * what can be checked: checksums and lengths, what block headers say of their content,
 * and what metadata and the writers' summaries say of the segments. Changes nothing.
 *
 * Memory is bounded, whatever the session's size. Rejects with `SessionError` of code
 * `SESSION_NOT_FOUND`, and with `StorageError`.
 */
export async function verifySession(
  store: ObjectStore,
  sessionId: string,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const { signal } = options
  const location = await locateSession(store, sessionId, options)
  const verification = new Verification(store, sessionId, location, options)
  return verification.run(
    location.layout === 'sessions'
      ? await readSessionAccount(store, sessionId, { signal })
      : NO_ACCOUNT,
  )
}

/** Of what another tool wrote. */
const NO_ACCOUNT: SessionAccount = {
  metadata: undefined,
  etag: undefined,
  summaries: [],
  damage: [],
}

class Verification {
  readonly #store: ObjectStore
  readonly #sessionId: string
  readonly #location: SessionLocation
  readonly #options: VerifyOptions
  readonly #tally = new ContentTally()
  readonly #damagedSignals = new Set<Signal | undefined>()
  #damaged = 0
  #objects = 0
  #bytes = 0

  constructor(
    store: ObjectStore,
    sessionId: string,
    location: SessionLocation,
    options: VerifyOptions,
  ) {
    this.#store = store
    this.#sessionId = sessionId
    this.#location = location
    this.#options = options
  }

  /** The account was read before any object, so that what it counts had been stored by then. */
  async run(account: SessionAccount): Promise<VerifyReport> {
    for (const damage of account.damage) this.#report(damage)
    await this.#readObjects(sumOfSignals(countedBy(account)).storedBytes)
    if (this.#objects === 0 && !account.metadata && account.damage.length === 0) {
      throw sessionNotFound(this.#store, this.#sessionId)
    }
    const found = this.#tally.totals()
    const context = {
      sessionId: this.#sessionId,
      serviceNames: this.#tally.serviceNames,
      isDamaged: (signal: Signal) =>
        this.#damagedSignals.has(signal) || this.#damagedSignals.has(undefined),
    }
    for (const damage of findDisagreements(account, found, context)) this.#report(damage)
    return this.#conclude(account)
  }

  async #readObjects(totalBytes: number): Promise<void> {
    const { signal, onProgress } = this.#options
    const { prefix, layout } = this.#location
    const read = { store: this.#store, signal, onDamage: this.#report }
    const reading = layout === 'awss3' ? collectorReading({ ...read, prefix }) : read
    for await (const object of this.#objectsToRead()) {
      await verifyObject(object, this.#tally, reading)
      this.#objects++
      this.#bytes += object.sizeBytes
      onProgress?.({ objects: this.#objects, bytes: this.#bytes, totalBytes })
    }
  }

  #objectsToRead(): AsyncIterable<ObjectInfo> {
    const { signal } = this.#options
    const { prefix, layout } = this.#location
    return layout === 'awss3'
      ? objectsBelow(this.#store, prefix, { signal })
      : this.#store.list(rawPrefix(this.#sessionId), { signal })
  }

  readonly #report = (damage: FoundDamage): void => {
    this.#damaged++
    // What lies about metadata says nothing of the segments.
    if (damage.key !== metadataKeyOf(this.#sessionId, this.#location)) {
      this.#damagedSignals.add(damage.signal)
    }
    this.#options.onDamage?.(damage)
  }

  #conclude(account: SessionAccount): VerifyReport {
    const { metadata, summaries } = account
    const found = this.#tally.totals()
    const counted = this.#isCounted(account) ? countedBy(account) : found
    const itemsOf = (signal: Signal): VerifiedItems => {
      const unreadable = this.#tally.unreadableItems(signal)
      const difference = found[signal].items - counted[signal].items
      return {
        whole: found[signal].items - unreadable,
        unreadable,
        missing: Math.max(0, -difference),
        uncounted: Math.max(0, difference),
      }
    }
    const isCompleted = metadata?.status === 'completed' || !this.#isCounted(account)
    return {
      sessionId: this.#sessionId,
      layout: this.#location.layout,
      status: isCompleted ? 'completed' : statusOf(summaries),
      interruptedWriters: metadata?.interruptedWriters || countInterrupted(summaries),
      isWhole: this.#damaged === 0,
      damaged: this.#damaged,
      objects: this.#objects,
      bytes: this.#bytes,
      items: { traces: itemsOf('traces'), metrics: itemsOf('metrics'), logs: itemsOf('logs') },
    }
  }

  /** What another tool wrote is counted by nobody. */
  #isCounted({ etag, summaries }: SessionAccount): boolean {
    return etag !== undefined || summaries.length > 0
  }
}

function metadataKeyOf(sessionId: string, { layout }: SessionLocation): string | undefined {
  return layout === 'sessions' ? metadataKey(sessionId) : undefined
}
