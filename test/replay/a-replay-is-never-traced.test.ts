// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { isTracingSuppressed } from '@opentelemetry/core'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { openTarget } from './otlp-target'

// Where instrumentation of undici starts its spans.
const REQUEST_CREATED = 'undici:request:create'

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
afterAll(() => context.disable())

async function replayThree(answerWith: number[], exports: boolean[] = []) {
  const store = new MemoryStore()
  await recordSession(
    store,
    'quiet',
    [0, 1, 2].map((at) => makeBatch('traces', { names: ['a'], atMillis: EPOCH_MILLIS + at })),
  )
  await using target = await openTarget((response) => {
    response.writeHead(answerWith.shift() ?? 200).end()
  })
  const wasSuppressed: boolean[] = []
  const listener = () => wasSuppressed.push(isTracingSuppressed(context.active()))
  subscribe(REQUEST_CREATED, listener)
  const retry = { initialDelayMillis: 1 }
  const config = { sessionId: 'quiet', store, speedMultiplier: Infinity }
  await startReplay({ ...config, retry, targetEndpoint: target.url }).finished
  unsubscribe(REQUEST_CREATED, listener)
  const traces = {
    export: (_spans: unknown, done: (result: { code: 0 }) => void) => {
      exports.push(isTracingSuppressed(context.active()))
      done({ code: 0 })
    },
    shutdown: async () => undefined,
  }
  await startReplay({ ...config, exporters: { traces } }).finished
  return wasSuppressed
}

test('requests, retries and exports run with tracing suppressed', async () => {
  const exports: boolean[] = []
  expect(await replayThree([503, 503], exports)).toEqual([true, true, true, true, true])
  expect(exports).toEqual([true, true, true])
})
