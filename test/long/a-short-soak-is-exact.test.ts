// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Takes ten seconds.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const SOAK = join(__dirname, '../soak/run.mjs')

interface Outcome {
  rounds: number
  exported: number
  stored: number
  droppedAndReported: number
  replayed: number
  problems: string[]
}

// The long form, `npm run test:soak`, also shows that nothing grows: that takes many rounds.
test('in a short soak, too, of every item it is known what became of it', async () => {
  const options = ['--minutes', '0.05', '--load-seconds', '4', '--json']
  const { stdout } = await promisify(execFile)(process.execPath, [SOAK, ...options])
  const outcome = JSON.parse(stdout) as Outcome
  expect(outcome.problems).toEqual([])
  expect(outcome.rounds).toBeGreaterThan(0)
  expect(outcome.exported).toBeGreaterThan(5_000)
  expect(outcome.stored + outcome.droppedAndReported).toBe(outcome.exported)
  expect(outcome.replayed).toBe(outcome.stored)
}, 60_000)
