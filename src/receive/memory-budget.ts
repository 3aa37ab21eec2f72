// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * How many bytes of requests may be in memory before they are kept, over all of
 * a receiver's endpoints: beyond it, a request is refused before it is read.
 */
export class MemoryBudget {
  #usedBytes = 0

  constructor(readonly maxBytes: number) {}

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** Sets bytes aside; false, and nothing is, if there is no room for them. */
  reserve(bytes: number): boolean {
    // One request always fits: else one larger than the budget could never be sent.
    if (this.#usedBytes > 0 && this.#usedBytes + bytes > this.maxBytes) return false
    this.#usedBytes += bytes
    return true
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes
  }
}
