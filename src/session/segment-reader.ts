// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import type { OtlpBatch } from '../otlp/otlp-batch'
import type { Signal } from '../otlp/signal'
import { type RequestSummary, summarizeRequest } from '../otlp/summarize-request'
import type { ObjectInfo, ObjectStore } from '../storage/object-store'
import { isStorageError } from '../storage/storage-error'
import type { BlockHeader } from './block-header'
import { type FoundBlock, hasBlocks, walkBlocks } from './block-walker'
import type { Damage } from './damage'
import { readForeignObject } from './foreign-object'
import { ObjectBytes } from './object-bytes'
import { parseSegmentKey } from './session-keys'

/** A batch as it lies in a session. */
export interface RecordedBatch extends OtlpBatch {
  readonly itemCount: number
  /** The object it was read from. */
  readonly key: string
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
      options.onLeftOut?.(countWanted(block.header, options))
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
    for (const counts of batches) {
      if (isWithin(counts.capturedAtUnixNano, options)) yield { ...counts, signal, key, range }
    }
  }
}

type Piece =
  | { readonly block: FoundBlock; readonly batch: undefined }
  | { readonly block: undefined; readonly batch: RecordedBatch }

/** Blocks that hold something wanted, and wanted batches that lie outside of such blocks. */
async function* readPieces(
  object: ObjectInfo,
  options: ReadSegmentOptions,
): AsyncGenerator<Piece, void, undefined> {
  const { store, onDamage, arrivalOf, signal: abortSignal } = options
  const { key } = object
  const named = parseSegmentKey(key)
  let arrival = BigInt(named.arrivalMillis ?? object.lastModified.getTime()) * 1_000_000n
  const bytes = new ObjectBytes(store, object, abortSignal)
  try {
    if (!(await hasBlocks(bytes))) {
      for await (const request of readForeignObject(bytes, named.signal, onDamage)) {
        yield* toPiece(request, arrival)
      }
      return
    }
    for await (const block of walkBlocks(bytes, onDamage)) {
      if (block.header) {
        arrival = block.header.batches.at(-1)?.capturedAtUnixNano ?? arrival
        if (isExpected(block.header, block.offsetBytes)) yield { block, batch: undefined }
      } else if (named.signal) {
        yield* toPiece({ signal: named.signal, body: block.content }, arrival, block.offsetBytes)
      }
    }
  } catch (error) {
    // One object that can't be fetched must not end the reading of all others.
    if (endsReading(error)) throw error
    const { message } = error as Error
    const [offsetBytes, { signal }] = [bytes.position, named]
    onDamage({ key, offsetBytes, reason: 'unreadable', message, signal })
  }

  function isExpected(header: BlockHeader, offsetBytes: number): boolean {
    const { signal, itemCount } = header
    if (named.signal === undefined || signal === named.signal) return isWanted(header, options)
    const message = `a block of ${signal} in an object whose name says ${named.signal}`
    onDamage({ key, offsetBytes, reason: 'foreign', message, signal, itemCount })
    return false
  }

  function* toPiece(
    { signal, body }: Pick<OtlpBatch, 'signal' | 'body'>,
    fallback: bigint,
    offsetBytes = 0,
  ): Generator<Piece, void, undefined> {
    if (!isSignalWanted(signal, options)) return
    if (arrivalOf === undefined && !isWithin(fallback, options)) return
    try {
      const summary = summarizeRequest(body, signal)
      const { itemCount } = summary
      const capturedAtUnixNano = arrivalOf?.(summary, object) ?? fallback
      if (!isWithin(capturedAtUnixNano, options)) return
      yield { block: undefined, batch: { signal, body, capturedAtUnixNano, itemCount, key } }
    } catch (error) {
      if (!(error instanceof MalformedOtlpError)) throw error
      onDamage({ key, offsetBytes, reason: 'malformed', message: error.message, signal })
    }
  }
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
    if (isStorageError(error) && endsReading(error)) throw error
    const { message } = error as Error
    const reason = isStorageError(error) ? 'unreadable' : 'decompression'
    const itemCount = countWanted(header, options)
    options.onDamage({ key, offsetBytes, reason, message, signal, itemCount })
    return []
  }
  const run: RecordedBatch[] = []
  for (const [index, { itemCount, capturedAtUnixNano }] of header.batches.entries()) {
    if (!isWithin(capturedAtUnixNano, options)) continue
    run.push({ signal, body: bodies[index], capturedAtUnixNano, itemCount, key })
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

function countWanted({ batches }: BlockHeader, selection: BatchSelection): number {
  return batches.reduce(
    (items, batch) =>
      isWithin(batch.capturedAtUnixNano, selection) ? items + batch.itemCount : items,
    0,
  )
}

/** A store that was asked to stop has not lost an object. */
function endsReading(error: unknown): boolean {
  return !isStorageError(error) || error.code === 'ABORTED' || error.code === 'CLOSED'
}

function isWanted(header: BlockHeader, selection: BatchSelection): boolean {
  return (
    isSignalWanted(header.signal, selection) &&
    header.batches.some((batch) => isWithin(batch.capturedAtUnixNano, selection))
  )
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
