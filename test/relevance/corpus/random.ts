// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Numbers in [0, 1) that a seed decides. */
export type Random = () => number

// Looked up once: in a test's context a global costs more than all the rest of this.
const { floor, imul } = Math

/** Mulberry32: the same corpus from the same seed, on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function pick<T>(random: Random, choices: readonly T[]): T {
  const chosen = choices[floor(random() * choices.length)]
  if (chosen === undefined) throw new Error('there is nothing to pick from')
  return chosen
}

export function chance(random: Random, probability: number): boolean {
  return random() < probability
}

/** From `least` to `most`, both included. */
export function integer(random: Random, least: number, most: number): number {
  return least + floor(random() * (most - least + 1))
}

/** Around a median and skewed to the right, as durations are. */
export function logNormal(random: Random, median: number, sigma = 0.35): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()))
  return median * Math.exp(sigma * radius * Math.cos(2 * Math.PI * random()))
}

export function hex(random: Random, digits: number): string {
  let text = ''
  while (text.length < digits)
    text += floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0')
  return text.slice(0, digits)
}
