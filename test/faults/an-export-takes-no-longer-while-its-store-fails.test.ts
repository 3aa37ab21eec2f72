// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setImmediate as eventLoopTurn } from 'node:timers/promises'
import { diag } from '@opentelemetry/api'
import { listenForWarnings, startCapturedApp } from './captured-under-fault'
import { createApp } from './recorded-app'
import { OUTAGES, type StoreFault } from './store-faults'
import { type Round, makeRounds } from './telemetry'

const MAX_ADDED_MILLIS = 5
const PAIRS = 80
/** On a machine that others use too, one measurement proves nothing; one that holds does. */
const ATTEMPTS = 6

let rounds: Round[]
beforeAll(async () => {
  rounds = await makeRounds(20)
  listenForWarnings()
})
afterAll(() => diag.disable())

test.each(OUTAGES.map((fault): [string, StoreFault] => [fault.name, fault]))(
  'with a store that is %s',
  async (_, fault) => {
    await using run = await startCapturedApp({ config: { stopTimeoutMillis: 200 } })
    await run.capture.ready
    await fault.begin(run.under.s3)
    const plain = createApp()
    let added = { median: Infinity, p95: Infinity }
    for (let attempt = 0; attempt < ATTEMPTS && added.p95 > MAX_ADDED_MILLIS; attempt++) {
      const [plainMillis, capturedMillis]: [number[], number[]] = [[], []]
      for (let pair = 0; pair < PAIRS; pair++) {
        const round = rounds[pair % rounds.length]
        // Three exports in a round, one for each signal.
        plainMillis.push((await millisOf(() => plain.export(round))) / 3)
        capturedMillis.push((await millisOf(() => run.app.export(round))) / 3)
      }
      const [without, captured] = [percentilesOf(plainMillis), percentilesOf(capturedMillis)]
      added = { median: captured.median - without.median, p95: captured.p95 - without.p95 }
    }
    expect(added.median).toBeLessThanOrEqual(MAX_ADDED_MILLIS)
    expect(added.p95).toBeLessThanOrEqual(MAX_ADDED_MILLIS)
    report(fault.name, added)
    await fault.end(run.under.s3)
  },
)

async function millisOf(work: () => Promise<void>): Promise<number> {
  await eventLoopTurn()
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

function percentilesOf(values: number[]): { median: number; p95: number } {
  values.sort((a, b) => a - b)
  return {
    median: values[Math.floor(values.length / 2)],
    p95: values[Math.floor(values.length * 0.95)],
  }
}

/** For the table in the documentation, when somebody asks for it. */
function report(name: string, { median, p95 }: { median: number; p95: number }): void {
  if (!process.env.OTEL_TAPE_TEST_FIGURES) return
  process.stderr.write(
    `${name}: ${median.toFixed(3)} ms added (median), ${p95.toFixed(3)} ms (p95)\n`,
  )
}
