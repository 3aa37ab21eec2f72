// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * A set of whole numbers, held as ranges. What a replay has sent of an object is all of most of
 * its blocks, so that a block takes two numbers, however many batches lie in it.
 */
export class PositionRanges {
  /** In ascending order, none touching the next. */
  readonly #starts: number[] = []
  /** Behind the last number of each range. */
  readonly #ends: number[] = []

  get rangeCount(): number {
    return this.#starts.length
  }

  has(position: number): boolean {
    const range = this.#rangeBefore(position)
    return range >= 0 && position < this.#ends[range]
  }

  /** Whether it was not there before. */
  add(position: number): boolean {
    const before = this.#rangeBefore(position)
    if (before >= 0 && position < this.#ends[before]) return false
    const joinsBefore = before >= 0 && this.#ends[before] === position
    const joinsNext = this.#starts[before + 1] === position + 1
    if (joinsBefore && joinsNext) {
      this.#ends.splice(before, 1)
      this.#starts.splice(before + 1, 1)
    } else if (joinsBefore) this.#ends[before]++
    else if (joinsNext) this.#starts[before + 1]--
    else {
      this.#starts.splice(before + 1, 0, position)
      this.#ends.splice(before + 1, 0, position + 1)
    }
    return true
  }

  /** The last range that begins at `position` or before; -1 if none does. */
  #rangeBefore(position: number): number {
    let low = 0
    let high = this.#starts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#starts[middle] <= position) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
