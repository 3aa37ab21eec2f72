// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { EventEmitter, once } from 'node:events'
import type { Clock } from './clock'
import { divideNanos } from './divide-nanos'

/** Says when each batch's turn has come. One for each replay. */
export interface Pacer {
  /** Resolves when the batch that arrived then is due. The first one is due at once. */
  turn(capturedAtUnixNano: bigint, signal: AbortSignal): Promise<void>

  /** Resolves as soon as the replay is not paused. */
  open(signal: AbortSignal): Promise<void>

  /** Stops the replay's clock: whatever is due later comes later by as long as the pause lasts. */
  pause(): void
  resume(): void
  readonly isPaused: boolean
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

  constructor(speedMultiplier: number, clock: Clock) {
    this.#speedMultiplier = speedMultiplier
    this.#clock = clock
  }

  async turn(capturedAtUnixNano: bigint, signal: AbortSignal): Promise<void> {
    await this.open(signal)
    this.#first ??= {
      startUnixNano: this.#clock.nowUnixNano() - this.#pausedNanos,
      arrivalUnixNano: capturedAtUnixNano,
    }
    const { startUnixNano, arrivalUnixNano } = this.#first
    const gapNanos = divideNanos(capturedAtUnixNano - arrivalUnixNano, this.#speedMultiplier)
    // A pause does not end the wait under way: what it took is waited for behind it.
    for (;;) {
      const dueUnixNano = startUnixNano + gapNanos + this.#pausedNanos
      const leftNanos = dueUnixNano - this.#clock.nowUnixNano()
      if (leftNanos <= 0n) return
      await this.#clock.wait(Number(leftNanos) / 1e6, signal)
      await this.open(signal)
    }
  }

  async open(signal: AbortSignal): Promise<void> {
    while (this.isPaused) await once(this.#events, 'resume', { signal })
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
}
