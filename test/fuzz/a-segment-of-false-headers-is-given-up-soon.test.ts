// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Damage } from '../../src/session/damage'
import { readSegment } from '../../src/session/reading/segment-reader'
import { segmentKey } from '../../src/session/session-keys'
import { MemoryStore } from '../../src/storage/memory-store'
import { blockOf } from './targets/seeds'

/** Every 17 bytes the beginning of a block's header, with all of the 64 KiB that it may take. */
const FALSE_HEADER = Buffer.from('1f8b080400000000000000ff4f54fcfe01', 'hex')

test('16 MiB of headers whose checksums are wrong cost no checksum each', async () => {
  const store = new MemoryStore()
  const key = segmentKey('false', 'traces', 1_790_000_000_000)
  const block = await blockOf('traces', 1)
  const ruined = Buffer.alloc(16 * 1024 ** 2, FALSE_HEADER)
  const object = await store.put(key, Buffer.concat([block, ruined, block]))
  const damages: Damage[] = []
  const options = { store, onDamage: (damage: Damage) => damages.push(damage) }
  const before = process.cpuUsage()
  let items = 0
  for await (const { itemCount } of readSegment(object, options)) items += itemCount
  const { user, system } = process.cpuUsage(before)
  // Behind the ruin, the walk goes on.
  expect(items).toBe(2)
  expect(damages).toEqual([expect.objectContaining({ reason: 'decompression' })])
  // One checksum each would take half a minute.
  expect(user + system).toBeLessThan(3_000_000)
})
