// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Replay, ScheduledBatch } from '../../src/replay/replay'
import type { ReplayConfig } from '../../src/replay/replay-config'
import type { ReplayStatus } from '../../src/replay/replay-status'
import { startReplay, startReplayBy } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { FakeClock, turnsOfTheLoop } from './fake-clock'
import { type Answer, accept, openTarget } from './otlp-target'

async function recordTen(): Promise<MemoryStore> {
  const store = new MemoryStore()
  await recordSession(
    store,
    'ten',
    Array.from({ length: 10 }, (_, index) =>
      makeBatch('logs', { names: ['a', 'b'], atMillis: EPOCH_MILLIS + index * 1000 }),
    ),
  )
  return store
}

async function startTen(answer: Answer, config: Partial<ReplayConfig> = {}) {
  const target = await openTarget(answer)
  const replay = startReplay({
    sessionId: 'ten',
    store: await recordTen(),
    targetEndpoint: target.url,
    speedMultiplier: Infinity,
    concurrency: 2,
    ...config,
  })
  return { target, replay }
}

const hang: Answer = () => undefined

test('what is under way arrives during a pause, and nothing else', async () => {
  const { target, replay } = await startTen((response, request, number) => {
    if (number === 3) replay.pause()
    return accept(response, request, number)
  })
  await target.received(4)
  await untilNothingIsUnderWay(replay)
  const arrived = target.requests.length
  expect(arrived).toBeLessThanOrEqual(5)
  await turnsOfTheLoop(200)
  expect(target.requests).toHaveLength(arrived)
  expect(replay.status()).toMatchObject({ status: 'paused', sentRecords: arrived * 2 })
  replay.resume()
  expect(await replay.finished).toMatchObject({ status: 'completed', sentRecords: 20 })
  await target.close()
})

async function untilNothingIsUnderWay(replay: Replay): Promise<void> {
  let sent = -1
  while (replay.status().sentRecords !== sent) {
    sent = replay.status().sentRecords
    await turnsOfTheLoop(200)
  }
}

test.each<[string, (replay: Replay, abort: AbortController) => void]>([
  ['cancel()', (replay) => replay.cancel()],
  ['the signal', (_replay, abort) => abort.abort()],
])('%s aborts what is under way, and finished resolves', async (_name, end) => {
  const abort = new AbortController()
  const { target, replay } = await startTen(
    (response, request, number) =>
      number < 2 ? accept(response, request, number) : hang(response, request, number),
    { signal: abort.signal },
  )
  await target.received(4)
  end(replay, abort)
  const status = await replay.finished
  expect(status).toMatchObject({ status: 'cancelled', sentRecords: 4, failedRecords: 0 })
  expect(status.completedAt).toBeDefined()
  expect(target.requests).toHaveLength(4)
  await target.close()
})

test('a replay is cancelled while it is paused, while it waits, and before it began', async () => {
  await using target = await openTarget()
  const store = await recordTen()
  const config = { sessionId: 'ten', store, targetEndpoint: target.url }

  const paused = startReplay(config)
  paused.pause()
  await turnsOfTheLoop()
  paused.cancel()
  expect(await paused.finished).toMatchObject({ status: 'cancelled', sentRecords: 0 })

  const clock = new FakeClock()
  const waiting = startReplayBy(clock, config)
  while (!clock.isWaitedFor || waiting.status().sentRecords < 2) await turnsOfTheLoop()
  waiting.cancel()
  expect(await waiting.finished).toMatchObject({ status: 'cancelled', sentRecords: 2 })
  expect(clock.isWaitedFor).toBe(false)

  const early = startReplay(config)
  early.cancel()
  expect(await early.finished).toMatchObject({ status: 'cancelled', sentRecords: 0 })

  const aborted = startReplay({ ...config, signal: AbortSignal.abort() })
  expect(await aborted.finished).toMatchObject({ status: 'cancelled', sentRecords: 0 })
})

test('pause, resume and cancel do nothing to a replay that is over', async () => {
  const { target, replay } = await startTen(accept)
  const status = await replay.finished
  replay.pause()
  replay.resume()
  replay.cancel()
  expect(replay.status()).toEqual(status)
  await target.close()
})

test('progress comes now and then, and at the end', async () => {
  const { target, replay } = await startTen(accept)
  const reported: ReplayStatus[] = []
  replay.on('progress', (status) => reported.push(status))
  const status = await replay.finished
  expect(reported.at(-1)).toEqual(status)
  expect(reported.length).toBeLessThan(10)
  await target.close()
})

test('whoever only listens is not ended by a failure', async () => {
  const unhandled: unknown[] = []
  const listener = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', listener)
  const replay = startReplay({ sessionId: 'missing', store: new MemoryStore() })
  const [status] = await new Promise<[ReplayStatus]>((resolve) => {
    replay.on('progress', (...args) => resolve(args))
  })
  await turnsOfTheLoop()
  process.off('unhandledRejection', listener)
  expect(status).toMatchObject({ status: 'failed' })
  expect(unhandled).toEqual([])
})

test('listeners come and go', async () => {
  const { target, replay } = await startTen(accept)
  const seen: string[] = []
  const every = () => seen.push('every')
  const removed = () => seen.push('removed')
  replay.on('batch', every).on('batch', removed).off('batch', removed)
  replay.once('batch', () => seen.push('once'))
  await replay.finished
  expect(seen.filter((name) => name === 'every')).toHaveLength(10)
  expect(seen.filter((name) => name === 'once')).toHaveLength(1)
  expect(seen).not.toContain('removed')
  await target.close()
})

test('no connection is left open, whether a replay completed or was cancelled', async () => {
  for (const answer of [accept, hang]) {
    const { target, replay } = await startTen(answer)
    await target.received(1)
    if (answer === hang) replay.cancel()
    await replay.finished
    await target.disconnected()
    await target.close()
  }
})

test('the schedule tells when a batch was captured, sent, and by how much it moved', async () => {
  const { target, replay } = await startTen(accept)
  const scheduled: ScheduledBatch[] = []
  replay.on('batch', (batch) => scheduled.push(batch))
  await replay.finished
  expect(scheduled.map(({ sequenceNumber }) => sequenceNumber)).toEqual([...Array(10).keys()])
  const [{ originalTimeUnixNano, offsetNanos = 0n, replayTimeUnixNano }] = scheduled
  // Unpaced, the session ended just now: nine seconds after its first batch.
  expect(replayTimeUnixNano - (originalTimeUnixNano + offsetNanos)).toBe(9_000_000_000n)
  expect(scheduled[0]).toMatchObject({
    signal: 'logs',
    itemCount: 2,
    originalTimeUnixNano: BigInt(EPOCH_MILLIS) * 1_000_000n,
  })
  await target.close()
})
