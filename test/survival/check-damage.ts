// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { strict as assert } from 'node:assert'
import { type Reading, type StoredBlock, type StoredSegment, readableAs } from './stored-segment'

/** A reading that takes longer than this counts as one that hangs. */
const LIMIT_MILLIS = 10_000

/**
 * Reads a segment cut short, and throws if anything but the blocks that are not whole
 * is lost, or if what is lost is not named.
 */
export async function checkTruncation(segment: StoredSegment, lengthBytes: number): Promise<void> {
  const { bytes, blocks, itemCount } = segment
  const reading = await within(segment.readAs(bytes.subarray(0, lengthBytes)))
  const isWhole = ({ endBytes }: StoredBlock): boolean => endBytes <= lengthBytes
  const whole = blocks.filter(isWhole)
  expectBodies(reading, whole)
  const { report, damage } = reading
  assert.equal(report.isWhole, lengthBytes === bytes.length)
  assert.equal(report.items.traces.whole, sumOfItems(whole))
  expectAllAccountedFor(reading, itemCount)
  const cut = blocks.find((block) => block.startBytes < lengthBytes && !isWhole(block))
  const named = damage.filter(({ reason }) => reason !== 'missing')
  assert.deepEqual(
    named.map(({ key, offsetBytes }) => ({ key, offsetBytes })),
    cut || lengthBytes === 0 ? [{ key: segment.key, offsetBytes: cut?.startBytes ?? 0 }] : [],
  )
  if (cut && lengthBytes >= cut.contentBytes) assert.equal(named[0].itemCount, cut.itemCount)
}

/**
 * Reads a segment with one bit flipped, and throws if more is lost than the block that
 * it lies in, or if that block is not named. Returns what became of it: a bit that
 * `pads` the end of the deflated content means nothing, and nobody can tell.
 */
export async function checkFlip(
  segment: StoredSegment,
  bit: number,
): Promise<'lost' | 'read' | 'pads'> {
  const { blocks, itemCount, key } = segment
  const bytes = Buffer.from(segment.bytes)
  const at = bit >> 3
  bytes[at] ^= 1 << (bit & 7)
  const reading = await within(segment.readAs(bytes))
  const { damage, report, bodies } = reading
  const hit = blocks.find(({ endBytes }) => at < endBytes) as StoredBlock
  const { batches, whole } = readableAs(hit)
  const isRead = batches.every((batch) => bodies.includes(batch)) || bodies.includes(whole)
  expectBodies(
    reading,
    blocks.filter((block) => block !== hit),
    [hit],
  )
  if (report.isWhole) {
    assert.ok(isRead && at === hit.endBytes - 9, `a flip at ${at} was not noticed`)
    return 'pads'
  }
  expectAllAccountedFor(reading, itemCount)
  const named = damage.filter(({ reason }) => reason !== 'missing')
  assert.deepEqual(
    named.map((piece) => ({ key: piece.key, offsetBytes: piece.offsetBytes })),
    [{ key, offsetBytes: hit.startBytes }],
  )
  // A header that is intact still says what is lost; without it, it is missing from the totals.
  if (at >= hit.contentBytes || isRead) assert.equal(named[0].itemCount, hit.itemCount)
  assert.equal(report.items.traces.whole, itemCount - (isRead ? 0 : hit.itemCount))
  return isRead ? 'read' : 'lost'
}

/**
 * Reads a segment from which the bytes from `start` to `end` are gone, and throws if
 * a block is lost of which no byte is.
 */
export async function checkCut(segment: StoredSegment, start: number, end: number): Promise<void> {
  const { bytes, blocks, itemCount } = segment
  const altered = Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)])
  const reading = await within(segment.readAs(altered))
  const isTouched = ({ startBytes, endBytes }: StoredBlock): boolean =>
    startBytes < end && endBytes > start
  expectBodies(
    reading,
    blocks.filter((block) => !isTouched(block)),
    blocks.filter(isTouched),
  )
  assert.equal(reading.report.isWhole, false)
  expectAllAccountedFor(reading, itemCount)
}

/** Every batch of the blocks is there, byte for byte, and nothing that was never in any block. */
function expectBodies(
  { bodies }: Reading,
  blocks: readonly StoredBlock[],
  damaged: readonly StoredBlock[] = [],
): void {
  const expected = blocks.flatMap((block) => readableAs(block).batches)
  const others = [...bodies]
  for (const body of expected) {
    const index = others.indexOf(body)
    assert.ok(index >= 0, 'a batch of an undamaged block is missing')
    others.splice(index, 1)
  }
  const possible = damaged.flatMap((block) => {
    const { batches, whole } = readableAs(block)
    return [...batches, whole]
  })
  assert.equal(new Set(others).size, others.length, 'a batch is there twice')
  assert.ok(
    others.every((body) => possible.includes(body)),
    'there is what nobody stored',
  )
}

/** Each item is whole, or known to be lost. */
function expectAllAccountedFor({ report, damage }: Reading, itemCount: number): void {
  const { whole, unreadable, missing, uncounted } = report.items.traces
  assert.equal(whole + unreadable + missing, itemCount)
  assert.equal(uncounted, 0)
  const lost = damage
    .filter(({ reason }) => reason !== 'inconsistent')
    .reduce((items, piece) => items + (piece.itemCount ?? 0), 0)
  assert.equal(lost, unreadable + missing)
}

function sumOfItems(blocks: readonly StoredBlock[]): number {
  return blocks.reduce((items, block) => items + block.itemCount, 0)
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), LIMIT_MILLIS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
