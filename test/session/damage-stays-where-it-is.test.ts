// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Damage } from '../../src/session/damage'
import type { ObjectStore } from '../../src/storage/object-store'
import { MemoryStore } from '../../src/storage/memory-store'
import { createWriter, makeBatch, readAll, recordSession } from '../support/recording'

const BLOCKS = 5

/** One segment of five blocks, one named item each. */
async function recordBlocks(store: ObjectStore): Promise<{ key: string; bytes: Buffer }> {
  const padding = 'x'.repeat(300 * 1024)
  const writer = createWriter(store, 'damaged')
  await writer.ready
  for (let index = 0; index < BLOCKS; index++) {
    writer.write(makeBatch('traces', { names: [`block ${index}`, padding] }))
  }
  await writer.close(AbortSignal.timeout(5000))
  for await (const { key } of store.list('sessions/damaged/raw/')) {
    return { key, bytes: Buffer.from((await store.get(key)).body) }
  }
  throw new Error('nothing was stored')
}

function blockStarts(bytes: Buffer): number[] {
  const starts: number[] = []
  for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at + 18)) starts.push(at)
  return starts
}

async function readDamaged(
  change: (bytes: Buffer, starts: number[]) => Buffer,
): Promise<{ names: string[]; damage: Damage[]; key: string }> {
  const store = new MemoryStore()
  const { key, bytes } = await recordBlocks(store)
  const starts = blockStarts(bytes)
  expect(starts).toHaveLength(BLOCKS)
  await store.put(key, change(bytes, starts))
  const damage: Damage[] = []
  const batches = await readAll({
    store,
    sessionId: 'damaged',
    onDamage: (piece) => damage.push(piece),
  })
  const names = batches.flatMap(
    ({ body }) =>
      Buffer.from(body)
        .toString('latin1')
        .match(/block \d/g) ?? [],
  )
  return { names, damage, key }
}

function without(...lost: number[]): string[] {
  return Array.from({ length: BLOCKS }, (_, index) => `block ${index}`).filter(
    (_, index) => !lost.includes(index),
  )
}

test('a flipped bit in the compressed data loses that block, and its items are known', async () => {
  const { names, damage, key } = await readDamaged((bytes, starts) => {
    bytes[starts[2] + 150] ^= 0x10
    return bytes
  })
  expect(names).toEqual(without(2))
  expect(damage).toEqual([
    expect.objectContaining({ key, reason: 'decompression', signal: 'traces', itemCount: 2 }),
  ])
})

test.each([
  ['of the OT subfield', 30],
  ['of the subfield length', 14],
])('a ruined header %s is stepped over; what it stood before is still gzip', async (_, offset) => {
  const { names, damage } = await readDamaged((bytes, starts) => {
    bytes[starts[1] + offset] ^= 0xff
    return bytes
  })
  expect(names.filter((name) => name !== 'block 1')).toEqual(without(1))
  expect(names.includes('block 1') || damage.length === 1).toBe(true)
})

test('a ruined first header does not hide the blocks behind it', async () => {
  const { names, damage } = await readDamaged((bytes) => {
    bytes.fill(0, 0, 200)
    return bytes
  })
  expect(names).toEqual(without(0))
  expect(damage).toEqual([expect.objectContaining({ reason: 'decompression', offsetBytes: 0 })])
})

test('an object cut short loses its last block', async () => {
  const { names, damage } = await readDamaged((bytes, starts) => bytes.subarray(0, starts[4] + 200))
  expect(names).toEqual(without(4))
  expect(damage).toEqual([expect.objectContaining({ reason: 'truncated', itemCount: 2 })])
})

test('an object cut short within a header loses what was behind it', async () => {
  const { names, damage } = await readDamaged((bytes, starts) => bytes.subarray(0, starts[3] + 20))
  expect(names).toEqual(without(3, 4))
  expect(damage).toEqual([expect.objectContaining({ reason: 'truncated' })])
})

test('bytes that were put in between are skipped', async () => {
  const { names, damage } = await readDamaged((bytes, starts) =>
    Buffer.concat([bytes.subarray(0, starts[2]), Buffer.alloc(5000, 7), bytes.subarray(starts[2])]),
  )
  expect(names).toEqual(without())
  expect(damage).toEqual([expect.objectContaining({ reason: 'decompression' })])
})

test('an empty object is named', async () => {
  const { names, damage, key } = await readDamaged(() => Buffer.alloc(0))
  expect(names).toEqual([])
  expect(damage).toEqual([expect.objectContaining({ key, reason: 'truncated' })])
})

test('blocks of another signal than the name says are named and skipped', async () => {
  const store = new MemoryStore()
  const { key, bytes } = await recordBlocks(store)
  await store.delete(key)
  const misnamed = key.replace('/traces-', '/logs-')
  await store.put(misnamed, bytes)
  const damage: Damage[] = []
  const onDamage = (piece: Damage): unknown => damage.push(piece)
  expect(await readAll({ store, sessionId: 'damaged', onDamage })).toEqual([])
  expect(damage).toHaveLength(BLOCKS)
  expect(damage[0]).toMatchObject({ key: misnamed, reason: 'foreign', itemCount: 2 })
})

test('no flipped bit at the start of a segment makes a batch out of what is none', async () => {
  for (let bit = 0; bit < 8 * 20; bit++) {
    const store = new MemoryStore()
    const metadata = await recordSession(store, 'bit', [makeBatch('logs', { names: ['a', 'b'] })])
    expect(metadata.capturedLogs).toBe(2)
    for await (const { key } of store.list('sessions/bit/raw/')) {
      const bytes = Buffer.from((await store.get(key)).body)
      bytes[bit >> 3] ^= 1 << (bit & 7)
      await store.put(key, bytes)
    }
    const damage: Damage[] = []
    const onDamage = (piece: Damage): unknown => damage.push(piece)
    const batches = await readAll({ store, sessionId: 'bit', onDamage })
    const items = batches.map(({ itemCount }) => itemCount)
    expect(items).toEqual(damage.length > 0 ? [] : [2])
  }
})
