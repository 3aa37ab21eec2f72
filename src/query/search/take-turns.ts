// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setImmediate } from 'node:timers/promises'

const TURN_MILLIS = 8

/**
 * Lets others have their turn in long work: resolves at once, or behind whatever waits when this
 * work has had the thread for eight milliseconds.
 *
 * @example
 * const turn = takeTurns()
 * for (const trace of traces) {
 *   add(trace)
 *   await turn()
 * }
 */
export function takeTurns(): () => Promise<void> | undefined {
  let since = performance.now()
  return () => {
    if (performance.now() - since < TURN_MILLIS) return undefined
    return setImmediate().then(() => {
      since = performance.now()
    })
  }
}
