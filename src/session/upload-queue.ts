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

const FIRST_WAIT_MILLIS = 1_000
const LONGEST_WAIT_MILLIS = 30_000

/**
 * Stores segments one after another, in order, and keeps at it: a store that is
 * down for an hour delays them, nothing more. It holds the process up by no
 * timer; whoever ends it says for how long to go on trying.
 */
export class UploadQueue {
  readonly #options: UploadQueueOptions
  readonly #segments: BuiltSegment[] = []
  readonly #idleWaiters: (() => void)[] = []
  readonly #abort = new AbortController()
  #wake: (() => void) | undefined
  #isRunning = false
  #isOpen = false

  constructor(options: UploadQueueOptions) {
    this.#options = options
  }

  get isIdle(): boolean {
    return this.#segments.length === 0
  }

  get waitingBytes(): number {
    return this.#segments.reduce((bytes, segment) => bytes + segment.bytes.length, 0)
  }

  /** Lets uploads begin: until the session exists in the store, segments wait. */
  open(): void {
    this.#isOpen = true
    this.#run()
  }

  push(segment: BuiltSegment): void {
    this.#segments.push(segment)
    this.#run()
  }

  /** Resolves when everything pushed so far is stored, rejects with the signal's reason. */
  async drained(signal: AbortSignal): Promise<void> {
    this.#wake?.()
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
    this.#wake?.()
    return this.#segments.splice(0)
  }

  #run(): void {
    if (this.#isRunning || !this.#isOpen) return
    this.#isRunning = true
    void this.#uploadAll().finally(() => {
      this.#isRunning = false
    })
  }

  async #uploadAll(): Promise<void> {
    const { store, onStored, onFailure } = this.#options
    const { signal } = this.#abort
    for (let failures = 0; !signal.aborted && this.#segments.length > 0;) {
      const segment = this.#segments[0]
      try {
        await store.put(segment.key, segment.bytes, { signal })
        if (signal.aborted) return
        failures = 0
        this.#segments.shift()
        onStored(segment)
      } catch (error) {
        if (signal.aborted) return
        onFailure(error)
        await this.#wait(Math.min(LONGEST_WAIT_MILLIS, FIRST_WAIT_MILLIS * 2 ** failures++))
      }
    }
    for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  async #wait(ceilingMillis: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ceilingMillis * (0.5 + Math.random() / 2)).unref()
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }
}
