// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import { startScript } from '../support/child-script'
import { MODES, type Score, shareRight, tableOf } from '../support/generated-shop/score-seed'

// A hundred faulty shops and a hundred healthy ones: 450 sessions of 20 to 2,000 traces. Takes about
// a minute and a half, in two processes of their own: inside Jest it would take twice as long.
// The analysis was tuned on seeds from 1000 on, and never on these.
const LAST_SEED = 100
const LEAST_FOUND = 0.9
const MOST_FALSE_ALARMS = 0.05

const SCRIPT = join(__dirname, 'support', 'score-shops.ts')

async function scoreAll(what: 'faulty' | 'healthy'): Promise<Score[]> {
  const halves = [1, 2].map((first) =>
    startScript(SCRIPT, what, String(first), String(LAST_SEED), '2'),
  )
  const scores = await Promise.all(halves.map((half) => half.message()))
  await Promise.all(halves.map((half) => half.done()))
  // The script sends nothing else.
  return (scores as Score[][]).flat()
}

function report(title: string, scores: readonly Score[]): void {
  const wrong = scores.filter(({ isRight }) => !isRight).map(({ story }) => story)
  process.stdout.write(`\n${title}\n${tableOf(scores)}\n\n${wrong.join('\n')}\n`)
}

test('nine of ten faults are found: the kind, the place, and traces that show it', async () => {
  const scores = await scoreAll('faulty')
  report('Faults found among the first three', scores)
  const first = scores.filter(({ isFirst }) => isFirst).length
  process.stdout.write(`the very first: ${first} of ${scores.length}\n`)
  for (const mode of MODES) expect(shareRight(scores, mode)).toBeGreaterThanOrEqual(LEAST_FOUND)
})

test('at most one of twenty healthy sessions raises an alarm', async () => {
  const scores = await scoreAll('healthy')
  report('Healthy sessions without an alarm', scores)
  for (const mode of MODES) {
    expect(1 - shareRight(scores, mode)).toBeLessThanOrEqual(MOST_FALSE_ALARMS)
  }
})
