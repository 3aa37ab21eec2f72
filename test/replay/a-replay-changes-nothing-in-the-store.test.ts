// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS } from '../../src/otlp/signal'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import type { ObjectStore } from '../../src/storage/object-store'
import { startOtlpBackend } from '../support/otlp-backend'
import { makeBatch, recordSession } from '../support/recording'

test.each(['none', 'relative', 'current'] as const)('with times %s', async (adjustment) => {
  const store = new MemoryStore()
  const batches = SIGNALS.map((signal) => makeBatch(signal, { names: ['a', 'b'] }))
  await recordSession(store, 'x', batches)
  const before = await contentOf(store)
  const backend = await startOtlpBackend()
  try {
    const replay = startReplay({
      ...{ sessionId: 'x', store, targetEndpoint: backend.url },
      ...{ timestampAdjustment: adjustment, speedMultiplier: Infinity, rewriteIds: true },
    })
    expect(await replay.finished).toMatchObject({ status: 'completed', processedRecords: 6 })
  } finally {
    await backend.close()
  }
  expect(await contentOf(store)).toEqual(before)
})

async function contentOf(store: ObjectStore): Promise<Record<string, string>> {
  const content: Record<string, string> = {}
  for await (const { key } of store.list('')) {
    content[key] = Buffer.from((await store.get(key)).body).toString('base64')
  }
  return content
}
