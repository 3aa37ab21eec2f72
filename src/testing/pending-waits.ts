// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Matcher } from './match'
import { startRealDeadline } from './real-deadline'
import type { TestCaptureError } from './test-capture-error'

export interface WaitRequest<T> {
  readonly matcher: Matcher<T>
  readonly timeoutMillis: number
  readonly signal?: AbortSignal
  /** Makes the error for the case that the time is up. */
  readonly expired: () => TestCaptureError
}

interface PendingWait<T> {
  readonly readsRelatives: boolean
  offer(items: readonly T[]): void
  fail(error: unknown): void
}

/** Waits that are settled by what arrives, never by looking again and again. */
export class PendingWaits<T> {
  readonly #pending = new Set<PendingWait<T>>()

  /** @returns a promise that rejects with `signal.reason` when aborted */
  add({ matcher, timeoutMillis, signal, expired }: WaitRequest<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = (outcome: () => void) => {
        if (!this.#pending.delete(wait)) return
        cancelDeadline()
        signal?.removeEventListener('abort', onAbort)
        outcome()
      }
      const wait: PendingWait<T> = {
        readsRelatives: matcher.readsRelatives,
        offer: (items) => {
          try {
            const found = items.find((item) => matcher.matches(item))
            if (found !== undefined) settle(() => resolve(found))
          } catch (error) {
            // A predicate that throws fails its wait, not the span.end() it runs in.
            wait.fail(error)
          }
        },
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a signal.reason is what its owner made it
        fail: (error) => settle(() => reject(error)),
      }
      const onAbort = () => wait.fail(signal?.reason)
      const cancelDeadline = startRealDeadline(timeoutMillis, () => {
        try {
          wait.fail(expired())
        } catch (error) {
          // Nobody would hear of an error that the message itself has run into.
          wait.fail(error)
        }
      })
      this.#pending.add(wait)
      signal?.addEventListener('abort', onAbort)
      if (signal?.aborted) onAbort()
    })
  }

  /**
   * @param item what has arrived; absent if only a relative of `kin` has
   * @param kin everything whose relatives may have changed by that
   */
  arrived(item: T | undefined, kin: () => readonly T[]): void {
    for (const wait of this.#pending) {
      if (wait.readsRelatives) wait.offer(kin())
      else if (item !== undefined) wait.offer([item])
    }
  }

  failAll(makeError: () => TestCaptureError): void {
    for (const wait of this.#pending) wait.fail(makeError())
  }
}
