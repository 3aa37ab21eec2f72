// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** HrTime is `[seconds, nanoseconds]`; an app may pass fractions, which BigInt refuses. */
export function unixNano([seconds, nanoseconds]: readonly [number, number]): bigint {
  return BigInt(Math.trunc(seconds)) * 1_000_000_000n + BigInt(Math.round(nanoseconds))
}
