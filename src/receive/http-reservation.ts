// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { MemoryBudget } from './memory-budget'

/** What one request has set aside of the receiver's memory, as it is read and inflated. */
export class Reservation {
  readonly #budget: MemoryBudget
  #bytes = 0

  constructor(budget: MemoryBudget) {
    this.#budget = budget
  }

  /** Sets more aside; false if there is no room for it, and then all of it is given back. */
  grow(bytes: number): boolean {
    // As a whole: in pieces, a request that is larger than the budget would never fit,
    // though it has the receiver to itself.
    const wanted = this.#bytes + bytes
    this.release()
    if (!this.#budget.reserve(wanted)) return false
    this.#bytes = wanted
    return true
  }

  release(): void {
    this.#budget.release(this.#bytes)
    this.#bytes = 0
  }
}
