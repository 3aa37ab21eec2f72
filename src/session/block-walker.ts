// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { type BlockHeader, MAX_HEADER_BYTES, findBlockHeader } from './block-header'
import type { Damage } from './damage'
import { decodeBlock } from './decode-block'
import type { ObjectBytes } from './object-bytes'
import { SEGMENT_SUFFIX } from './session-keys'

const gunzipAsync = promisify(gunzip)

/** A block that was come upon; it is inflated only when asked for its bodies. */
export interface FoundBlock {
  readonly header: BlockHeader
  readonly offsetBytes: number
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
const MAX_HEADLESS_BYTES = 64 * 1024 * 1024
const GZIP_WITH_EXTRA = Buffer.from([0x1f, 0x8b, 8, 4])

/**
 * Walks a segment block by block. What is damaged is reported and stepped over:
 * behind a block whose header still holds, the next begins where it says;
 * behind a ruined header, wherever the next header is found.
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
      const message = `the last block has ${bytes.leftBytes} of its ${memberBytes} bytes`
      onDamage({ key: bytes.key, offsetBytes, reason: 'truncated', message, signal, itemCount })
      return
    }
    const bodies = async (): Promise<Buffer[]> =>
      decodeBlock((await bytes.fill(memberBytes)).subarray(0, memberBytes), found)
    yield { header, offsetBytes, bodies }
    bytes.skip(memberBytes)
  }
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
async function findNextHeader(bytes: ObjectBytes): Promise<number> {
  for (let at = 1; at < SEARCH_BYTES;) {
    const ahead = await bytes.fill(at + MAX_HEADER_BYTES)
    const hit = ahead.indexOf(GZIP_WITH_EXTRA, at)
    if (hit >= 0) {
      const candidate = (await bytes.fill(hit + MAX_HEADER_BYTES)).subarray(hit)
      if (findBlockHeader(candidate)) return hit
      at = hit + 1
    } else if (ahead.length === bytes.leftBytes) {
      return ahead.length
    } else {
      // The magic may lie across the border of what has been read.
      at = ahead.length - (GZIP_WITH_EXTRA.length - 1)
    }
  }
  return SEARCH_BYTES
}

function isCutShort(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR'
}
