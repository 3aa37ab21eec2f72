// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { otlpGrpcSink } from '../../src/replay/otlp-grpc-sink'
import { startReplay } from '../../src/replay/start-replay'
import { SIGNALS } from '../../src/otlp/signal'
import { MemoryStore } from '../../src/storage/memory-store'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { decodeIndependently } from '../support/independent-decoder'
import { EPOCH_MILLIS, readAll, recordSession } from '../support/recording'
import { type GrpcRequest, openGrpcTarget } from './grpc-target'

const decoded = ({ signal, body }: Pick<GrpcRequest, 'signal' | 'body'>): unknown => ({
  signal,
  request: decodeIndependently(signal, body),
})

describe.each(['none', 'gzip'] as const)('with compression %s', (compression) => {
  test.each(SIGNALS)('%s', async (signal) => {
    await using target = await openGrpcTarget()
    const store = new MemoryStore()
    const bodies = fc.sample(arbitraryRequestBytes(signal, { unknownFields: true }), 50)
    await recordSession(
      store,
      'whole',
      bodies.map((body, index) => ({
        signal,
        body,
        capturedAtUnixNano: BigInt(EPOCH_MILLIS + index) * 1_000_000n,
      })),
    )
    const replay = startReplay({
      sessionId: 'whole',
      store,
      targetEndpoint: target.url,
      timestampAdjustment: 'none',
      speedMultiplier: Infinity,
      concurrency: 1,
      compression,
    })
    const status = await replay.finished
    expect(status).toMatchObject({ status: 'completed', failedRecords: 0, damaged: 0 })
    expect(status.sentRecords).toBe(status.totalRecords)
    const stored = await readAll({ store, sessionId: 'whole' })
    expect(target.requests.map(decoded)).toEqual(
      stored.map(({ body }) => decoded({ signal, body: Buffer.from(body) })),
    )
  })
})

test('a session of all three signals, several requests at a time', async () => {
  await using target = await openGrpcTarget()
  const store = new MemoryStore()
  const batches = SIGNALS.flatMap((signal) =>
    fc.sample(arbitraryRequestBytes(signal), 40).map((body, index) => ({
      signal,
      body,
      capturedAtUnixNano: BigInt(EPOCH_MILLIS + index) * 1_000_000n,
    })),
  )
  await recordSession(store, 'all', batches)
  await startReplay({
    sessionId: 'all',
    store,
    targetEndpoint: target.url,
    timestampAdjustment: 'none',
    speedMultiplier: Infinity,
    concurrency: 16,
  }).finished
  const asText = (requests: readonly Pick<GrpcRequest, 'signal' | 'body'>[]): string[] =>
    requests.map((request) => JSON.stringify(decoded(request))).sort()
  const sent = batches.map(({ signal, body }) => ({ signal, body: Buffer.from(body) }))
  expect(asText(target.requests)).toEqual(asText(sent))
})

test('a target that is named in code is spoken to as its scheme says', () => {
  expect(() => otlpGrpcSink({ targetEndpoint: 'http://localhost:4317' })).not.toThrow()
  expect(() => otlpGrpcSink({ targetEndpoint: 'localhost:4317' })).toThrow("'localhost:4317'")
})
