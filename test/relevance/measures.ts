// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** How much of what came first was asked for, and how early it came. */
export interface Measured {
  precisionAt10: number
  ndcgAt10: number
}

const DEPTH = 10
/** A trace that is only near what was asked for gains, but is not counted as found. */
const FOUND_GRADE = 2

/** The part of the first ten places that hold what was asked for. An empty place holds nothing. */
export function precisionAt10(grades: readonly number[]): number {
  return grades.slice(0, DEPTH).filter((grade) => grade >= FOUND_GRADE).length / DEPTH
}

/**
 * Normalised discounted cumulative gain over the first ten places: a grade g gains 2^g - 1, divided
 * by log2(place + 1), and the sum by that of the best order of `allGrades`.
 */
export function ndcgAt10(grades: readonly number[], allGrades: readonly number[]): number {
  const best = gainAt10(allGrades.toSorted((a, b) => b - a))
  if (best === 0) throw new RangeError('nothing in the corpus is what the query asks for')
  return gainAt10(grades) / best
}

function gainAt10(grades: readonly number[]): number {
  return grades
    .slice(0, DEPTH)
    .reduce((sum, grade, index) => sum + (2 ** grade - 1) / Math.log2(index + 2), 0)
}

export function mean(measured: readonly Measured[]): Measured {
  const average = (of: (one: Measured) => number) =>
    measured.reduce((sum, one) => sum + of(one), 0) / measured.length
  return {
    precisionAt10: average((one) => one.precisionAt10),
    ndcgAt10: average((one) => one.ndcgAt10),
  }
}
