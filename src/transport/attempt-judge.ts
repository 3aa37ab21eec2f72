// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** What a sender knows of its target, whichever request it comes from. */
export interface TargetHistory {
  /** Whether it has ever answered anything. */
  hasAnswered: boolean
}

/** Attempts without an answer, one after another, behind which it is asked who is to blame. */
const QUICK_ATTEMPTS = 5
/** Attempts that may still fail while the target answers an empty request. */
const VAIN_ATTEMPTS = 2

/** Another attempt is of no use; `failure` is why the last one failed. */
export class GivenUpError extends Error {
  constructor(readonly failure: Error) {
    super(failure.message, { cause: failure })
  }
}

/**
 * Judges, for one request whose attempts nobody has counted out, whether another one is of use:
 *
 * - A target that answered once and is silent now is down, and is waited for.
 * - A target that has never answered is not there: its URL is wrong more often than it is about to
 *   start.
 * - A request that is left without an answer while the target answers an empty one is itself to
 *   blame (some servers drop the connection of a request that is too large). Twice, because a
 *   target may come back between the two.
 */
export class AttemptJudge {
  readonly #history: TargetHistory
  readonly #sendEmpty: (signal: AbortSignal) => Promise<unknown>
  #silentAttempts = 0
  #vainAttempts = 0
  #isProbed = false
  #lastFailure = new Error('no attempt was made')

  /** @param sendEmpty sends an empty request; rejects when there was no answer */
  constructor(history: TargetHistory, sendEmpty: (signal: AbortSignal) => Promise<unknown>) {
    this.#history = history
    this.#sendEmpty = sendEmpty
  }

  /** Whether `consider` has to be asked before the next attempt. */
  get isInDoubt(): boolean {
    return this.#silentAttempts >= QUICK_ATTEMPTS
  }

  /** Resolves when an attempt is due. Rejects with `GivenUpError`, or because the target is silent. */
  async consider(signal: AbortSignal): Promise<void> {
    this.#isProbed = false
    if (!this.isWorthwhile()) throw new GivenUpError(this.#lastFailure)
    await this.#sendEmpty(signal)
    this.#isProbed = true
  }

  /** Whether there may be another attempt, as far as can be told without asking the target. */
  isWorthwhile(): boolean {
    return !this.isInDoubt || (this.#history.hasAnswered && this.#vainAttempts < VAIN_ATTEMPTS)
  }

  /** The target wants the request again. */
  answered(): void {
    this.#silentAttempts = 0
    this.#vainAttempts = 0
    this.#isProbed = false
  }

  /** There was no answer. */
  failed(failure: Error): void {
    this.#lastFailure = failure
    this.#silentAttempts++
    if (this.#isProbed) this.#vainAttempts++
  }
}
