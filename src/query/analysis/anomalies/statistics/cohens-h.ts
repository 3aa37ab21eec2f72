// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** How far apart two shares are (J. Cohen, Statistical Power Analysis, 1988, chapter 6): 0 to π. */
export function cohensH(left: number, right: number): number {
  const angle = (share: number): number => 2 * Math.asin(Math.sqrt(share))
  return Math.abs(angle(left) - angle(right))
}
