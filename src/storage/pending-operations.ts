// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { StorageError } from './storage-error'
import { untraced } from './untraced'

export interface OperationTarget {
  /** What is done, for messages: 'put', 'list'. */
  readonly name: string
  /** The key or the prefix it is done to. */
  readonly key: string
  /** The caller's. */
  readonly signal?: AbortSignal
  /** Limit of the whole operation, in milliseconds. Default: none. */
  readonly timeoutMillis?: number
}

const CLOSE_LIMIT_MILLIS = 1000

/**
 * The operations of one store that have not ended yet. Each ends at once, with
 * its own code, when its caller aborts, its time limit passes or the store is
 * closed, whatever the file system or the server is doing: a call into a dead
 * network mount can't be cancelled, only left behind.
 *
 * Each operation owns one controller. `AbortSignal.any` on a signal that lives
 * as long as the store would keep every finished operation in memory.
 */
export class PendingOperations {
  readonly #url: string
  readonly #controllers = new Set<AbortController>()
  readonly #work = new Set<Promise<unknown>>()
  #closed = false

  constructor(storeUrl: string) {
    this.#url = storeUrl
  }

  async run<T>(target: OperationTarget, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { name, key, signal, timeoutMillis } = target
    if (this.#closed) throw this.#closedError(name, key)
    if (signal?.aborted) throw abortedError(name, key, signal)

    const controller = new AbortController()
    const onAbort = () => controller.abort(abortedError(name, key, signal))
    const timer =
      timeoutMillis === undefined
        ? undefined
        : setTimeout(() => controller.abort(this.#timeoutError(target)), timeoutMillis)
    timer?.unref()
    signal?.addEventListener('abort', onAbort, { once: true })
    controller.signal.addEventListener('abort', () => this.#controllers.delete(controller))
    this.#controllers.add(controller)
    try {
      return await orAborted(this.#begin(work, controller.signal), controller.signal)
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      this.#controllers.delete(controller)
    }
  }

  /**
   * Ends everything under way, and what begins later, with `CLOSED`. Resolves when
   * nothing is done in the background any more, or after a second: who closes a
   * store may want to remove its folder, but not to wait for a dead mount.
   */
  async close(): Promise<void> {
    this.#closed = true
    for (const controller of this.#controllers) controller.abort(this.#closedError())
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_LIMIT_MILLIS)
    })
    await Promise.race([Promise.allSettled(this.#work), limit])
    clearTimeout(timer)
  }

  async #begin<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const working = untraced(() => work(signal))
    this.#work.add(working)
    try {
      return await working
    } finally {
      this.#work.delete(working)
    }
  }

  #closedError(name = 'operation', key?: string): StorageError {
    const about = key === undefined ? name : `${name} of '${key}'`
    return new StorageError('CLOSED', `The store ${this.#url} was closed: no ${about}.`, key)
  }

  #timeoutError({ name, key, timeoutMillis }: OperationTarget): StorageError {
    return new StorageError(
      'TIMEOUT',
      `The ${name} of '${key}' in ${this.#url} took longer than ${timeoutMillis} ms.`,
      key,
    )
  }
}

function abortedError(name: string, key: string, signal?: AbortSignal): StorageError {
  return new StorageError('ABORTED', `The ${name} of '${key}' was aborted by its caller.`, key, {
    cause: signal?.reason,
  })
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    // The reason is always one of the StorageErrors above.
    signal.addEventListener('abort', () => reject(signal.reason as StorageError), { once: true })
    work.then(resolve, reject)
  })
}
