// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { untilAborted } from '../../../session/until-aborted'

/**
 * Work that several callers wait for. One that gives up does not take it from the others; when
 * all have given up, nobody does it for nothing: its signal fires.
 */
export class SharedCall<T> {
  readonly #controller = new AbortController()
  readonly #result: Promise<T>
  #waiting = 0

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#result = work(this.#controller.signal)
  }

  /** Nobody should join any more. */
  get isAborted(): boolean {
    return this.#controller.signal.aborted
  }

  /** Rejects with the reason of `signal` when that fires, whatever becomes of the work. */
  async join(signal?: AbortSignal): Promise<T> {
    this.#waiting++
    try {
      return await (signal ? untilAborted(this.#result, signal) : this.#result)
    } finally {
      if (--this.#waiting === 0) this.#controller.abort()
    }
  }

  abort(reason: Error): void {
    this.#controller.abort(reason)
  }

  /** Calls `listener` once the work has ended, well or not. */
  onEnd(listener: () => void): void {
    this.#result.then(listener, listener)
  }
}
