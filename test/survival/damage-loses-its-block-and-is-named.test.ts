// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// test/long/damaged-segments-lose-nothing-else.test.ts does the same ten thousand times and more.

import * as fc from 'fast-check'
import type { Damage } from '../../src/session/damage'
import { MemoryStore } from '../../src/storage/memory-store'
import { readAll } from '../support/recording'
import { checkCut, checkFlip, checkTruncation } from './check-damage'
import { storeSegment } from './stored-segment'

// On a busy machine.
jest.setTimeout(60_000)

test('at every length to which a segment is cut', async () => {
  const segment = await storeSegment(2)
  for (let length = 0; length <= segment.bytes.length; length++) {
    await checkTruncation(segment, length)
  }
})

test('at whichever bit is flipped', async () => {
  const segment = await storeSegment(4, 2)
  const anyBit = fc.integer({ min: 0, max: segment.bytes.length * 8 - 1 })
  const check = fc.asyncProperty(anyBit, async (bit) => void (await checkFlip(segment, bit)))
  await fc.assert(check, { numRuns: 200 })
})

test('wherever a piece of it is gone', async () => {
  const segment = await storeSegment(5, 3)
  const start = fc.integer({ min: 0, max: segment.bytes.length - 1 })
  const length = fc.integer({ min: 1, max: 600 })
  const check = fc.asyncProperty(start, length, (at, count) => checkCut(segment, at, at + count))
  await fc.assert(check, { numRuns: 100 })
})

test('at every bit of a block header, and of what is behind it', async () => {
  const segment = await storeSegment(3)
  const [, { startBytes, contentBytes, endBytes }] = segment.blocks
  const bytes = [...range(startBytes, contentBytes), ...range(endBytes - 8, endBytes)]
  for (const byte of bytes) await checkFlip(segment, byte * 8 + (byte % 8))
})

test('an object that is shorter than its listing said is named, and not waited for', async () => {
  const { key, bytes } = await storeSegment(2)
  const store = new MemoryStore()
  await store.put(key, bytes)
  const listed = store.list.bind(store)
  jest.spyOn(store, 'list').mockImplementation(async function* (prefix, options) {
    for await (const object of listed(prefix, options)) {
      yield { ...object, sizeBytes: object.sizeBytes + 100_000 }
    }
  })
  const damage: Damage[] = []
  const onDamage = (piece: Damage): unknown => damage.push(piece)
  await readAll({ store, sessionId: 'damaged', layout: 'sessions', onDamage })
  expect(damage).toMatchObject([{ key, reason: 'unreadable' }])
  expect(damage[0].message).toMatch(/ended after \d+ of \d+ bytes: it was changed while/)
})

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index)
}
