// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Readable } from 'node:stream'
import { surveySession } from '../../src/session/reading/survey'
import { MemoryStore } from '../../src/storage/memory-store'
import type { ListOptions, ObjectInfo, ReadOptions } from '../../src/storage/object-store'
import { readAll } from '../support/recording'
import { PARTITION_FORMATS, PARTITION_MILLIS, putCollectorObject } from './collector-objects'

const HOUR = 3_600_000

class CountingStore extends MemoryStore {
  readonly opened: string[] = []
  listed = 0

  override read(key: string, options?: ReadOptions): Readable {
    this.opened.push(key)
    return super.read(key, options)
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ObjectInfo, void> {
    for await (const object of super.list(prefix, options)) {
      this.listed++
      yield object
    }
  }
}

function nano(millis: number): bigint {
  return BigInt(millis) * 1_000_000n
}

test.each(Object.values(PARTITION_FORMATS))(
  'of a week, %s, only what may lie in the range is read',
  async (partitionFormat) => {
    const store = new CountingStore()
    const wanted: string[] = []
    for (let hour = 0; hour < 7 * 24; hour++) {
      for (const minute of [0, 30]) {
        const atMillis = PARTITION_MILLIS + hour * HOUR + minute * 60_000
        const object = { signal: 'logs', names: ['a'], partitionFormat, atMillis } as const
        const key = await putCollectorObject(store, object)
        if (hour === 50) wanted.push(key)
      }
    }
    const fromUnixNano = nano(PARTITION_MILLIS + 50 * HOUR)
    const selection = { store, sessionId: 'p', fromUnixNano, toUnixNano: fromUnixNano + nano(HOUR) }
    const batches = await readAll(selection)
    expect(batches.map(({ key }) => key)).toEqual(wanted)
    expect(new Set(store.opened).size).toBeLessThanOrEqual(wanted.length + 2)
    // Of the other days, one name each is seen.
    expect(store.listed).toBeLessThan(70)
    expect(await surveySession(selection)).toMatchObject({
      itemCount: 2,
      firstArrivalUnixNano: fromUnixNano,
    })
  },
)

test('a signal that is not wanted is not read', async () => {
  const store = new CountingStore()
  await putCollectorObject(store, { signal: 'traces', names: ['a'] })
  const logs = await putCollectorObject(store, { signal: 'logs', names: ['a'] })
  await readAll({ store, sessionId: 'p', signals: ['logs'] })
  expect(new Set(store.opened)).toEqual(new Set([logs]))
})
