// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../src/replay/clock'

interface Waiter {
  dueUnixNano: bigint
  resolve: () => void
}

/** Far from the times in recordings and from the machine's. */
export const FAKE_START_UNIX_NANO = BigInt(Date.UTC(2031, 4, 6)) * 1_000_000n

/**
 * A clock that stands still until it is moved, or, with `jumps`, moves to
 * whatever is waited for as soon as nothing is under way any more.
 */
export class FakeClock implements Clock {
  readonly #jumps: boolean
  readonly #settled: () => Promise<unknown>
  readonly #waiters = new Set<Waiter>()
  #nowUnixNano = FAKE_START_UNIX_NANO

  constructor({ jumps = false, settled = turnsOfTheLoop } = {}) {
    this.#jumps = jumps
    this.#settled = settled
  }

  nowUnixNano(): bigint {
    return this.#nowUnixNano
  }

  /** Milliseconds since the clock was made. */
  get elapsedMillis(): number {
    return Number(this.#nowUnixNano - FAKE_START_UNIX_NANO) / 1e6
  }

  get isWaitedFor(): boolean {
    return this.#waiters.size > 0
  }

  async wait(millis: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const dueUnixNano = this.#nowUnixNano + BigInt(Math.ceil(millis * 1e6))
    if (this.#jumps) {
      await this.#settled()
      this.#moveTo(dueUnixNano)
      return
    }
    const waiter: Waiter = { dueUnixNano, resolve: () => undefined }
    this.#waiters.add(waiter)
    try {
      await new Promise<void>((resolve, reject) => {
        waiter.resolve = resolve
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      })
    } finally {
      this.#waiters.delete(waiter)
    }
  }

  /** Lets time pass, and whoever waits act when his time has come. */
  async advance(millis: number): Promise<void> {
    const end = this.#nowUnixNano + BigInt(Math.round(millis * 1e6))
    for (;;) {
      await this.#settled()
      const [next] = [...this.#waiters].sort((a, b) => Number(a.dueUnixNano - b.dueUnixNano))
      if (!next || next.dueUnixNano > end) break
      this.#moveTo(next.dueUnixNano)
      this.#waiters.delete(next)
      next.resolve()
    }
    this.#moveTo(end)
    await this.#settled()
  }

  #moveTo(unixNano: bigint): void {
    if (unixNano > this.#nowUnixNano) this.#nowUnixNano = unixNano
  }
}

/** Enough for streams in memory to come to rest. */
export async function turnsOfTheLoop(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await setImmediate()
}
