// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const EXACT_UP_TO = 256
const HALF_LOG_TWO_PI = 0.9189385332046727

const sums = new Float64Array(EXACT_UP_TO + 1)
for (let n = 2; n <= EXACT_UP_TO; n++) sums[n] = sums[n - 1] + Math.log(n)

/** The natural logarithm of n!, from a table and, beyond it, Stirling's series: better than 1e-12. */
export function logFactorial(n: number): number {
  if (n <= EXACT_UP_TO) return sums[n]
  return (n + 0.5) * Math.log(n) - n + HALF_LOG_TWO_PI + 1 / (12 * n) - 1 / (360 * n * n * n)
}

/** The natural logarithm of the number of ways to choose `k` of `n`. */
export function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k)
}
