// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MalformedOtlpError } from '../../otlp/malformed-otlp-error'
import type { OtlpBatch } from '../../otlp/otlp-batch'
import type { Signal } from '../../otlp/signal'
import { type RequestSummary, summarizeRequest } from '../../otlp/summarize-request'
import type { ObjectInfo, ObjectStore } from '../../storage/object-store'
import { isStorageError } from '../../storage/storage-error'
import type { BlockHeader } from '../block-header'
import { type FoundBlock, hasBlocks, walkBlocks } from './block-walker'
import type { Damage } from '../damage'
import { readForeignObject } from './foreign-object'
import { ObjectBytes } from './object-bytes'
import { type SegmentKeyParts, parseSegmentKey } from '../session-keys'

/** A batch as it lies in a session. */
export interface RecordedBatch extends OtlpBatch {
  readonly itemCount: number
  /** The object it was read from. */
  readonly key: string
  /**
   * Tells it from all others in that object, whatever else is read of it: the offset of its
   * block, plus its number in it. The block's header spends more than a byte on each batch, so
   * that no batch of the next block has the same. In an object without blocks it is the
   * request's number.
   */
  readonly position: number
}

/** Which batches are wanted. */
export interface BatchSelection {
  /** Default: all of them. */
  signals?: readonly Signal[]
  /** Only batches that arrived at this time or later, in nanoseconds since the Unix epoch. */
  fromUnixNano?: bigint
  /** Only batches that arrived before this time. */
  toUnixNano?: bigint
}

export interface ReadSegmentOptions extends BatchSelection {
  store: ObjectStore
  onDamage: (damage: Damage) => void
  signal?: AbortSignal
  /**
   * Leave out, without inflating them, blocks whose header says that nothing in them is of
   * these services, by `service.name`. What comes may still hold something of others.
   */
  services?: ReadonlySet<string>
  /** Told how many wanted items were in a block that `services` left out. */
  onLeftOut?: (itemCount: number) => void
  /** Leave out these batches, by key and position, and don't inflate blocks of nothing else. */
  isDone?: (key: string, position: number) => boolean
  /**
   * When a request arrived of which no block header says so, in nanoseconds since the Unix
   * epoch. Default: what the key says, else when the object was stored.
   */
  arrivalOf?: (request: RequestSummary, object: ObjectInfo) => bigint
}

/** What can be told of a batch without inflating the block that it lies in. */
export interface BatchIndexEntry extends Omit<RecordedBatch, 'body'> {
  readonly lengthBytes: number
  /** Of the whole block, if it lies in one. */
  readonly range: Pick<
    BlockHeader,
    'firstItemTimeUnixNano' | 'lastItemTimeUnixNano' | 'serviceNames'
  >
}

/** Reads the wanted batches of one object, ours or another tool's, in the order in which they lie. */
export async function* readSegment(
  object: ObjectInfo,
  options: ReadSegmentOptions,
): AsyncGenerator<RecordedBatch, void, undefined> {
  for await (const run of readSegmentRuns(object, options)) yield* run
}

/**
 * The same, all batches of a block at once: none of them empty. Their bodies are memory of
 * their own, no store's and no other batch's: the first to get them may alter them.
 */
export async function* readSegmentRuns(
  object: ObjectInfo,
  options: ReadSegmentOptions,
): AsyncGenerator<readonly RecordedBatch[], void, undefined> {
  const { key } = object
  for await (const { block, batch } of readPieces(object, options)) {
    if (block === undefined) {
      yield [batch]
    } else if (isOfOthers(block.header, options)) {
      options.onLeftOut?.(countWanted(block, key, options))
    } else {
      const run = await readBlock(block, key, options)
      if (run.length > 0) yield run
    }
  }
}

/** The same without inflating what a block's header tells. */
export async function* indexSegment(
  object: ObjectInfo,
  options: ReadSegmentOptions,
): AsyncGenerator<BatchIndexEntry, void, undefined> {
  const { key } = object
  for await (const { block, batch } of readPieces(object, options)) {
    if (block === undefined) {
      const { body, ...rest } = batch
      yield { ...rest, lengthBytes: body.length, range: summarizeRequest(body, batch.signal) }
      continue
    }
    const { signal, batches, ...range } = block.header
    for (const [index, counts] of batches.entries()) {
      const position = block.offsetBytes + index
      if (!isLeft(key, position, counts, options)) continue
      yield { ...counts, signal, key, position, range }
    }
  }
}

/** A block, or a batch that lies outside of blocks. */
export type SegmentPiece =
  | { readonly block: FoundBlock; readonly batch: undefined }
  | {
      readonly block: undefined
      readonly batch: RecordedBatch
      /** Where what it was read from begins, in bytes from the object's start. */
      readonly offsetBytes: number
    }

