// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const PAUSE_MILLIS = 60_000

/**
 * Passes a failure on, and then none for a minute: a target that is down fails many times a second.
 * How many were held back stands in the next one's message.
 */
export function createRareFailures(
  onFailure: (error: Error) => void,
  now: () => number = () => performance.now(),
): (message: string) => void {
  let quietUntilMillis = -Infinity
  let heldBack = 0
  return (message) => {
    if (now() < quietUntilMillis) {
      heldBack++
      return
    }
    const suffix = heldBack > 0 ? ` (and ${heldBack} more before)` : ''
    quietUntilMillis = now() + PAUSE_MILLIS
    heldBack = 0
    onFailure(new Error(message + suffix))
  }
}

/**
 * The same for errors of several kinds: one of a kind (`code`, else its name) a minute.
 */
export function createRareErrors(
  onFailure: (error: Error) => void,
  now: () => number = () => performance.now(),
): (error: Error & { code?: unknown }) => void {
  const quietUntilMillis = new Map<string, number>()
  return (error) => {
    const kind = typeof error.code === 'string' ? error.code : error.name
    if (now() < (quietUntilMillis.get(kind) ?? -Infinity)) return
    quietUntilMillis.set(kind, now() + PAUSE_MILLIS)
    onFailure(error)
  }
}
