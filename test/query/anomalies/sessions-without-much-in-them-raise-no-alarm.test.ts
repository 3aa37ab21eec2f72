// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { findAnomalies } from '../../../src/query/analysis/anomalies/find-anomalies'
import { readSessionModel } from '../../../src/query/analysis/read-session-model'
import type { SessionModel } from '../../../src/query/analysis/session-model'
import type { OtlpBatch } from '../../../src/otlp/otlp-batch'
import { MemoryStore } from '../../../src/storage/memory-store'
import { recordShop } from '../../support/generated-shop/record-shop'
import { healthyScenarios } from '../../support/generated-shop/scenario'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../../support/recording'

async function modelOf(batches: readonly OtlpBatch[]): Promise<SessionModel> {
  const store = new MemoryStore()
  await recordSession(store, 'small', batches)
  return readSessionModel({ store, sessionId: 'small' })
}

async function shop(traces: number): Promise<SessionModel> {
  const store = new MemoryStore()
  const { session } = healthyScenarios(3_000)
  await recordShop(store, 'shop', { ...session, traces })
  return readSessionModel({ store, sessionId: 'shop' })
}

const names = ['first', 'second', 'third']

test.each<[string, OtlpBatch[]]>([
  ['nothing', []],
  ['one trace', [makeBatch('traces', { names })]],
  ['logs only', [makeBatch('logs', { names: Array.from({ length: 300 }, () => 'hello') })]],
  [
    'metrics only',
    Array.from({ length: 60 }, (_, index) =>
      makeBatch('metrics', { names, atMillis: EPOCH_MILLIS + index * 1_000 }),
    ),
  ],
])('a session of %s, by itself and beside another', async (_, batches) => {
  const model = await modelOf(batches)
  const other = await shop(200)
  expect(findAnomalies(model)).toEqual([])
  expect(findAnomalies(model, model)).toEqual([])
  expect(findAnomalies(model, other)).toEqual([])
  expect(findAnomalies(other, model)).toEqual([])
})

test('a session beside itself', async () => {
  const model = await shop(400)
  expect(findAnomalies(model, model)).toEqual([])
})

test('a trace that is its own ancestor, spans without parents and a service without a name', async () => {
  const spans = Array.from({ length: 200 }, (_, index) => ({
    ...makeBatch('traces', {
      names: ['loop'],
      service: '',
      traceId: (index + 1).toString(16).padStart(32, '0'),
      atMillis: EPOCH_MILLIS + index * 10,
    }),
  }))
  expect(findAnomalies(await modelOf(spans))).toEqual([])
})
