// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** The same numbers for the same seed, on every machine. */
export class SeededRandom {
  #state: number

  constructor(seed: number) {
    // Neighbouring seeds must not begin alike.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0
    for (let warmUp = 0; warmUp < 4; warmUp++) this.bits()
  }

  /** 32 random bits: mulberry32, by Tommy Ettinger. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** From `low` up to, and without, `high`. */
  between(low: number, high: number): number {
    return low + (this.bits() / 4_294_967_296) * (high - low)
  }

  /** As `between`, each doubling as likely as the other. */
  logBetween(low: number, high: number): number {
    return Math.exp(this.between(Math.log(low), Math.log(high)))
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1))
  }

  chance(probability: number): boolean {
    return this.between(0, 1) < probability
  }

  pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new RangeError('nothing to pick from')
    return items[this.whole(0, items.length - 1)]
  }

  /** Of mean 0 and deviation 1, by Box and Muller. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.between(0, 1)))
    return radius * Math.cos(2 * Math.PI * this.between(0, 1))
  }

  /** How latencies are distributed: skewed, with a long tail. */
  logNormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.normal())
  }

  hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += this.bits().toString(16).padStart(8, '0')
    return text.slice(0, digits)
  }
}
