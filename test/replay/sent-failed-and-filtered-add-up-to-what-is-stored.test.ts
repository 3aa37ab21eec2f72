// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { filterServices } from '../../src/otlp/filter-services'
import type { OtlpBatch } from '../../src/otlp/otlp-batch'
import { SIGNALS } from '../../src/otlp/signal'
import { summarizeRequest } from '../../src/otlp/summarize-request'
import type { ReplayConfig } from '../../src/replay/replay-config'
import type { ReplayStatus } from '../../src/replay/replay-status'
import { startReplay } from '../../src/replay/start-replay'
import { rawPrefix } from '../../src/session/session-keys'
import { MemoryStore } from '../../src/storage/memory-store'
import { EPOCH_MILLIS, createWriter, makeBatch, recordSession } from '../support/recording'
import { type Answer, accept, openTarget } from './otlp-target'

const BATCHES = 60
const ITEMS = 120

/** Sixty batches of two items, in several segments. */
async function record(): Promise<MemoryStore> {
  const store = new MemoryStore()
  const writer = createWriter(store, 'sums')
  for (let index = 0; index < BATCHES; index++) {
    const service = index % 2 ? 'checkout' : 'payment'
    const atMillis = EPOCH_MILLIS + index
    writer.write(makeBatch(SIGNALS[index % 3], { names: ['a', `${index}`], service, atMillis }))
    if (index % 10 === 9) await writer.flush(AbortSignal.timeout(5_000))
  }
  await writer.close(AbortSignal.timeout(5_000))
  return store
}

async function segmentsIn(store: MemoryStore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(rawPrefix('sums'))) keys.push(key)
  return keys
}

/** Turns one byte of each of some segments. */
async function damage(store: MemoryStore, at: readonly number[]): Promise<void> {
  const keys = await segmentsIn(store)
  for (const place of at) await turnByte(store, keys[place % keys.length], place)
}

async function turnByte(store: MemoryStore, key: string, place: number): Promise<void> {
  const damaged = Buffer.from((await store.get(key)).body)
  damaged[place % damaged.length] ^= 0xff
  await store.put(key, damaged)
}

function expectSum(status: ReplayStatus, total = ITEMS): void {
  const { sentRecords, failedRecords, filteredRecords, processedRecords, totalRecords } = status
  expect(sentRecords + failedRecords + filteredRecords).toBe(total)
  expect({ processedRecords, totalRecords }).toEqual({
    processedRecords: total,
    totalRecords: total,
  })
}

test('whatever is damaged, refused, filtered or changed', async () => {
  const scenario = fc.record({
    damagedAt: fc.array(fc.nat(100_000), { maxLength: 4 }),
    refused: fc.array(fc.nat(BATCHES), { maxLength: 10 }),
    services: fc.option(fc.subarray(['payment', 'checkout', 'nobody'], { minLength: 1 }), {
      nil: undefined,
    }),
    leftOut: fc.nat(5),
    adjustment: fc.constantFrom('none' as const, 'relative' as const, 'current' as const),
    rewriteIds: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const store = await record()
      await damage(store, given.damagedAt)
      let received = 0
      const answer: Answer = (response, request, number) => {
        if (given.refused.includes(number)) return void response.writeHead(400).end()
        received += summarizeRequest(request.body, request.signal).itemCount
        return accept(response, request, number)
      }
      await using target = await openTarget(answer)
      const status = await startReplay({
        sessionId: 'sums',
        store,
        targetEndpoint: target.url,
        speedMultiplier: Infinity,
        timestampAdjustment: given.adjustment,
        filterServices: given.services,
        rewriteIds: given.rewriteIds,
        transforms: [(batch) => (batch.body.length % 7 < given.leftOut ? undefined : batch)],
      }).finished

      expect(status.status).toBe('completed')
      expect(status.sentRecords).toBe(received)
      expectSum(status)
      if (given.damagedAt.length === 0) expect(status.damaged).toBe(0)
    }),
    { numRuns: 30 },
  )
})

