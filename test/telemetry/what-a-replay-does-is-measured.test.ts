// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { startReplay, startReplayBy } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { FakeClock } from '../replay/fake-clock'
import { accept, openTarget } from '../replay/otlp-target'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { type Measured, startMeasuring } from './measured'

let measured: Measured

beforeEach(() => {
  measured = startMeasuring()
})

afterEach(() => measured.stop())

const outcome = (name: string) =>
  measured.sum('otel_tape.replay.items', { 'otel_tape.outcome': name })

test('items sent, failed and filtered are those of the status', async () => {
  const store = new MemoryStore()
  const services = ['shop', 'cart', 'stock']
  const batches = Array.from({ length: 30 }, (_, index) =>
    makeBatch('logs', { names: ['a', 'b'], service: services[index % 3] }),
  )
  await recordSession(store, 'x', batches)
  await using target = await openTarget((response, request, number) =>
    number % 5 === 0 ? void response.writeHead(400).end() : accept(response, request, number),
  )
  const status = await startReplay({
    ...{ store, sessionId: 'x', targetEndpoint: target.url, speedMultiplier: Infinity },
    filterServices: ['shop', 'cart'],
  }).finished

  expect(status).toMatchObject({ sentRecords: 32, failedRecords: 8, filteredRecords: 20 })
  expect([await outcome('sent'), await outcome('failed'), await outcome('filtered')]).toEqual([
    32, 8, 20,
  ])
  const component = { 'otel.component.name': 'otel_tape_replay_log_exporter' }
  expect(await measured.sum('otel.sdk.exporter.log.exported', component)).toBe(40)
  const refused = { ...component, 'error.type': '400' }
  expect(await measured.sum('otel.sdk.exporter.log.exported', refused)).toBe(8)
  const duration = 'otel.sdk.exporter.operation.duration'
  expect(await measured.sum(duration, component)).toBe(target.requests.length)
  expect(await measured.sum('otel_tape.replay.rate')).toBe(0)
})

test('lag is how late a batch is let through, rate is what arrives in a second', async () => {
  const store = new MemoryStore()
  const batches = [0, 1_000, 2_000, 3_000].map((afterMillis) =>
    makeBatch('traces', { names: ['a', 'b'], atMillis: EPOCH_MILLIS + afterMillis }),
  )
  await recordSession(store, 'paced', batches)
  const answers: (() => void)[] = []
  await using target = await openTarget((response, request, number) => {
    answers.push(() => void accept(response, request, number))
  })
  const clock = new FakeClock()
  const replay = startReplayBy(clock, {
    ...{ store, sessionId: 'paced', targetEndpoint: target.url, concurrency: 1 },
  })
  await target.received(1)
  expect(await measured.sum('otel_tape.replay.lag')).toBe(0)

  // The first answer keeps the others waiting: the second is two seconds late.
  await clock.advance(3_000)
  answers.shift()?.()
  await target.received(2)
  expect(await measured.sum('otel_tape.replay.lag')).toBeGreaterThanOrEqual(1)
  expect(await measured.sum('otel_tape.replay.rate')).toBeCloseTo(2 / 3)
  replay.cancel()
  await replay.finished
  expect(await measured.sum('otel_tape.replay.lag')).toBe(0)
  expect(await measured.sum('otel_tape.replay.rate')).toBe(0)
})

test('a replay that keeps no pace is never late', async () => {
  const store = new MemoryStore()
  await recordSession(store, 'unpaced', [makeBatch('traces', { names: ['a'] })])
  let lag: number | undefined
  const clock = new FakeClock()
  await using target = await openTarget(async (response, request, number) => {
    await clock.advance(60_000)
    lag = await measured.sum('otel_tape.replay.lag')
    await accept(response, request, number)
  })
  await startReplayBy(clock, {
    ...{ store, sessionId: 'unpaced', targetEndpoint: target.url, speedMultiplier: Infinity },
  }).finished
  expect(lag).toBe(0)
})
