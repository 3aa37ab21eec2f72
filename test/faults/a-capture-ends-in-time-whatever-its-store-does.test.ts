// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import { loadSession } from '../../src/session/catalogue'
import {
  expectAllAccountedFor,
  letItTry,
  listenForWarnings,
  startCapturedApp,
} from './captured-under-fault'
import { OUTAGES, type StoreFault } from './store-faults'
import { type Round, makeRounds } from './telemetry'

const ROUNDS = 8
const STOP_TIMEOUT_MILLIS = 1_000

let rounds: Round[]
beforeAll(async () => {
  rounds = await makeRounds(ROUNDS)
  listenForWarnings()
})
afterAll(() => diag.disable())

test.concurrent.each(OUTAGES.map((fault): [string, StoreFault] => [fault.name, fault]))(
  'also when the store is %s to the end',
  async (_, fault) => {
    const config = { stopTimeoutMillis: STOP_TIMEOUT_MILLIS }
    await using run = await startCapturedApp({ fault, config })
    await run.export(rounds)
    await letItTry()
    const startedAt = performance.now()
    const metadata = await run.capture.stop()
    expect(performance.now() - startedAt).toBeLessThan(STOP_TIMEOUT_MILLIS + 500)
    const names = run.stored()
    for (const signal of ['traces', 'metrics', 'logs'] as const) {
      const { items, droppedItems } = metadata.signals[signal]
      expect(items + droppedItems).toBe(ROUNDS * 5)
      // A store that did what it never answered has more than anybody could know of.
      expect(names[signal].length).toBeGreaterThanOrEqual(items)
      expect(new Set(names[signal]).size).toBe(names[signal].length)
    }
    expect(run.warnings.length).toBeLessThanOrEqual(1)
    await fault.end(run.under.s3)
  },
  30_000,
)

test('a store that takes all but one signal is told what was dropped, at the end', async () => {
  const fault = OUTAGES.find(({ name }) => name === 'denying some keys') as StoreFault
  // One segment of each signal, at the end.
  const config = { stopTimeoutMillis: STOP_TIMEOUT_MILLIS, flushIntervalMillis: 60_000 }
  await using run = await startCapturedApp({ fault, config })
  await run.export(rounds)
  const metadata = await run.capture.stop()
  const { dropped } = await expectAllAccountedFor(run, metadata, ROUNDS)
  expect(dropped).toEqual({ traces: ROUNDS * 5, metrics: 0, logs: 0 })
  const { signals } = await loadSession(run.under.store, run.sessionId)
  expect(signals).toEqual(metadata.signals)
})
