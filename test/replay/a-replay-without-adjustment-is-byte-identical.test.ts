// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { SIGNALS } from '../../src/otlp/signal'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { openTarget } from './otlp-target'

test.each(['none', 'gzip'] as const)(
  'what arrives is what was recorded, in order, with compression %s',
  async (compression) => {
    await using target = await openTarget()
    const store = new MemoryStore()
    const batches = Array.from({ length: 60 }, (_, index) =>
      makeBatch(SIGNALS[index % 3], { names: [`item ${index}`], atMillis: EPOCH_MILLIS + index }),
    )
    await recordSession(store, 'plain', batches)

    const status = await startReplay({
      sessionId: 'plain',
      store,
      targetEndpoint: target.url,
      timestampAdjustment: 'none',
      compression,
      concurrency: 1,
    }).finished

    expect(target.requests.map(({ path }) => path)).toEqual(
      batches.map(({ signal }) => `/v1/${signal}`),
    )
    expect(
      target.requests.every(({ body }, index) => Buffer.compare(body, batches[index].body) === 0),
    ).toBe(true)
    expect(status).toMatchObject({
      sessionId: 'plain',
      status: 'completed',
      totalRecords: 60,
      processedRecords: 60,
      sentRecords: 60,
      failedRecords: 0,
      filteredRecords: 0,
      damaged: 0,
    })
    expect(target.requests[0].headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'x-replay-session': 'plain',
    })
  },
)

test('requests with unknown fields in any order arrive as they are', async () => {
  await using target = await openTarget()
  const requests = fc.sample(
    arbitraryRequestBytes('traces', { unknownFields: true, anyOrder: true }),
    50,
  )
  const store = new MemoryStore()
  await recordSession(
    store,
    'odd',
    requests.map((body, index) => ({
      signal: 'traces',
      body,
      capturedAtUnixNano: BigInt(EPOCH_MILLIS + index) * 1_000_000n,
    })),
  )
  await startReplay({
    sessionId: 'odd',
    store,
    targetEndpoint: target.url,
    timestampAdjustment: 'none',
    speedMultiplier: Infinity,
    concurrency: 1,
  }).finished
  expect(target.requests.map(({ body }) => body.toString('hex'))).toEqual(
    requests.map((body) => Buffer.from(body).toString('hex')),
  )
})
