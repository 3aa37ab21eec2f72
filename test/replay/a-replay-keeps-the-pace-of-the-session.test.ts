// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS } from '../../src/otlp/signal'
import { startReplayBy } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { FAKE_START_UNIX_NANO, FakeClock } from './fake-clock'
import { openTarget } from './otlp-target'
import { replayInFakeTime } from './replay-in-fake-time'

const TEN_SECONDS_AT_MILLIS = [0, 10, 1_000, 1_001, 4_000, 4_000, 9_500, 10_000]

async function record(arrivalsMillis: readonly number[]): Promise<MemoryStore> {
  const store = new MemoryStore()
  await recordSession(
    store,
    'paced',
    arrivalsMillis.map((millis, index) =>
      makeBatch(SIGNALS[index % 3], { names: [`${index}`], atMillis: EPOCH_MILLIS + millis }),
    ),
  )
  return store
}

test.each([
  { speedMultiplier: 1, seconds: 10 },
  { speedMultiplier: 10, seconds: 1 },
  { speedMultiplier: 0.5, seconds: 20 },
  { speedMultiplier: 3, seconds: 10 / 3 },
  { speedMultiplier: 1000, seconds: 0.01 },
  { speedMultiplier: Infinity, seconds: 0 },
])('ten seconds at speed $speedMultiplier take $seconds', async ({ speedMultiplier, seconds }) => {
  const store = await record(TEN_SECONDS_AT_MILLIS)
  const { arrivals, elapsedMillis } = await replayInFakeTime({
    sessionId: 'paced',
    store,
    speedMultiplier,
  })
  expect(elapsedMillis).toBeCloseTo(seconds * 1000, 2)
  const sentAfterMillis = arrivals.map(
    ({ receivedAtUnixNano }) => Number(receivedAtUnixNano - FAKE_START_UNIX_NANO) / 1e6,
  )
  TEN_SECONDS_AT_MILLIS.forEach((millis, index) => {
    expect(sentAfterMillis[index]).toBeCloseTo(millis / speedMultiplier, 2)
  })
})

test('the first batch that passes the filter is sent at once', async () => {
  const store = new MemoryStore()
  await recordSession(store, 'filtered', [
    makeBatch('traces', { names: ['a'], service: 'other', atMillis: EPOCH_MILLIS }),
    makeBatch('traces', { names: ['b'], service: 'wanted', atMillis: EPOCH_MILLIS + 60_000 }),
    makeBatch('traces', { names: ['c'], service: 'wanted', atMillis: EPOCH_MILLIS + 61_000 }),
  ])
  const { elapsedMillis, status } = await replayInFakeTime({
    sessionId: 'filtered',
    store,
    filterServices: ['wanted'],
  })
  expect(elapsedMillis).toBe(1000)
  expect(status).toMatchObject({ sentRecords: 2, filteredRecords: 1, totalRecords: 3 })
})

test('a pause of five seconds delays everything after it by five seconds', async () => {
  const store = await record([0, 2_000, 4_000, 6_000])
  const clock = new FakeClock()
  const receivedAfterMillis: number[] = []
  await using target = await openTarget(undefined, () => {
    receivedAfterMillis.push(clock.elapsedMillis)
  })
  const replay = startReplayBy(clock, { sessionId: 'paced', store, targetEndpoint: target.url })
  await target.received(1)
  await untilWaitedFor(clock)
  await clock.advance(2_000)
  await target.received(2)
  await untilWaitedFor(clock)
  await clock.advance(500)
  replay.pause()
  expect(replay.status().status).toBe('paused')
  await clock.advance(5_000)
  expect(target.requests).toHaveLength(2)
  replay.resume()
  expect(replay.status().status).toBe('running')
  await untilWaitedFor(clock)
  await clock.advance(1_499)
  expect(target.requests).toHaveLength(2)
  await clock.advance(1)
  await target.received(3)
  await untilWaitedFor(clock)
  await clock.advance(2_000)
  expect(await replay.finished).toMatchObject({ status: 'completed', sentRecords: 4 })
  expect(receivedAfterMillis).toEqual([0, 2_000, 9_000, 11_000])
})

async function untilWaitedFor(clock: FakeClock): Promise<void> {
  while (!clock.isWaitedFor) await clock.advance(0)
}