test('an object that somebody removed is named as missing', async () => {
  const store = await record()
  await store.delete((await segmentsIn(store))[0])
  await using target = await openTarget()
  const config = { sessionId: 'sums', store, targetEndpoint: target.url, speedMultiplier: Infinity }
  const status = await startReplay(config).finished
  expectSum(status)
  const { failedRecords } = status
  expect(failedRecords).toBeGreaterThan(0)
  expect(status.damage).toEqual([
    {
      key: 'sessions/sums/',
      offsetBytes: 0,
      reason: 'unreadable',
      message: `${failedRecords} items that the session's totals count are in none of its objects`,
      itemCount: failedRecords,
    },
  ])
})

test('damage that is to end the replay does so, by its kind', async () => {
  const store = await record()
  const [key] = await segmentsIn(store)
  // What gzip checks at the end of a block.
  await turnByte(store, key, (await store.get(key)).body.length - 6)
  await using target = await openTarget()
  const config = { sessionId: 'sums', store, targetEndpoint: target.url, speedMultiplier: Infinity }
  await expect(startReplay({ ...config, onError: 'abort' }).finished).rejects.toMatchObject({
    reason: 'DecompressionFailure',
    message: expect.stringContaining(`${key} is damaged at byte `) as unknown,
    status: { status: 'failed', damaged: 1 },
  })
  const skipped = startReplay(config)
  const told: unknown[] = []
  skipped.on('damage', (piece) => told.push(piece))
  const status = await skipped.finished
  expectSum(status)
  expect(told).toEqual(status.damage)
  expect(told).toHaveLength(1)
})

test('what a transform adds is sent, and what it takes away counts as filtered', async () => {
  const store = new MemoryStore()
  const batchOf = (...names: string[]): OtlpBatch => makeBatch('logs', { names })
  await recordSession(store, 'sums', [batchOf('a', 'b'), batchOf('c', 'd'), batchOf('e', 'f')])
  await using target = await openTarget()
  const bodies = [batchOf('a').body, batchOf('c', 'd', 'more').body]
  const status = await startReplay({
    sessionId: 'sums',
    store,
    targetEndpoint: target.url,
    concurrency: 1,
    timestampAdjustment: 'none',
    transforms: [
      async (batch) => ({ ...batch, body: bodies.shift() ?? new Uint8Array() }),
      (batch) => {
        const { body } = filterServices(batch.body, batch.signal, new Set(['checkout']))
        return body && { ...batch, body }
      },
    ],
  }).finished
  expect(status).toMatchObject({ sentRecords: 3, filteredRecords: 3, failedRecords: 0 })
  expect(target.requests.map(({ body }) => body.includes('more'))).toEqual([false, true, false])
})

test.each<[string, () => unknown, string]>([
  [
    'throws',
    () => {
      throw new Error('oops')
    },
    'transforms[0] threw: oops',
  ],
  ['returns something else', () => 'x', 'transforms[0] returned no batch: return one with a body'],
  ['returns null', () => null, 'transforms[0] returned no batch'],
])('a transform that %s ends the replay with its name', async (_name, transform, message) => {
  await using target = await openTarget()
  const replay = startReplay({
    sessionId: 'sums',
    store: await record(),
    targetEndpoint: target.url,
    transforms: [transform as never],
  })
  await expect(replay.finished).rejects.toMatchObject({
    reason: 'InvalidConfig',
    message: expect.stringContaining(message) as unknown,
  })
})

test('bytes that are no OTLP after a transform count as failed, or end the replay', async () => {
  await using target = await openTarget()
  const config: ReplayConfig = {
    sessionId: 'sums',
    store: await record(),
    targetEndpoint: target.url,
    speedMultiplier: Infinity,
    transforms: [(batch) => ({ ...batch, body: Buffer.from([0x0a, 0x7f]) })],
  }
  await expect(startReplay({ ...config, onError: 'abort' }).finished).rejects.toMatchObject({
    reason: 'DataCorrupted',
    message: expect.stringMatching(
      /^a batch of \w+ in sessions\/sums\/raw\/.* is no OTLP: /,
    ) as unknown,
    status: { failedRecords: 2, sentRecords: 0 },
  })
  const replay = startReplay(config)
  const rejected: number[] = []
  replay.on('rejected', ({ itemCount }) => rejected.push(itemCount))
  const status = await replay.finished
  expectSum(status)
  expect(status.failedRecords).toBe(ITEMS)
  expect(rejected).toHaveLength(BATCHES)
})
