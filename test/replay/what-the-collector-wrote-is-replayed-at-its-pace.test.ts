// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS } from '../../src/otlp/signal'
import { MemoryStore } from '../../src/storage/memory-store'
import {
  PARTITION_FORMATS,
  PARTITION_MILLIS,
  putCollectorObject,
} from '../session/collector-objects'
import { FAKE_START_UNIX_NANO } from './fake-clock'
import { replayInFakeTime } from './replay-in-fake-time'

/** Across three minutes, each object uploaded up to five seconds after its items were made. */
const MADE_AFTER_MILLIS = [0, 1_000, 58_000, 59_900, 61_000, 90_000, 150_000]

async function recorded(partitionFormat: string): Promise<MemoryStore> {
  const store = new MemoryStore()
  for (const [index, millis] of MADE_AFTER_MILLIS.entries()) {
    const atMillis = PARTITION_MILLIS + millis
    const uploadedAtMillis = atMillis + (index % 3) * 2_500
    const signal = SIGNALS[1 + (index % 2)]
    const object = { signal, names: [`${index}`], partitionFormat, atMillis, uploadedAtMillis }
    await putCollectorObject(store, { ...object, prefix: 'team-a/p', compression: 'gzip' })
  }
  return store
}

test.each(Object.values(PARTITION_FORMATS))('partitions %s', async (partitionFormat) => {
  const store = await recorded(partitionFormat)
  for (const speedMultiplier of [1, 10]) {
    const { arrivals, status } = await replayInFakeTime({
      sessionId: 'team-a/p',
      store,
      speedMultiplier,
    })
    const sentAfterMillis = arrivals.map(
      ({ receivedAtUnixNano }) => Number(receivedAtUnixNano - FAKE_START_UNIX_NANO) / 1e6,
    )
    expect(sentAfterMillis).toHaveLength(MADE_AFTER_MILLIS.length)
    for (const [index, millis] of MADE_AFTER_MILLIS.entries()) {
      expect(sentAfterMillis[index]).toBeCloseTo(millis / speedMultiplier, 2)
    }
    expect(status).toMatchObject({ totalRecords: 7, sentRecords: 7, failedRecords: 0 })
  }
})

test('from and to choose by arrival', async () => {
  const { status, elapsedMillis } = await replayInFakeTime({
    sessionId: 'team-a/p',
    layout: 'awss3',
    store: await recorded(PARTITION_FORMATS.default),
    from: new Date(PARTITION_MILLIS + 58_000),
    to: new Date(PARTITION_MILLIS + 90_000),
  })
  expect(status).toMatchObject({ totalRecords: 3, sentRecords: 3 })
  expect(elapsedMillis).toBeCloseTo(3_000, 2)
})
