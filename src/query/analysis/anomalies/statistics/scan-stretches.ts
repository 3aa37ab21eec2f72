// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Values from `from` up to, and without, `to`, in the order of time. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

export interface FoundStretch extends Stretch {
  /** Corrected for the number of stretches that were looked at. */
  readonly pValue: number
  /** How many stretches were looked at. */
  readonly looked: number
}

export interface ScanOptions {
  /** How many values there are. */
  readonly length: number
  /** How many of them a stretch has to have. */
  readonly leastInside: number
  /** How many have to be left outside; -1 where something else is compared with. */
  readonly leastOutside: number
  /** They are cut into so many pieces, and stretches are of whole pieces. Default 20. */
  readonly pieces?: number
}

const PIECES = 20

/** What compares a stretch with what is outside it. */
export interface StretchTest {
  /** The greater, the more it stands out; comparable between stretches, and cheap. */
  score(from: number, to: number): number
  /** One-sided, as if nothing else had been looked at. */
  pValue(from: number, to: number): number
}

/**
 * The stretch that stands out most, and how surely, having looked at all of them: a scan statistic
 * (J. Naus, The distribution of the size of the maximum cluster of points on a line, JASA 60,
 * 1965; M. Kulldorff, A spatial scan statistic, 1997), its significance bounded after Bonferroni
 * instead of simulated. Where there is something else to compare with, the whole is asked about first
 * and gets half of the level: most of what lasts throughout is too small to survive so many looks.
 */
export function scanStretches(
  { length, leastInside, leastOutside, pieces: most = PIECES }: ScanOptions,
  test: StretchTest,
): FoundStretch | undefined {
  const pieces = Math.min(most, length)
  const edgeOf = (piece: number): number => Math.round((piece * length) / pieces)
  let best: Stretch | undefined
  let bestScore = 0
  let looked = 0
  for (let first = 0; first < pieces; first++) {
    for (let last = first + 1; last <= pieces; last++) {
      const from = edgeOf(first)
      const to = edgeOf(last)
      const inside = to - from
      if (inside < leastInside || (leastOutside >= 0 && length - inside < leastOutside)) continue
      looked++
      const score = test.score(from, to)
      if (score > bestScore) {
        best = { from, to }
        bestScore = score
      }
    }
  }
  if (!best) return undefined
  const pValue = test.pValue(best.from, best.to)
  if (leastOutside >= 0) return { ...best, pValue: Math.min(1, pValue * looked), looked }
  const whole = 2 * test.pValue(0, length)
  const part = 2 * looked * pValue
  return whole <= part
    ? { from: 0, to: length, pValue: Math.min(1, whole), looked }
    : { ...best, pValue: Math.min(1, part), looked }
}

/** The values before a stretch and behind it. */
export function outsideOf(values: Float64Array, { from, to }: Stretch): Float64Array {
  const outside = new Float64Array(values.length - (to - from))
  outside.set(values.subarray(0, from))
  outside.set(values.subarray(to), from)
  return outside
}
