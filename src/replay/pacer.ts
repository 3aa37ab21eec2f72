// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { EventEmitter, once } from 'node:events'
import type { Clock } from './clock'
import { divideNanos } from './divide-nanos'

/** Says when each batch's turn has come. One for each replay. */
export interface Pacer {
  /**
   * Resolves when the batch that arrived then is due; `undefined` if it is already, as every
   * batch of an unpaced replay is. The first one is due at once.
   */
  turn(capturedAtUnixNano: bigint, signal: AbortSignal): Promise<void> | undefined

  /** Resolves as soon as the replay is not paused; `undefined` if it is not. */
  open(signal: AbortSignal): Promise<void> | undefined

  /** Stops the replay's clock: whatever is due later comes later by as long as the pause lasts. */
  pause(): void
  resume(): void
  readonly isPaused: boolean

  /** How late the batch whose turn came last was let through; 0 where there is no pace to keep. */
  readonly lagSeconds: number
}

/** Batch i is due at start + (arrival of i - arrival of the first) / speed. */
export function createPacer(speedMultiplier: number, clock: Clock): Pacer {
  return new ArrivalPacer(speedMultiplier, clock)
}

class ArrivalPacer implements Pacer {
  readonly #speedMultiplier: number
  readonly #clock: Clock
  readonly #events = new EventEmitter()
  #first?: { startUnixNano: bigint; arrivalUnixNano: bigint }
  #pausedAtUnixNano?: bigint
  #pausedNanos = 0n
  #leftNanosAtTurn = 0n

  constructor(speedMultiplier: number, clock: Clock) {
    this.#speedMultiplier = speedMultiplier
    this.#clock = clock
  }

  turn(capturedAtUnixNano: bigint, signal: AbortSignal): Promise<void> | undefined {
    const isDue = !this.isPaused && this.#isDue(this.#leftNanos(capturedAtUnixNano))
    return isDue ? undefined : this.#wait(capturedAtUnixNano, signal)
  }

  open(signal: AbortSignal): Promise<void> | undefined {
    return this.isPaused ? this.#resumed(signal) : undefined
  }

  get lagSeconds(): number {
    return this.#speedMultiplier === Infinity ? 0 : -Number(this.#leftNanosAtTurn) / 1e9
  }

  get isPaused(): boolean {
    return this.#pausedAtUnixNano !== undefined
  }

  pause(): void {
    this.#pausedAtUnixNano ??= this.#clock.nowUnixNano()
  }

  resume(): void {
    if (this.#pausedAtUnixNano === undefined) return
    this.#pausedNanos += this.#clock.nowUnixNano() - this.#pausedAtUnixNano
    this.#pausedAtUnixNano = undefined
    this.#events.emit('resume')
  }

  #isDue(leftNanos: bigint): boolean {
    if (leftNanos > 0n) return false
    this.#leftNanosAtTurn = leftNanos
    return true
  }

  async #wait(capturedAtUnixNano: bigint, signal: AbortSignal): Promise<void> {
    await this.#resumed(signal)
    // A pause does not end the wait under way: what it took is waited for behind it.
    for (;;) {
      const leftNanos = this.#leftNanos(capturedAtUnixNano)
      if (this.#isDue(leftNanos)) return
      await this.#clock.wait(Number(leftNanos) / 1e6, signal)
      await this.#resumed(signal)
    }
  }

  async #resumed(signal: AbortSignal): Promise<void> {
    while (this.isPaused) await once(this.#events, 'resume', { signal })
  }

  /** Until the batch is due, in nanoseconds; 0 or less if it is. */
  #leftNanos(capturedAtUnixNano: bigint): bigint {
    const nowUnixNano = this.#clock.nowUnixNano()
    this.#first ??= {
      startUnixNano: nowUnixNano - this.#pausedNanos,
      arrivalUnixNano: capturedAtUnixNano,
    }
    const { startUnixNano, arrivalUnixNano } = this.#first
    const gapNanos = divideNanos(capturedAtUnixNano - arrivalUnixNano, this.#speedMultiplier)
    return startUnixNano + gapNanos + this.#pausedNanos - nowUnixNano
  }
}
