// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { type BlockHeader, MAX_HEADER_BYTES, findBlockHeader } from '../block-header'
import type { Damage } from '../damage'
import { decodeBlock } from './decode-block'
import type { ObjectBytes } from './object-bytes'
import { SEGMENT_SUFFIX } from '../session-keys'

const gunzipAsync = promisify(gunzip)

/** A block that was come upon; it is inflated only when asked for its bodies. */
export interface FoundBlock {
  readonly header: BlockHeader
  readonly offsetBytes: number
  /** The whole gzip member, as it is stored. */
  member(): Promise<Buffer>
  /** The batches' bodies. Rejects when the block is damaged. */
  bodies(): Promise<Buffer[]>
}

/** A gzip member whose header could not be read, and whose content could. */
export interface HeadlessBlock {
  readonly header: undefined
  readonly offsetBytes: number
  readonly content: Buffer
}

/** A member cannot be longer than this, so that a hostile length does not make us read on and on. */
const MAX_MEMBER_BYTES = 256 * 1024 * 1024
/** How far the next block is looked for behind a damaged one, a piece at a time. */
const SEARCH_BYTES = 16 * 1024 * 1024
/** By chance there is none; of those that were put there, each costs a checksum of 64 KiB. */
const MAX_FALSE_HEADERS = 1000
const MAX_HEADLESS_BYTES = 64 * 1024 * 1024
const GZIP_WITH_EXTRA = Buffer.from([0x1f, 0x8b, 8, 4])

/**
 * Walks a segment block by block. What is damaged is reported and stepped over:
 * behind a block whose header still holds, the next begins where it says, unless
 * the block turns out to be damaged and another begins within it, as when bytes are
 * gone; behind a ruined header, wherever the next header is found.
 */
export async function* walkBlocks(
  bytes: ObjectBytes,
  onDamage: (damage: Damage) => void,
): AsyncGenerator<FoundBlock | HeadlessBlock, void, undefined> {
  while (bytes.leftBytes > 0) {
    const start = await bytes.fill(MAX_HEADER_BYTES)
    const found = findBlockHeader(start)
    const memberBytes = found?.header.memberBytes ?? 0
    if (found === undefined || memberBytes <= found.headerBytes || memberBytes > MAX_MEMBER_BYTES) {
      const headless = await recover(bytes, onDamage)
      if (headless) yield headless
      continue
    }
    const { header } = found
    const offsetBytes = bytes.position
    if (memberBytes > bytes.leftBytes) {
      const { signal, itemCount } = header
      const message = `the block has ${bytes.leftBytes} of its ${memberBytes} bytes`
      onDamage({ key: bytes.key, offsetBytes, reason: 'truncated', message, signal, itemCount })
      // Its own end may be what is missing, with others behind it.
      bytes.skip(await findNextHeader(bytes, bytes.leftBytes))
      continue
    }
    let isDamaged = false
    const member = async (): Promise<Buffer> =>
      (await bytes.fill(memberBytes)).subarray(0, memberBytes)
    const bodies = async (): Promise<Buffer[]> => {
      const whole = await member()
      // Where it ends is not where it should, even if all of its content is there.
      isDamaged = !endsAsItSays(whole, header)
      try {
        return await decodeBlock(whole, found)
      } catch (error) {
        isDamaged = true
        throw error
      }
    }
    yield { header, offsetBytes, member, bodies }
    bytes.skip(isDamaged ? await findNextHeader(bytes, memberBytes) : memberBytes)
  }
}

/** Whether gzip's own length, at the very end, is that of the content. */
export function endsAsItSays(member: Buffer, { batches }: BlockHeader): boolean {
  const contentBytes = batches.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0)
  return member.readUInt32LE(member.length - 4) === contentBytes % 2 ** 32
}

/**
 * Whether the object is a segment of ours: a valid block header stands at its
 * start, or, should the first be damaged, further on.
 */
export async function hasBlocks(bytes: ObjectBytes): Promise<boolean> {
  if (findBlockHeader(await bytes.fill(MAX_HEADER_BYTES))) return true
  if (!bytes.key.endsWith(SEGMENT_SUFFIX)) return false
  const next = await findNextHeader(bytes)
  return findBlockHeader((await bytes.fill(next)).subarray(next)) !== undefined
}

/** Steps to the next block header, or the end; saves what lies before it if it is whole. */
async function recover(
  bytes: ObjectBytes,
  onDamage: (damage: Damage) => void,
): Promise<HeadlessBlock | undefined> {
  const offsetBytes = bytes.position
  const length = await findNextHeader(bytes)
  const region = (await bytes.fill(length)).subarray(0, length)
  const isLast = length === bytes.leftBytes
  bytes.skip(length)
  try {
    const content = await gunzipAsync(region, { maxOutputLength: MAX_HEADLESS_BYTES })
    return { header: undefined, offsetBytes, content }
  } catch (error) {
    const reason = isLast && isCutShort(error) ? 'truncated' : 'decompression'
    const message = `${length} bytes are no block that can be read: ${(error as Error).message}`
    onDamage({ key: bytes.key, offsetBytes, reason, message })
    return undefined
  }
}

/** Bytes up to the next valid block header, to the end, or to the end of the search. */
async function findNextHeader(bytes: ObjectBytes, searchBytes = SEARCH_BYTES): Promise<number> {
  let falseHeaders = 0
  for (let at = 1; at < searchBytes;) {
    const ahead = await bytes.fill(at + MAX_HEADER_BYTES)
    const hit = ahead.indexOf(GZIP_WITH_EXTRA, at)
    if (hit >= 0) {
      if (hit >= searchBytes) return searchBytes
      const candidate = (await bytes.fill(hit + MAX_HEADER_BYTES)).subarray(hit)
      if (findBlockHeader(candidate)) return hit
      if (++falseHeaders > MAX_FALSE_HEADERS) return Math.min(searchBytes, bytes.leftBytes)
      at = hit + 1
    } else if (ahead.length === bytes.leftBytes) {
      return Math.min(ahead.length, searchBytes)
    } else {
      // The magic may lie across the border of what has been read.
      at = ahead.length - (GZIP_WITH_EXTRA.length - 1)
    }
  }
  return searchBytes
}

function isCutShort(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR'
}
