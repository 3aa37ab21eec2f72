// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { constants, deflateRawSync } from 'node:zlib'
import { contentCodingOf, inflateBody } from '../../src/receive/http-content-coding'
import { Reservation } from '../../src/receive/http-reservation'
import { MemoryBudget } from '../../src/receive/memory-budget'
import { SIGNALS } from '../../src/otlp/signal'
import { encodeBlockHeader } from '../../src/session/block-header'
import { readSegment } from '../../src/session/reading/segment-reader'
import type { Damage } from '../../src/session/damage'
import { readForeignObject } from '../../src/session/reading/foreign-object'
import { ObjectBytes } from '../../src/session/reading/object-bytes'
import { segmentKey } from '../../src/session/session-keys'
import { MemoryStore } from '../../src/storage/memory-store'

const GIGABYTE = 1024 ** 3
const PIECE_BYTES = 16 * 1024 ** 2
/** A document of 64 MiB may be held, as text and as bytes, and what the collector has not collected. */
const MAX_GROWTH_BYTES = 400 * 1024 ** 2

/** Pieces of deflate that can be laid end to end: what repeats need be compressed only once. */
function deflated(content: Buffer): Buffer {
  return deflateRawSync(content, { level: 9, finishFlush: constants.Z_FULL_FLUSH })
}

/** The first bytes, and then ten gigabytes of a few that repeat: about ten megabytes of gzip. */
function bomb(start: string, repeated: string): Buffer {
  const piece = deflated(Buffer.alloc(PIECE_BYTES, repeated))
  const pieces = Array<Buffer>((10 * GIGABYTE) / PIECE_BYTES).fill(piece)
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])
  // Nobody should come to where the last block and the checksum would have to be.
  return Buffer.concat([header, deflated(Buffer.from(start)), ...pieces])
}

async function growthWhile(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().rss
  let most = before
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 10)
  try {
    await work()
  } finally {
    clearInterval(watch)
  }
  return Math.max(most, process.memoryUsage().rss) - before
}

test('as the body of a request to the receiver', async () => {
  const maxBytes = 20 * 1024 ** 2
  const coding = contentCodingOf('gzip')
  if (coding === undefined) throw new Error('gzip is not known')
  const reservation = new Reservation(new MemoryBudget(2 * maxBytes))
  const growth = await growthWhile(async () => {
    const inflating = inflateBody(bomb('', '\0'), coding, maxBytes, reservation)
    await expect(inflating).rejects.toMatchObject({ name: 'HttpRefusal', status: 413 })
  })
  expect(growth).toBeLessThan(MAX_GROWTH_BYTES)
})

test.each([
  ['zeros', '', '\0', 'it is neither OTLP nor compressed'],
  ['a JSON string that never ends', '{"resourceLogs":"', 'x', 'a line of more than 67108864 bytes'],
  [
    'JSON that is nothing but spaces',
    '{"resourceLogs":',
    ' ',
    'a line of more than 67108864 bytes',
  ],
  ['a length that never ends', '\n', '\x80', 'an entry of more than 67108864 bytes'],
  ['JSON lines that are none', '{}\n', 'x\n', '1000 documents in a row are no OTLP'],
])('as an object of another tool: %s', async (_title, start, repeated, message) => {
  const store = new MemoryStore()
  const object = await store.put('logs_1.json.gz', bomb(start, repeated))
  const damages: Damage[] = []
  let requests = 0
  const growth = await growthWhile(async () => {
    const bytes = new ObjectBytes(store, object)
    const read = readForeignObject(bytes, 'logs', (damage) => damages.push(damage))
    for await (const { body } of read) requests += body.length > 0 ? 1 : 0
  })
  expect(requests).toBe(0)
  expect(damages.at(-1)?.message).toContain(message)
  expect(damages.length).toBeLessThanOrEqual(1001)
  expect(growth).toBeLessThan(MAX_GROWTH_BYTES)
})

test('as a block of a segment, at what its header promises', async () => {
  const store = new MemoryStore()
  const content = bomb('', '\0').subarray(10)
  const batch = { lengthBytes: 1000, itemCount: 1, capturedAtUnixNano: 1_790_000_000_000_000_000n }
  const header = encodeBlockHeader({ signal: 'logs', batches: [batch] }, content.length - 8)
  const key = segmentKey('bomb', 'logs', 1_790_000_000_000)
  const object = await store.put(key, Buffer.concat([header, content]))
  const damages: Damage[] = []
  const growth = await growthWhile(async () => {
    const options = { store, signals: SIGNALS, onDamage: (damage: Damage) => damages.push(damage) }
    for await (const batchRead of readSegment(object, options)) expect(batchRead).toBeUndefined()
  })
  expect(damages[0]).toMatchObject({ reason: 'decompression', itemCount: 1 })
  expect(growth).toBeLessThan(MAX_GROWTH_BYTES)
})