/** Blocks that hold something wanted, and wanted batches that lie outside of such blocks. */
export async function* readPieces(
  object: ObjectInfo,
  options: ReadSegmentOptions,
): AsyncGenerator<SegmentPiece, void, undefined> {
  const { store, onDamage, arrivalOf, signal: abortSignal } = options
  const { key } = object
  const named = parseSegmentKey(key)
  let arrival = BigInt(named.arrivalMillis ?? object.lastModified.getTime()) * 1_000_000n
  const bytes = new ObjectBytes(store, object, abortSignal)
  try {
    if (!(await hasBlocks(bytes))) {
      let index = 0
      for await (const request of readForeignObject(bytes, named.signal, onDamage)) {
        yield* toPiece(request, arrival, index++)
      }
      return
    }
    for await (const block of walkBlocks(bytes, onDamage)) {
      if (block.header) {
        arrival = block.header.batches.at(-1)?.capturedAtUnixNano ?? arrival
        if (isExpected(block, named, key, options)) yield { block, batch: undefined }
      } else if (named.signal) {
        const { content, offsetBytes } = block
        yield* toPiece({ signal: named.signal, body: content }, arrival, offsetBytes, offsetBytes)
      }
    }
  } catch (error) {
    // One object that can't be fetched must not end the reading of all others.
    if (await endsReading(error, key, options)) throw error
    const { message } = error as Error
    const [offsetBytes, { signal }] = [bytes.position, named]
    onDamage({ key, offsetBytes, reason: 'unreadable', message, signal })
  }

  function* toPiece(
    { signal, body }: Pick<OtlpBatch, 'signal' | 'body'>,
    fallback: bigint,
    position: number,
    offsetBytes = 0,
  ): Generator<SegmentPiece, void, undefined> {
    if (!isSignalWanted(signal, options)) return
    if (arrivalOf === undefined && !isWithin(fallback, options)) return
    try {
      const summary = summarizeRequest(body, signal)
      const capturedAtUnixNano = arrivalOf?.(summary, object) ?? fallback
      const batch = {
        signal,
        body,
        capturedAtUnixNano,
        itemCount: summary.itemCount,
        key,
        position,
      }
      if (isLeft(key, position, batch, options)) yield { block: undefined, batch, offsetBytes }
    } catch (error) {
      if (!(error instanceof MalformedOtlpError)) throw error
      onDamage({ key, offsetBytes, reason: 'malformed', message: error.message, signal })
    }
  }
}

/** Whether a block holds something wanted; one of another signal than its object is damage. */
function isExpected(
  block: FoundBlock,
  named: SegmentKeyParts,
  key: string,
  options: ReadSegmentOptions,
): boolean {
  const { offsetBytes, header } = block
  const { signal, itemCount } = header
  if (named.signal === undefined || signal === named.signal) return isWanted(block, key, options)
  const message = `a block of ${signal} in an object whose name says ${named.signal}`
  options.onDamage({ key, offsetBytes, reason: 'foreign', message, signal, itemCount })
  return false
}

/** The wanted batches in a block; none when it is damaged. */
async function readBlock(
  block: FoundBlock,
  key: string,
  options: ReadSegmentOptions,
): Promise<RecordedBatch[]> {
  const { header, offsetBytes } = block
  const { signal } = header
  let bodies: Buffer[]
  try {
    bodies = await block.bodies()
  } catch (error) {
    if (isStorageError(error) && (await endsReading(error, key, options))) throw error
    const { message } = error as Error
    const reason = isStorageError(error) ? 'unreadable' : 'decompression'
    const itemCount = countWanted(block, key, options)
    options.onDamage({ key, offsetBytes, reason, message, signal, itemCount })
    return []
  }
  const run: RecordedBatch[] = []
  for (const [index, counts] of header.batches.entries()) {
    const position = offsetBytes + index
    if (!isLeft(key, position, counts, options)) continue
    const { itemCount, capturedAtUnixNano } = counts
    run.push({ signal, body: bodies[index], capturedAtUnixNano, itemCount, key, position })
  }
  return run
}

/**
 * Whether the header lists the services in the block, and none of those that are asked for.
 * A resource without a name is nobody's: it is in no list, and not asked for either.
 */
function isOfOthers({ serviceNames }: BlockHeader, { services }: ReadSegmentOptions): boolean {
  return services !== undefined && serviceNames?.some((name) => services.has(name)) === false
}

function countWanted(block: FoundBlock, key: string, options: ReadSegmentOptions): number {
  const { header, offsetBytes } = block
  return header.batches.reduce(
    (items, batch, index) =>
      isLeft(key, offsetBytes + index, batch, options) ? items + batch.itemCount : items,
    0,
  )
}

/**
 * Whether it is the store that failed, and not this object alone: one that was asked
 * to stop has not lost an object, and where none answers any more, each further object
 * would be waited for in vain, and told as damaged.
 */
export async function endsReading(
  error: unknown,
  key: string,
  { store, signal }: ReadSegmentOptions,
): Promise<boolean> {
  if (!isStorageError(error) || error.code === 'ABORTED' || error.code === 'CLOSED') return true
  try {
    for await (const _ of store.list(key, { signal })) return false
    return false
  } catch {
    return true
  }
}

function isWanted(block: FoundBlock, key: string, options: ReadSegmentOptions): boolean {
  const { header, offsetBytes } = block
  return (
    isSignalWanted(header.signal, options) &&
    header.batches.some((batch, index) => isLeft(key, offsetBytes + index, batch, options))
  )
}

/** Whether a batch is wanted, by the time of its arrival, and not done. */
function isLeft(
  key: string,
  position: number,
  { capturedAtUnixNano }: Pick<OtlpBatch, 'capturedAtUnixNano'>,
  options: ReadSegmentOptions,
): boolean {
  return isWithin(capturedAtUnixNano, options) && options.isDone?.(key, position) !== true
}

function isSignalWanted(signal: Signal, { signals }: BatchSelection): boolean {
  return signals === undefined || signals.includes(signal)
}

function isWithin(unixNano: bigint, { fromUnixNano, toUnixNano }: BatchSelection): boolean {
  return (
    (fromUnixNano === undefined || unixNano >= fromUnixNano) &&
    (toUnixNano === undefined || unixNano < toUnixNano)
  )
}
