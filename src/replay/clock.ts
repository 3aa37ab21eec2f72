// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setTimeout } from 'node:timers/promises'

/** The time a replay goes by; tests bring one that they move themselves. */
export interface Clock {
  nowUnixNano(): bigint

  /** Resolves after `millis`; rejects with the signal's reason when it is aborted. */
  wait(millis: number, signal?: AbortSignal): Promise<void>
}

/** What a timer of Node takes; anything longer fires at once. */
const MAX_TIMER_MILLIS = 2 ** 31 - 1

/**
 * The machine's clock, read once and carried on by the monotonic one: a step of
 * the wall clock in the middle of a replay must not hold its batches back for
 * an hour, nor send an hour of them in one burst.
 */
export function createSystemClock(): Clock {
  const anchor = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint()
  return {
    nowUnixNano: () => anchor + process.hrtime.bigint(),
    wait: waitInSteps,
  }
}

// The timers keep the process alive: between two batches a minute apart there
// may be nothing else that does.
async function waitInSteps(millis: number, signal?: AbortSignal): Promise<void> {
  for (let left = millis; left > 0; left -= MAX_TIMER_MILLIS) {
    try {
      await setTimeout(Math.min(left, MAX_TIMER_MILLIS), undefined, { signal })
    } catch {
      signal?.throwIfAborted()
    }
  }
  signal?.throwIfAborted()
}
