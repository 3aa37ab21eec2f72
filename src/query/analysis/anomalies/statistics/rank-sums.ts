// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { normalTail } from './normal-tail'
import type { StretchTest } from './scan-stretches'

/**
 * Compares any stretch of a sequence with the rest of it, or with a reference, by the test of
 * H. B. Mann and D. R. Whitney (On a test of whether one of two random variables is
 * stochastically larger than the other, Annals of Mathematical Statistics 18, 1947), with the
 * normal approximation corrected for ties. It asks about order only: outliers weigh no more than
 * any other value. Preparing sorts once; each stretch then costs a subtraction.
 */
export class RankSums implements StretchTest {
  readonly #sums: Float64Array
  readonly #referenceLength: number
  readonly #ties: number

  constructor(values: Float64Array, reference?: Float64Array) {
    const sorted = (reference ?? values).toSorted()
    this.#referenceLength = reference?.length ?? -1
    this.#ties = tieTerm(reference ? concatenate(values, reference).toSorted() : sorted)
    this.#sums = new Float64Array(values.length + 1)
    for (let index = 0; index < values.length; index++) {
      this.#sums[index + 1] = this.#sums[index] + placement(sorted, values[index])
    }
  }

  /** By how many deviations the values from `from` up to `to` come later in the order than chance has it. */
  score(from: number, to: number): number {
    const { wins, pairs, all } = this.#compare(from, to)
    const variance = ((pairs * (all + 1)) / 12) * (1 - this.#ties)
    return variance > 0 ? (wins - pairs / 2 - 0.5) / Math.sqrt(variance) : 0
  }

  pValue(from: number, to: number): number {
    const z = this.score(from, to)
    return z === 0 ? 1 : normalTail(z)
  }

  /** How often a value inside exceeds one outside, ties by half: 0.5 is no shift. */
  superiority(from: number, to: number): number {
    const { wins, pairs } = this.#compare(from, to)
    return pairs === 0 ? 0.5 : wins / pairs
  }

  #compare(from: number, to: number): { wins: number; pairs: number; all: number } {
    const inside = to - from
    const isWithin = this.#referenceLength < 0
    const outside = isWithin ? this.#sums.length - 1 - inside : this.#referenceLength
    const sum = this.#sums[to] - this.#sums[from]
    // Among themselves, the values inside have won half of their comparisons.
    const wins = isWithin ? sum - (inside * inside) / 2 : sum
    return { wins, pairs: inside * outside, all: inside + outside }
  }
}

/** How many are below the value, those equal to it by half. */
function placement(sorted: Float64Array, value: number): number {
  return (firstAtLeast(sorted, value) + firstAbove(sorted, value)) / 2
}

function firstAtLeast(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}

function firstAbove(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] <= value) low = middle + 1
    else high = middle
  }
  return low
}

/** The share of the variance that ties take away: the sum of t³ - t, by n³ - n. */
function tieTerm(sorted: Float64Array): number {
  const n = sorted.length
  let sum = 0
  for (let first = 0; first < n;) {
    let next = first + 1
    while (next < n && sorted[next] === sorted[first]) next++
    const tied = next - first
    sum += tied * tied * tied - tied
    first = next
  }
  return n < 2 ? 0 : sum / (n * n * n - n)
}

function concatenate(left: Float64Array, right: Float64Array): Float64Array {
  const both = new Float64Array(left.length + right.length)
  both.set(left)
  both.set(right, left.length)
  return both
}
