// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { seededRandom } from '../../support/arbitrary-otlp'

/** Choices that a seed decides, the same on every machine. */
export class Random {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = seededRandom(seed)
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit)
  }

  chance(probability: number): boolean {
    return this.#next() < probability
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]
  }

  /** Mostly small, now and then up to `limit`. */
  length(limit: number): number {
    return 1 + this.below(this.chance(0.9) ? Math.min(limit, 8) : limit)
  }
}

/** A seed for one part of a run that has a seed: another one for each name, the same each time. */
export function seedFor(seed: number, name: string): number {
  let mixed = seed ^ 0x9e3779b9
  for (const byte of Buffer.from(name)) mixed = Math.imul(mixed ^ byte, 0x01000193)
  return mixed >>> 0
}
