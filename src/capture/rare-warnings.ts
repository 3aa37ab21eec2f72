// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'

/** Tells the app, through `diag`, and never too often. */
export interface RareWarnings {
  /** Warns at most once a minute, however often something goes wrong. */
  warn(message: string): void
  /** Warns of what happens once in a capture's life, and must not be held back. */
  announce(message: string): void
}

const PAUSE_MILLIS = 60_000

/**
 * A store that is down fails many times a second; an app's log must not fill up
 * with it. What was held back is counted in the next warning.
 */
export function createRareWarnings(): RareWarnings {
  return new MinuteWarnings()
}

class MinuteWarnings implements RareWarnings {
  readonly #logger = diag.createComponentLogger({ namespace: 'otel-tape' })
  #quietUntilMillis = -Infinity
  #heldBack = 0

  warn(message: string): void {
    // Not the time of day: after a jump back of the clock nothing would be told for as long.
    const nowMillis = performance.now()
    if (nowMillis < this.#quietUntilMillis) {
      this.#heldBack++
      return
    }
    const suffix = this.#heldBack > 0 ? ` (and ${this.#heldBack} warnings before)` : ''
    this.#quietUntilMillis = nowMillis + PAUSE_MILLIS
    this.#heldBack = 0
    this.#logger.warn(message + suffix)
  }

  announce(message: string): void {
    this.#logger.warn(message)
  }
}
