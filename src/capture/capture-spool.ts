// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { SessionDescription, SessionMetadata } from '../session/metadata'
import { SIGNALS } from '../otlp/signal'
import { RecoveryPasses } from '../session/on-disk/recovery-passes'
import type { SegmentSpool } from '../session/on-disk/segment-spool'
import { type WriteAheadFolder, openWriteAheadFolder } from '../session/on-disk/write-ahead-folder'
import type { ObjectStore } from '../storage/object-store'
import type { StorageError } from '../storage/storage-error'
import type { ResolvedCaptureConfig } from './capture-config'
import type { RareWarnings } from './rare-warnings'

/** What a capture with this config spools to; `undefined` if it does not. */
export function openCaptureSpool(
  { spoolFolder, maxSpoolBytes, join }: ResolvedCaptureConfig,
  description: SessionDescription,
  store: ObjectStore,
  warnings: RareWarnings,
): CaptureSpool | undefined {
  if (spoolFolder === undefined) return undefined
  return new CaptureSpool({ spoolFolder, maxSpoolBytes, join, description, store, warnings })
}

interface CaptureSpoolOptions {
  spoolFolder: string
  maxSpoolBytes: number
  join: boolean
  description: SessionDescription
  store: ObjectStore
  warnings: RareWarnings
}

/**
 * The disk that a capture has beside its memory: it takes what the store does
 * not, and brings to the store what captures before left there.
 */
export class CaptureSpool {
  readonly #options: CaptureSpoolOptions
  readonly #folder: WriteAheadFolder
  #recovery: RecoveryPasses | undefined
  #isStopped = false
  /** Kinds of failure that the app was told of. */
  readonly #told = new Set<'full' | 'broken'>()

  constructor(options: CaptureSpoolOptions) {
    this.#options = options
    this.#folder = openWriteAheadFolder(options.spoolFolder)
  }

  readonly createSpool = (writerId: string): SegmentSpool => {
    const { description, store, join, maxSpoolBytes } = this.#options
    const owner = { description, writerId, storeUrl: store.url, join }
    return this.#folder.createSpool(owner, {
      maxSpoolBytes,
      onFailure: (failure) => this.#onFailure(failure),
    })
  }

  /**
   * Begins to store what is found, once the capture's own session is decided: else
   * one that is to go on could be completed before it was entered again.
   */
  async recoverAfter(decided: Promise<void>): Promise<void> {
    await decided
    if (this.#isStopped) return
    const { store, warnings, spoolFolder } = this.#options
    this.#recovery = new RecoveryPasses({
      folder: this.#folder,
      store,
      join: async () => undefined,
      onRecovered: () => undefined,
      onFailure: ({ message }) => warnings.warn(`of the spool in '${spoolFolder}': ${message}`),
    })
  }

  /** Ends that; what is not stored by then stays for another time. Never rejects. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#isStopped = true
    await this.#recovery?.stop(signal)
  }

  /** Tells where to find what a capture that has ended could not store. */
  tellOfRest({ sessionId, signals }: SessionMetadata): void {
    const { spoolFolder, store, warnings } = this.#options
    const items = SIGNALS.reduce((sum, signal) => sum + (signals[signal].spooledItems ?? 0), 0)
    if (items === 0) return
    warnings.announce(
      `${items} items of session '${sessionId}' wait in '${spoolFolder}', as ${store.url} did not ` +
        `take them; the next capture with this spool folder stores them, or ` +
        `'otel-tape recover --spool ${spoolFolder}'`,
    )
  }

  /** Each kind once: what is dropped for it is told as it happens. */
  #onFailure({ code, message }: StorageError): void {
    const { spoolFolder, warnings } = this.#options
    const kind = code === 'FULL' ? 'full' : 'broken'
    if (this.#told.has(kind)) return
    this.#told.add(kind)
    warnings.announce(
      kind === 'full'
        ? `${message} What memory can't take either is dropped until the store is back.`
        : `the spool folder '${spoolFolder}' can't be used, and the capture goes on in memory ` +
            `alone: ${message}`,
    )
  }
}
