// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Readable } from 'node:stream'
import { SIGNALS } from '../../src/otlp/signal'
import type { ReplayBatch } from '../../src/replay/replay-batch'
import { replayDataStream, replayDataStreamBy } from '../../src/replay/replay-data-stream'
import type { Damage } from '../../src/session/damage'
import { rawPrefix } from '../../src/session/session-keys'
import { MemoryStore } from '../../src/storage/memory-store'
import { collectWarnings } from '../support/collect-warnings'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { FAKE_START_UNIX_NANO, FakeClock, turnsOfTheLoop } from './fake-clock'

const CAPTURED = Array.from({ length: 90 }, (_, index) =>
  makeBatch(SIGNALS[index % 3], {
    names: [`${index}`],
    service: index < 45 ? 'early' : 'late',
    atMillis: EPOCH_MILLIS + index * 1000,
  }),
)

async function record(): Promise<MemoryStore> {
  const store = new MemoryStore()
  await recordSession(store, 'stream', CAPTURED)
  return store
}

async function batchesOf(stream: Readable): Promise<ReplayBatch[]> {
  return (await stream.toArray()) as ReplayBatch[]
}

test('by default every batch as it was captured, at once', async () => {
  const batches = await batchesOf(replayDataStream({ sessionId: 'stream', store: await record() }))
  expect(
    batches.map(({ signal, body, capturedAtUnixNano }) => ({ signal, body, capturedAtUnixNano })),
  ).toEqual(CAPTURED.map((batch) => ({ ...batch, body: Buffer.from(batch.body) })))
})

test('one signal, some services, a range of time', async () => {
  const batches = await batchesOf(
    replayDataStream({
      sessionId: 'stream',
      store: await record(),
      signal: 'traces',
      filterServices: ['late'],
      from: new Date(EPOCH_MILLIS + 40_000),
      to: new Date(EPOCH_MILLIS + 60_000).toISOString(),
    }),
  )
  const seconds = batches.map(
    ({ capturedAtUnixNano }) => Number(capturedAtUnixNano / 1_000_000n) - EPOCH_MILLIS,
  )
  expect(seconds).toEqual([45_000, 48_000, 51_000, 54_000, 57_000])
  expect(batches.every(({ signal }) => signal === 'traces')).toBe(true)
})

test('paced and shifted when asked to', async () => {
  const clock = new FakeClock({ jumps: true })
  const stream = replayDataStreamBy(clock, {
    sessionId: 'stream',
    store: await record(),
    speedMultiplier: 2,
    timestampAdjustment: 'current',
  })
  const batches = await batchesOf(stream)
  expect(clock.elapsedMillis).toBe(44_500)
  expect(batches[10].replayTimeUnixNano).toBe(FAKE_START_UNIX_NANO + 5_000_000_000n)
  expect(batches[10].offsetNanos).toBe(
    FAKE_START_UNIX_NANO + 5_000_000_000n - CAPTURED[10].capturedAtUnixNano,
  )
})

test('what nobody consumes is not read', async () => {
  const store = await record()
  let passed = 0
  const stream = replayDataStream({
    sessionId: 'stream',
    store,
    transforms: [
      (batch) => {
        passed++
        return batch
      },
    ],
  })
  await turnsOfTheLoop(200)
  expect(passed).toBeLessThan(12)
  stream.destroy()
})

test('destroying it ends it while it waits', async () => {
  const clock = new FakeClock()
  const stream = replayDataStreamBy(clock, {
    sessionId: 'stream',
    store: await record(),
    speedMultiplier: 1,
  })
  stream.resume()
  while (!clock.isWaitedFor) await turnsOfTheLoop()
  stream.destroy()
  await turnsOfTheLoop()
  expect(stream.closed).toBe(true)
  expect(clock.isWaitedFor).toBe(false)
})

test('a session that is not there ends it with an error', async () => {
  const stream = replayDataStream({ sessionId: 'missing', store: new MemoryStore() })
  await expect(stream.toArray()).rejects.toMatchObject({
    name: 'ReplayError',
    reason: 'SessionNotFound',
    sessionId: 'missing',
  })
})

describe('damage', () => {
  async function recordDamaged(): Promise<MemoryStore> {
    const store = await record()
    for await (const { key } of store.list(rawPrefix('stream'))) {
      const damaged = Buffer.from((await store.get(key)).body)
      damaged[damaged.length - 6] ^= 0xff
      await store.put(key, damaged)
      return store
    }
    return store
  }

  test('is told, and the rest comes', async () => {
    const store = await recordDamaged()
    const told: Damage[] = []
    const stream = replayDataStream({
      sessionId: 'stream',
      store,
      onDamage: (damage) => told.push(damage),
    })
    expect(await batchesOf(stream)).toHaveLength(60)
    expect(told).toMatchObject([{ reason: 'decompression', itemCount: 30 }])
  })

  test('is a warning when nobody asks for it', async () => {
    using warnings = collectWarnings()
    const store = await recordDamaged()
    await batchesOf(replayDataStream({ sessionId: 'stream', store }))
    expect(warnings.lines).toHaveLength(1)
    expect(warnings.lines[0]).toMatch(
      /sessions\/stream\/raw\/.* is damaged at byte 0, and that piece is/,
    )
  })

  test('ends the stream when it is to', async () => {
    const stream = replayDataStream({
      sessionId: 'stream',
      store: await recordDamaged(),
      onError: 'abort',
      onDamage: () => undefined,
    })
    await expect(stream.toArray()).rejects.toMatchObject({ reason: 'DecompressionFailure' })
  })
})
