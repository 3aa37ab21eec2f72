// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { startReplay } from '../../src/replay/start-replay'
import { SIGNALS } from '../../src/otlp/signal'
import { MemoryStore } from '../../src/storage/memory-store'
import { openTarget } from '../replay/otlp-target'
import { makeBatch, recordSession } from '../support/recording'
import { openGrpcTarget } from './grpc-target'

const kept = process.env
afterEach(() => {
  process.env = kept
})

test('as the environment says', async () => {
  await using grpc = await openGrpcTarget()
  await using http = await openTarget()
  const store = new MemoryStore()
  await recordSession(
    store,
    'mixed',
    SIGNALS.map((signal) => makeBatch(signal, { names: ['x', 'y'] })),
  )
  process.env = {
    ...kept,
    OTEL_EXPORTER_OTLP_ENDPOINT: http.url,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: grpc.url.replace('grpc:', 'http:'),
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
  }
  const status = await startReplay({ sessionId: 'mixed', store }).finished
  expect(status).toMatchObject({ status: 'completed', sentRecords: 6, failedRecords: 0 })
  expect(grpc.requests.map(({ signal }) => signal)).toEqual(['traces'])
  expect(http.requests.map(({ signal }) => signal).sort()).toEqual(['logs', 'metrics'])
})
