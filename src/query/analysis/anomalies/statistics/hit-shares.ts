// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { fisherExactGreater, type Share } from './fisher-exact'
import type { StretchTest } from './scan-stretches'

/**
 * Compares the share of hits in any stretch of a sequence with that in the rest of it, or in a
 * reference: the likelihood ratio of M. Kulldorff's Bernoulli model (A spatial scan statistic,
 * Communications in Statistics 26, 1997) to choose, Fisher's exact test to judge.
 */
export class HitShares implements StretchTest {
  readonly #sums: Float64Array
  readonly #reference: Share | undefined

  /** Each value is a hit or, being 0, none. */
  constructor(values: ArrayLike<number>, reference?: Share) {
    this.#reference = reference
    this.#sums = new Float64Array(values.length + 1)
    for (let index = 0; index < values.length; index++) {
      this.#sums[index + 1] = this.#sums[index] + (values[index] === 0 ? 0 : 1)
    }
  }

  inside(from: number, to: number): Share {
    return { hits: this.#sums[to] - this.#sums[from], of: to - from }
  }

  outside(from: number, to: number): Share {
    if (this.#reference) return this.#reference
    const { hits, of } = this.inside(from, to)
    const last = this.#sums.length - 1
    return { hits: this.#sums[last] - hits, of: last - of }
  }

  /** 0 where the share inside is not the greater one. */
  score(from: number, to: number): number {
    const inside = this.inside(from, to)
    const outside = this.outside(from, to)
    if (inside.of === 0 || outside.of === 0) return 0
    if (inside.hits * outside.of <= outside.hits * inside.of) return 0
    const both = { hits: inside.hits + outside.hits, of: inside.of + outside.of }
    return logLikelihood(inside) + logLikelihood(outside) - logLikelihood(both)
  }

  pValue(from: number, to: number): number {
    return fisherExactGreater(this.inside(from, to), this.outside(from, to))
  }
}

export function rateOf({ hits, of }: Share): number {
  return of === 0 ? 0 : hits / of
}

function logLikelihood({ hits, of }: Share): number {
  return part(hits, of) + part(of - hits, of)
}

function part(count: number, of: number): number {
  return count === 0 ? 0 : count * Math.log(count / of)
}
