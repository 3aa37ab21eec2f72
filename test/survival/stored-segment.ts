// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { encodeBlock } from '../../src/session/block'
import type { FoundDamage } from '../../src/session/damage'
import { repairSession } from '../../src/session/checking/repair-session'
import { segmentKey } from '../../src/session/session-keys'
import { type VerifyReport, verifySession } from '../../src/session/checking/verify-session'
import { summarizeRequest } from '../../src/otlp/summarize-request'
import { MemoryStore } from '../../src/storage/memory-store'
import { EPOCH_MILLIS, makeBatch, readAll } from '../support/recording'

const SESSION_ID = 'damaged'
const BATCHES_PER_BLOCK = 3

/** A block as it was made, by which what is read of it is judged. */
export interface StoredBlock {
  readonly startBytes: number
  /** The byte behind its last one. */
  readonly endBytes: number
  /** Where its deflated content begins. */
  readonly contentBytes: number
  readonly itemCount: number
  readonly bodies: readonly Buffer[]
}

/** A session of one segment in several blocks, which can be read in any state of damage. */
export interface StoredSegment {
  readonly key: string
  readonly bytes: Buffer
  readonly blocks: readonly StoredBlock[]
  readonly itemCount: number
  /** What a reader and a verification make of these bytes in place of the segment's. */
  readAs(bytes: Buffer): Promise<Reading>
}

export interface Reading {
  /** As hexadecimal digits, in no order. */
  readonly bodies: readonly string[]
  /** What the reader told. */
  readonly readerDamage: number
  readonly report: VerifyReport
  readonly damage: readonly FoundDamage[]
}

/** `padding` items in each batch beside the first make blocks as large as a test wants them. */
export async function storeSegment(blockCount: number, padding = 0): Promise<StoredSegment> {
  const store = new MemoryStore()
  const members: Buffer[] = []
  const blocks: StoredBlock[] = []
  for (let index = 0; index < blockCount; index++) {
    const { member, ...block } = await makeBlock(index, padding, Buffer.concat(members).length)
    members.push(member)
    blocks.push(block)
  }
  const bytes = Buffer.concat(members)
  const key = segmentKey(SESSION_ID, 'traces', EPOCH_MILLIS)
  await store.put(key, bytes)
  await repairSession(store, SESSION_ID)
  const itemCount = blocks.reduce((items, block) => items + block.itemCount, 0)
  return { key, bytes, blocks, itemCount, readAs }

  async function readAs(altered: Buffer): Promise<Reading> {
    await store.put(key, altered)
    let readerDamage = 0
    const onReaderDamage = (): unknown => readerDamage++
    const batches = await readAll({ store, sessionId: SESSION_ID, onDamage: onReaderDamage })
    const bodies = batches.map(({ body }) => Buffer.from(body).toString('hex'))
    const damage: FoundDamage[] = []
    const onDamage = (piece: FoundDamage): unknown => damage.push(piece)
    const report = await verifySession(store, SESSION_ID, { onDamage })
    return { bodies, readerDamage, report, damage }
  }
}

async function makeBlock(
  index: number,
  padding: number,
  startBytes: number,
): Promise<StoredBlock & { member: Buffer }> {
  const batches = Array.from({ length: BATCHES_PER_BLOCK }, (_, number) => {
    const others = Array.from({ length: padding }, (_, at) => `${index} ${number} ${at ** 5}`)
    const atMillis = EPOCH_MILLIS + index * 1_000 + number * 100
    const names = [`block ${index} batch ${number}`, ...others]
    const batch = makeBatch('traces', { names, atMillis, service: `service-${number}` })
    return { ...batch, summary: summarizeRequest(batch.body, 'traces') }
  })
  const member = await encodeBlock('traces', batches, 6)
  return {
    member,
    startBytes,
    endBytes: startBytes + member.length,
    contentBytes: startBytes + 12 + member.readUInt16LE(10),
    itemCount: BATCHES_PER_BLOCK * (padding + 1),
    bodies: batches.map(({ body }) => Buffer.from(body)),
  }
}

/** What of a block a reader may give: its batches, or all of it as one where the header is lost. */
export function readableAs({ bodies }: StoredBlock): { batches: string[]; whole: string } {
  return {
    batches: bodies.map((body) => body.toString('hex')),
    whole: Buffer.concat(bodies).toString('hex'),
  }
}
