// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Of the rational Chebyshev fit; highest power first.
const COEFFICIENTS = [
  0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196,
  1.00002368, -1.26551223,
]

/**
 * The probability that a standard normal variable is at least `z`, with a relative error below
 * 1.2e-7 far into the tail: W. H. Press et al., Numerical Recipes in C, 2nd edition, section 6.2
 * (`erfcc`).
 */
export function normalTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  const t = 1 / (1 + 0.5 * x)
  const exponent = COEFFICIENTS.reduce((sum, coefficient) => sum * t + coefficient)
  const tail = 0.5 * t * Math.exp(-x * x + exponent)
  return z >= 0 ? tail : 1 - tail
}
