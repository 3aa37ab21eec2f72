// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'
import { SIGNALS } from '../../src/otlp/signal'
import { loadSession } from '../../src/session/catalogue'
import { surveySession } from '../../src/session/reading/survey'
import { MemoryStore } from '../../src/storage/memory-store'
import { EPOCH_MILLIS, createWriter, makeBatch, readAll, recordSession } from '../support/recording'

const SECOND = 1_000_000_000n

test('batches come back byte for byte, in the order of their arrival across signals', async () => {
  const store = new MemoryStore()
  const batches = Array.from({ length: 300 }, (_, index) =>
    makeBatch(SIGNALS[index % 3], {
      names: [`item ${index}`],
      atMillis: EPOCH_MILLIS + index * 10,
    }),
  )
  const metadata = await recordSession(store, 'order', batches)

  expect(metadata).toMatchObject({
    status: 'completed',
    capturedTraces: 100,
    capturedMetrics: 100,
    capturedLogs: 100,
    writers: 1,
    interruptedWriters: 0,
    serviceNames: ['checkout'],
  })
  const read = await readAll({ store, sessionId: 'order' })
  expect(read.map(({ signal, capturedAtUnixNano }) => ({ signal, capturedAtUnixNano }))).toEqual(
    batches.map(({ signal, capturedAtUnixNano }) => ({ signal, capturedAtUnixNano })),
  )
  expect(read.every(({ body }, index) => Buffer.compare(body, batches[index].body) === 0)).toBe(
    true,
  )
})

test('keys carry the hour of arrival, in UTC', async () => {
  const store = new MemoryStore()
  await recordSession(store, 'keys', [makeBatch('logs', { names: ['a'] })])
  const keys: string[] = []
  for await (const { key } of store.list('')) keys.push(key)
  expect(keys).toEqual([
    'sessions/keys/metadata.json',
    expect.stringMatching(
      new RegExp(
        `^sessions/keys/raw/2026-01-02/03/logs-${EPOCH_MILLIS}-[0-9a-f-]{36}\\.otlp\\.gz$`,
      ),
    ),
    expect.stringMatching(/^sessions\/keys\/writers\/[0-9a-f-]{36}\.json$/),
  ])
})

test('signals, from and to select batches, and a survey counts what they select', async () => {
  const store = new MemoryStore()
  const batches = Array.from({ length: 100 }, (_, index) =>
    makeBatch(index % 2 ? 'traces' : 'logs', {
      names: ['a', 'b'],
      atMillis: EPOCH_MILLIS + index * 1000,
    }),
  )
  await recordSession(store, 'select', batches)
  const start = BigInt(EPOCH_MILLIS) * 1_000_000n
  const selection = {
    store,
    sessionId: 'select',
    signals: ['traces'] as const,
    fromUnixNano: start + 10n * SECOND,
    toUnixNano: start + 21n * SECOND,
  }
  const read = await readAll(selection)
  expect(read.map((batch) => (batch.capturedAtUnixNano - start) / SECOND)).toEqual([
    11n,
    13n,
    15n,
    17n,
    19n,
  ])
  expect(await surveySession(selection)).toEqual({
    itemCount: 10,
    firstArrivalUnixNano: start + 11n * SECOND,
    lastArrivalUnixNano: start + 19n * SECOND,
  })
  expect(await surveySession({ store, sessionId: 'select' })).toEqual({
    itemCount: 200,
    firstArrivalUnixNano: start,
    lastArrivalUnixNano: start + 99n * SECOND,
  })
})

test('flush stores what was written and says so in the totals, while recording goes on', async () => {
  const store = new MemoryStore()
  const writer = createWriter(store, 'flush')
  writer.write(makeBatch('traces', { names: ['a', 'b'] }))
  await writer.flush(AbortSignal.timeout(5000))
  expect(await loadSession(store, 'flush')).toMatchObject({ status: 'active', capturedTraces: 2 })
  expect(await readAll({ store, sessionId: 'flush' })).toHaveLength(1)
  writer.write(makeBatch('traces', { names: ['c'] }))
  const metadata = await writer.close(AbortSignal.timeout(5000))
  expect(metadata).toMatchObject({ status: 'completed', capturedTraces: 3 })
  expect(metadata.signals.traces.segments).toBe(2)
})

test('a large session becomes blocks and segments of bounded size', async () => {
  const store = new MemoryStore()
  const batches = Array.from({ length: 60 }, (_, index) =>
    makeBatch('logs', {
      names: [randomBytes(300_000).toString('base64')],
      atMillis: EPOCH_MILLIS + index,
    }),
  )
  const writer = createWriter(store, 'large')
  for (const [index, batch] of batches.entries()) {
    writer.write(batch)
    // An app gives the compression time, too.
    if (index % 10 === 0) await writer.flush(AbortSignal.timeout(5000))
  }
  const metadata = await writer.close(AbortSignal.timeout(15_000))
  expect(metadata).toMatchObject({ capturedLogs: 60 })
  expect(metadata.signals.logs.segments).toBeGreaterThan(1)
  for await (const { sizeBytes } of store.list('sessions/large/raw/')) {
    expect(sizeBytes).toBeLessThan(16 * 1024 * 1024)
  }
  expect(await readAll({ store, sessionId: 'large' })).toHaveLength(60)
})
