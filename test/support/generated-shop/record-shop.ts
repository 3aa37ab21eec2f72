// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { encodeLogRecords } from '../../../src/otlp/encode-log-records'
import { encodeSpans } from '../../../src/otlp/encode-spans'
import type { OtlpBatch } from '../../../src/otlp/otlp-batch'
import type { Resource } from '../../../src/otlp/sdk-types'
import { unixNano } from '../../../src/otlp/unix-nano'
import type { ObjectStore } from '../../../src/storage/object-store'
import { recordSession } from '../recording'
import type { Scenario } from './scenario'
import { makeShopMetrics } from './shop-metrics'
import { type SimulatedShop, simulateShop } from './shop-simulation'

const BATCH_ITEMS = 512

/** A scenario as a session in the store, as batch processors would have sent it. */
export async function recordShop(
  store: ObjectStore,
  sessionId: string,
  scenario: Scenario,
): Promise<SimulatedShop> {
  const shop = simulateShop(scenario)
  const { spans, logRecords } = shop.telemetry
  const batches = [
    ...makeShopMetrics(scenario, shop.telemetry),
    ...makeBatches(spans, ({ endTime }) => unixNano(endTime), 'traces', encodeSpans),
    ...makeBatches(logRecords, ({ hrTime }) => unixNano(hrTime), 'logs', encodeLogRecords),
  ]
  batches.sort((left, right) => Number(left.capturedAtUnixNano - right.capturedAtUnixNano))
  const recorded = await recordSession(store, sessionId, batches, { maxQueueBytes: 1e9 })
  // What the analysis finds must come from the shop, not from a queue that was full.
  if (recorded.capturedTraces !== spans.length) throw new Error('the recording lost spans')
  return shop
}

function makeBatches<Item extends { readonly resource: Resource }>(
  items: readonly Item[],
  timeOf: (item: Item) => bigint,
  signal: OtlpBatch['signal'],
  encode: (items: readonly Item[]) => Uint8Array,
): OtlpBatch[] {
  const byProcess = new Map<Resource, { item: Item; at: bigint }[]>()
  for (const item of items) {
    let own = byProcess.get(item.resource)
    if (!own) byProcess.set(item.resource, (own = []))
    own.push({ item, at: timeOf(item) })
  }
  const batches: OtlpBatch[] = []
  for (const own of byProcess.values()) {
    own.sort((left, right) => (left.at < right.at ? -1 : left.at > right.at ? 1 : 0))
    for (let first = 0; first < own.length; first += BATCH_ITEMS) {
      const batch = own.slice(first, first + BATCH_ITEMS)
      const body = encode(batch.map(({ item }) => item))
      batches.push({ signal, body, capturedAtUnixNano: batch[batch.length - 1].at })
    }
  }
  return batches
}
