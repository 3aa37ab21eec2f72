// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  type Score,
  scoreFaultySeed,
  scoreHealthySeed,
} from '../../support/generated-shop/score-seed'

// Parameters: `faulty` or `healthy`, the first seed, the last, and the step. Sends the scores.
async function main(): Promise<void> {
  const [what, ...numbers] = process.argv.slice(2)
  const [first, last, step] = numbers.map(Number)
  const score = what === 'faulty' ? scoreFaultySeed : scoreHealthySeed
  const scores: Score[] = []
  for (let seed = first; seed <= last; seed += step) scores.push(...(await score(seed)))
  process.send?.(scores)
  process.disconnect()
}

void main()
