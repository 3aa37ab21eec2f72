// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MemoryStore } from '../../src/storage/memory-store'
import { decodeIndependently } from '../support/independent-decoder'
import { replayInFakeTime } from './replay-in-fake-time'

// A recording of the OpenTelemetry Demo, one OTLP/JSON request a line, as the
// Collector's file exporter writes it.
const RECORDING = join(__dirname, '../../../shared/data/otel-demo.jsonl')
const ITEMS = { traces: 547, metrics: 4551, logs: 23 }
const ALL_ITEMS = ITEMS.traces + ITEMS.metrics + ITEMS.logs

const describeIfThere = existsSync(RECORDING) ? describe : describe.skip

describeIfThere('a recording of the OpenTelemetry Demo, stored as another tool wrote it', () => {
  const store = new MemoryStore()
  const key = 'sessions/demo/raw/2024-10-20/12/everything.json'

  beforeAll(() => store.put(key, readFileSync(RECORDING)))

  test.each(['none', 'relative', 'current'] as const)('arrives with %s', async (adjustment) => {
    const { arrivals, status } = await replayInFakeTime({
      sessionId: 'demo',
      store,
      timestampAdjustment: adjustment,
    })
    expect(status).toMatchObject({
      status: 'completed',
      totalRecords: ALL_ITEMS,
      sentRecords: ALL_ITEMS,
      failedRecords: 0,
    })
    const items = { traces: 0, metrics: 0, logs: 0 }
    for (const { signal, body } of arrivals)
      items[signal] += itemsIn(decodeIndependently(signal, body))
    expect(items).toEqual(ITEMS)
  })
})

function itemsIn(decoded: unknown): number {
  if (Array.isArray(decoded)) return decoded.reduce<number>((sum, part) => sum + itemsIn(part), 0)
  if (typeof decoded !== 'object' || decoded === null) return 0
  return Object.entries(decoded)
    .map(([name, value]) =>
      ['spans', 'dataPoints', 'logRecords'].includes(name)
        ? (value as unknown[]).length
        : itemsIn(value),
    )
    .reduce((sum, count) => sum + count, 0)
}
