// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../otlp/signal'
import type { ObjectStore } from '../storage/object-store'
import type { SignalTotals } from './totals'

/** A finished segment, ready to be stored. */
export interface BuiltSegment {
  readonly key: string
  readonly signal: Signal
  readonly bytes: Buffer
  /** What lies in it, its stored size included. */
  readonly totals: SignalTotals
}

export interface UploadQueueOptions {
  store: ObjectStore
  onStored: (segment: BuiltSegment) => void
  /** Called for every attempt that failed; the segment stays in the queue. */
  onFailure: (error: unknown) => void
}

/** Segments on their way at once: enough to hide a store's latency, few beside its other clients. */
const MAX_UPLOADS = 4
const FIRST_WAIT_MILLIS = 1_000
const LONGEST_WAIT_MILLIS = 30_000

/**
 * Stores segments, several at a time, and keeps at it: a store that is down for
 * an hour delays them, nothing more. After a failure nothing is begun for a
 * while, then one upload at a time, until the store takes one again; a segment
 * that was refused lets those go first that were not. It holds the process up
 * by no timer; whoever ends it says for how long to go on trying.
 */
export class UploadQueue {
  readonly #options: UploadQueueOptions
  readonly #waiting: BuiltSegment[] = []
  readonly #uploading = new Set<BuiltSegment>()
  /** Refused since the store last took one. */
  readonly #refused: BuiltSegment[] = []
  readonly #idleWaiters: (() => void)[] = []
  readonly #abort = new AbortController()
  #waitingBytes = 0
  /** Rests since the store last took a segment. */
  #rests = 0
  #endRest: (() => void) | undefined
  #isOpen = false

  constructor(options: UploadQueueOptions) {
    this.#options = options
  }

  get isIdle(): boolean {
    return this.#waiting.length + this.#uploading.size + this.#refused.length === 0
  }

  /** Of all segments that are not stored, those on their way included. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Lets uploads begin: until the session exists in the store, segments wait. */
  open(): void {
    this.#isOpen = true
    this.#beginUploads()
  }

  push(segment: BuiltSegment): void {
    this.#waiting.push(segment)
    this.#waitingBytes += segment.bytes.length
    this.#beginUploads()
  }

  /** Resolves when everything pushed so far is stored, rejects with the signal's reason. */
  async drained(signal: AbortSignal): Promise<void> {
    this.#endRest?.()
    if (this.isIdle) return
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason as Error)
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#idleWaiters.push(() => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
    })
  }

  /** Gives up on what is left and returns it. */
  abandon(): BuiltSegment[] {
    this.#abort.abort()
    this.#endRest?.()
    const left = [...this.#uploading, ...this.#refused.splice(0), ...this.#waiting.splice(0)]
    this.#uploading.clear()
    this.#waitingBytes = 0
    return left
  }

  #beginUploads(): void {
    if (!this.#isOpen || this.#abort.signal.aborted) return
    // Four at a time would be four times the load on a store that is in trouble.
    const most = this.#rests > 0 ? 1 : MAX_UPLOADS
    while (this.#endRest === undefined && this.#uploading.size < most) {
      const segment = this.#waiting.shift() ?? this.#refused.shift()
      if (segment === undefined) return
      void this.#upload(segment)
    }
  }

  async #upload(segment: BuiltSegment): Promise<void> {
    const { onStored, onFailure } = this.#options
    this.#uploading.add(segment)
    const failure = await this.#put(segment)
    // Abandoned meanwhile, it was handed back as not stored.
    if (!this.#uploading.delete(segment)) return
    if (failure === undefined) {
      this.#settle(segment)
      onStored(segment)
    } else {
      this.#refused.push(segment)
      this.#rest()
      onFailure(failure.reason)
    }
    this.#beginUploads()
    if (this.isIdle) for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  async #put({ key, bytes }: BuiltSegment): Promise<{ reason: unknown } | undefined> {
    try {
      await this.#options.store.put(key, bytes, { signal: this.#abort.signal })
      return undefined
    } catch (reason) {
      return { reason }
    }
  }

  #settle({ bytes }: BuiltSegment): void {
    this.#waitingBytes -= bytes.length
    this.#rests = 0
    // What was refused may have been for a reason of its own, so it comes last.
    this.#waiting.push(...this.#refused.splice(0))
    this.#endRest?.()
  }

  /** Uploads that fail together are one failure of the store. */
  #rest(): void {
    if (this.#endRest) return
    const ceilingMillis = Math.min(LONGEST_WAIT_MILLIS, FIRST_WAIT_MILLIS * 2 ** this.#rests++)
    const end = (): void => {
      clearTimeout(timer)
      this.#endRest = undefined
      this.#beginUploads()
    }
    const timer = setTimeout(end, ceilingMillis * (0.5 + Math.random() / 2)).unref()
    this.#endRest = end
  }
}
