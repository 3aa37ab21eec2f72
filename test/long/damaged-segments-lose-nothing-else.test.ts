// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Takes about three minutes: some 4,000 lengths, every bit of a small segment, 10,000 random bits
// of a large one, and 2,000 pieces cut out of it.

import { randomInt } from 'node:crypto'
import { checkCut, checkFlip, checkTruncation } from '../survival/check-damage'
import { storeSegment } from '../survival/stored-segment'

const FLIPS = Number(process.env.OTEL_TAPE_TEST_FLIPS ?? 10_000)
const CUTS = Number(process.env.OTEL_TAPE_TEST_CUTS ?? 2_000)

test('every length to which a segment is cut', async () => {
  const segment = await storeSegment(6, 10)
  for (let length = 0; length <= segment.bytes.length; length++) {
    await checkTruncation(segment, length)
  }
  print(`${segment.bytes.length + 1} lengths of a segment of ${segment.itemCount} items`)
})

test('every bit of a small segment', async () => {
  const segment = await storeSegment(3)
  const outcomes = { lost: 0, read: 0, pads: 0 }
  for (let bit = 0; bit < segment.bytes.length * 8; bit++) outcomes[await checkFlip(segment, bit)]++
  print(`every one of ${segment.bytes.length * 8} bits: ${describe(outcomes)}`)
  // Of each block the last byte of what is deflated is all that may hold bits without a meaning.
  expect(outcomes.pads).toBeLessThan(8 * segment.blocks.length)
})

test(`${FLIPS} random bits of a large segment`, async () => {
  const segment = await storeSegment(8, 200)
  const outcomes = { lost: 0, read: 0, pads: 0 }
  for (let flip = 0; flip < FLIPS; flip++) {
    outcomes[await checkFlip(segment, randomInt(segment.bytes.length * 8))]++
  }
  print(`${FLIPS} bits of ${segment.bytes.length} bytes: ${describe(outcomes)}`)
})

test(`${CUTS} pieces that are gone from the middle of a large segment`, async () => {
  const segment = await storeSegment(8, 60)
  for (let cut = 0; cut < CUTS; cut++) {
    const start = randomInt(segment.bytes.length)
    await checkCut(segment, start, start + 1 + randomInt(segment.bytes.length >> 2))
  }
  print(`${CUTS} pieces cut out of ${segment.bytes.length} bytes`)
})

function describe({ lost, read, pads }: Record<'lost' | 'read' | 'pads', number>): string {
  return (
    `${lost} lost the block that they were in, ${read} lost nothing, all of them named; ` +
    `${pads} mean nothing and were not noticed`
  )
}

function print(line: string): void {
  process.stderr.write(`${line}\n`)
}
