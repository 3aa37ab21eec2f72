// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setTimeout as wait } from 'node:timers/promises'
import { diag } from '@opentelemetry/api'
import {
  type CapturedApp,
  MAX_QUEUE_BYTES,
  expectAllAccountedFor,
  letItTry,
  listenForWarnings,
  startCapturedApp,
} from './captured-under-fault'
import { createFigures } from './figures'
import { HICCUPS, OUTAGES, type StoreFault } from './store-faults'
import { ITEMS_PER_BATCH, type Round, makeRounds } from './telemetry'

const FEW = 4
/** Several times what may wait in memory. */
const MANY = 60

let rounds: Round[]
beforeAll(async () => {
  rounds = await makeRounds(MANY + 3 * FEW)
  listenForWarnings()
})
afterAll(() => {
  diag.disable()
  figures.print()
})

const figures = createFigures('capture')

const named = (faults: readonly StoreFault[]): [string, StoreFault][] =>
  faults.map((fault) => [fault.name, fault])

describe('what was exported while the store was', () => {
  test.concurrent.each(named(OUTAGES))(
    '%s at the start is stored when it comes back',
    async (_, fault) => {
      await using run = await startCapturedApp({ fault })
      await run.export(rounds.slice(0, FEW))
      await letItTry()
      await run.export(rounds.slice(FEW, 2 * FEW))
      await fault.end(run.under.s3)
      await run.export(rounds.slice(2 * FEW, 3 * FEW))
      const metadata = await run.capture.stop()
      expect(metadata.status).toBe('completed')
      const accounts = await expectAllAccountedFor(run, metadata, 3 * FEW)
      figures.add(fault.name, accounts.figures)
      expect(accounts.dropped).toEqual({ traces: 0, metrics: 0, logs: 0 })
      expect(run.warnings.length).toBeLessThanOrEqual(1)
    },
    30_000,
  )

  test.concurrent.each(named(OUTAGES))(
    '%s in the middle is stored as far as memory reached, and the rest is counted',
    async (_, fault) => {
      await using run = await startCapturedApp()
      await run.export(rounds.slice(0, FEW))
      await run.capture.flush()
      const bytesBefore = run.storedBytes()
      await fault.begin(run.under.s3)
      await run.export(rounds.slice(FEW, FEW + MANY / 2))
      await letItTry()
      await run.export(rounds.slice(FEW + MANY / 2, FEW + MANY))
      const bytesDuring = run.storedBytes()
      await fault.end(run.under.s3)
      await run.capture.flush()
      expect(run.storedBytes() - bytesDuring).toBeLessThanOrEqual(MAX_QUEUE_BYTES)
      expect(run.storedBytes()).toBeGreaterThan(bytesBefore)
      await run.export(rounds.slice(FEW + MANY, 2 * FEW + MANY))
      const metadata = await run.capture.stop()
      expect(metadata.status).toBe('completed')
      const accounts = await expectAllAccountedFor(run, metadata, 2 * FEW + MANY)
      figures.add(fault.name, accounts.figures)
      expectLatestStored(run, rounds.slice(FEW + MANY, 2 * FEW + MANY))
      expect(run.warnings.length).toBeLessThanOrEqual(1)
    },
    30_000,
  )
})

describe('nobody notices', () => {
  test.concurrent.each(named(HICCUPS))(
    '%s at the first attempt of each operation',
    async (_, fault) => {
      // Time for a retry of everything, on a machine that is busy.
      await using run = await startCapturedApp({ fault, timeoutMillis: 10_000 })
      for (let from = 0; from < 3 * FEW; from += FEW) {
        await run.export(rounds.slice(from, from + FEW))
        await run.capture.flush()
      }
      const metadata = await run.capture.stop()
      expect(metadata).toMatchObject({ status: 'completed', writers: 1, interruptedWriters: 0 })
      const accounts = await expectAllAccountedFor(run, metadata, 3 * FEW)
      figures.add(fault.name, accounts.figures)
      expect(accounts.dropped).toEqual({ traces: 0, metrics: 0, logs: 0 })
      expect(run.warnings).toEqual([])
    },
    30_000,
  )
})

test('keys that are denied keep no others from being stored meanwhile', async () => {
  const fault = OUTAGES.find(({ name }) => name === 'denying some keys')
  await using run = await startCapturedApp({ fault })
  for (let from = 0; from < 3 * FEW; from += FEW) {
    await run.export(rounds.slice(from, from + FEW))
    const items = (from + FEW) * ITEMS_PER_BATCH
    while (run.stored().logs.length < items) await wait(20)
    while (run.stored().metrics.length < items) await wait(20)
  }
  expect(run.stored().traces).toEqual([])
  await fault?.end(run.under.s3)
  const metadata = await run.capture.stop()
  const { dropped } = await expectAllAccountedFor(run, metadata, 3 * FEW)
  expect(dropped).toEqual({ traces: 0, metrics: 0, logs: 0 })
})

test('a bucket that is removed in the middle is made anew, and the app is told', async () => {
  await using run = await startCapturedApp()
  await run.export(rounds.slice(0, FEW))
  await run.capture.flush()
  run.under.s3.buckets.delete('bucket')
  await run.export(rounds.slice(FEW, 2 * FEW))
  const metadata = await run.capture.stop()
  expect(metadata).toMatchObject({ status: 'failed', signals: { traces: { droppedItems: 0 } } })
  expect(run.stored().traces).toHaveLength(FEW * ITEMS_PER_BATCH)
  expect(run.warnings).toEqual([expect.stringContaining('was removed from s3://bucket')])
})

/** The fault has left nothing behind: what was exported after it is all there. */
function expectLatestStored(run: CapturedApp, latest: readonly Round[]): void {
  const { traces } = run.stored()
  const spans = latest.flatMap((round) => round.spans.map(({ name }) => name))
  expect(traces).toEqual(expect.arrayContaining(spans))
}
