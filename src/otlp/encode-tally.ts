// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { RequestSummary } from './summarize-request'

interface NamedResource {
  readonly serviceNames: readonly string[]
}

/**
 * Counts a request while it is written, from its end to its beginning, and then
 * says what `summarizeRequest` would find in the bytes.
 */
export class RequestTally {
  readonly #resources: NamedResource[] = []
  #itemCount = 0
  // Times in halves of 32 bits: a BigInt per time would cost more than writing it.
  #firstHigh = Infinity
  #firstLow = 0
  #lastHigh = -1
  #lastLow = 0

  addItem(): void {
    this.#itemCount++
  }

  addResource(resource: NamedResource): void {
    this.#resources.push(resource)
  }

  /** Takes a time of an item, as the writer wrote it; says whether it is set. */
  addTime(high: number, low: number): boolean {
    if (high === 0 && low === 0) return false
    if (high < this.#firstHigh || (high === this.#firstHigh && low < this.#firstLow)) {
      this.#firstHigh = high
      this.#firstLow = low
    }
    if (high > this.#lastHigh || (high === this.#lastHigh && low > this.#lastLow)) {
      this.#lastHigh = high
      this.#lastLow = low
    }
    return true
  }

  summary(): RequestSummary {
    const itemCount = this.#itemCount
    const serviceNames = this.#serviceNames()
    if (this.#lastHigh < 0) return { itemCount, serviceNames }
    return {
      itemCount,
      firstItemTimeUnixNano: wholeTime(this.#firstHigh, this.#firstLow),
      lastItemTimeUnixNano: wholeTime(this.#lastHigh, this.#lastLow),
      serviceNames,
    }
  }

  #serviceNames(): string[] {
    if (this.#resources.length === 1) return [...this.#resources[0].serviceNames]
    const inOrder = this.#resources.toReversed()
    return [...new Set(inOrder.flatMap((resource) => resource.serviceNames))]
  }
}

function wholeTime(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low)
}
