// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * A distance in time at another speed, in whole nanoseconds. At speed 1 it is
 * exact; otherwise a double's 53 bits carry 104 days to the nanosecond.
 */
export function divideNanos(nanos: bigint, speedMultiplier: number): bigint {
  if (speedMultiplier === 1) return nanos
  const divided = Number(nanos) / speedMultiplier
  // A speed of 1e-300 is slow, not a reason to end in a RangeError.
  return BigInt(Math.round(Math.min(divided, Number.MAX_SAFE_INTEGER)))
}
