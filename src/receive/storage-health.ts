// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { StorageStatus } from './receiver'

/** What the sessions know of how much is stored. */
export interface StoredBytes {
  readonly waitingBytes: number
  readonly storedBytes: number
}

/** Whether the store works, judged by whether anything got there since it last failed. */
export class StorageHealth {
  #lastFailure: string | undefined
  #storedBytesAtFailure = -1

  fail(error: Error, stored: StoredBytes | undefined): void {
    // Our own limit says less than the failure that made us wait.
    const isLimit = error.name === 'TimeoutError'
    if (!isLimit || this.#lastFailure === undefined) this.#lastFailure = error.message
    this.#storedBytesAtFailure = stored?.storedBytes ?? 0
  }

  status(stored: StoredBytes | undefined): StorageStatus {
    const storedBytes = stored?.storedBytes ?? 0
    return {
      state: storedBytes === this.#storedBytesAtFailure ? 'down' : 'ok',
      waitingBytes: stored?.waitingBytes ?? 0,
      storedBytes,
      ...(this.#lastFailure !== undefined && { lastFailure: this.#lastFailure }),
    }
  }
}
