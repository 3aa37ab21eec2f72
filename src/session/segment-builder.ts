// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../otlp/signal'
import { encodeBlock } from './block'
import { MAX_BATCHES_PER_BLOCK } from './block-header'
import type { CountedBatch } from './counted-batch'
import { segmentKey } from './session-keys'
import { RunningTotals, type SignalTotals } from './totals'

/** A segment that takes no more batches. */
export interface CutSegment {
  readonly key: string
  readonly signal: Signal
  /** What lies in it. Its stored size is known when `bytes` is. */
  readonly totals: SignalTotals
  /** Settles when the last block is compressed. If it rejects, nothing of the segment is held. */
  readonly bytes: Promise<Buffer>
}

export interface SegmentBuilderOptions {
  sessionId: string
  signal: Signal
  /** zlib level, 0 (stored) to 9. */
  compressionLevel: number
  /** Told how many more (or, negative, fewer) bytes the builder holds. */
  onBytesHeld: (deltaBytes: number) => void
  /** Key of the first segment, when it is built again. Default: a new one. */
  key?: string
}

/**
 * Uncompressed bytes of a block, unless a single batch is larger. Picked from the
 * table of test/bench/compression.bench.mjs: a quarter of it takes up to half as
 * much CPU again, four times as much saves a hundredth of the bytes.
 */
const BLOCK_BYTES = 256 * 1024

/** A segment that takes batches. */
interface OpenSegment {
  readonly key: string
  readonly totals: RunningTotals
  /** Of the block that is open. */
  batches: CountedBatch[]
  batchBytes: number
  /** Those that are closed and compressed, in order. */
  readonly blocks: Buffer[]
  compressedBytes: number
  /** As the owner was told: batches as they are, blocks as they are compressed. */
  heldBytes: number
  /** Settles when all blocks that are closed are compressed. */
  compressed: Promise<void>
}

/**
 * Gathers batches of one signal into blocks, and blocks into one segment, until
 * it is cut. Adding is synchronous, so an exporter can call it and go on;
 * compressing happens behind it, in order.
 */
export class SegmentBuilder {
  readonly #options: SegmentBuilderOptions
  #nextKey: string | undefined
  #segment: OpenSegment | undefined

  constructor(options: SegmentBuilderOptions) {
    this.#options = options
    this.#nextKey = options.key
  }

  /** Key of the segment that is open; `undefined` if none is. */
  get openKey(): string | undefined {
    return this.#segment?.key
  }

  /** Compressed so far, of the segment that is open. */
  get compressedBytes(): number {
    return this.#segment?.compressedBytes ?? 0
  }

  /** Takes a batch and returns the key of the segment that it goes into. */
  add(batch: CountedBatch): string {
    const segment = (this.#segment ??= this.#openSegment(batch))
    const { length } = batch.body
    if (segment.batchBytes + length > BLOCK_BYTES) this.#closeBlock(segment)
    segment.batches.push(batch)
    segment.batchBytes += length
    segment.totals.add(batch)
    this.#hold(segment, length)
    const isFull = segment.batchBytes >= BLOCK_BYTES
    if (isFull || segment.batches.length >= MAX_BATCHES_PER_BLOCK) this.#closeBlock(segment)
    return segment.key
  }

  /** Ends the open segment and starts afresh; `undefined` when nothing was added. */
  cut(): CutSegment | undefined {
    const segment = this.#segment
    if (segment === undefined) return undefined
    this.#segment = undefined
    this.#closeBlock(segment)
    const bytes = segment.compressed.then(() => Buffer.concat(segment.blocks))
    bytes.catch(() => this.#hold(segment, -segment.heldBytes))
    const { signal } = this.#options
    return { key: segment.key, signal, totals: segment.totals.current(), bytes }
  }

  /** Resolves when all blocks that are closed are compressed. */
  async compressed(): Promise<void> {
    await this.#segment?.compressed
  }

  #openSegment({ capturedAtUnixNano }: CountedBatch): OpenSegment {
    const { sessionId, signal } = this.#options
    const arrivalMillis = Number(capturedAtUnixNano / 1_000_000n)
    const key = this.#nextKey ?? segmentKey(sessionId, signal, arrivalMillis)
    this.#nextKey = undefined
    return {
      key,
      totals: new RunningTotals(),
      batches: [],
      batchBytes: 0,
      blocks: [],
      compressedBytes: 0,
      heldBytes: 0,
      compressed: Promise.resolve(),
    }
  }

  #closeBlock(segment: OpenSegment): void {
    const { batches, batchBytes } = segment
    if (batches.length === 0) return
    const { signal, compressionLevel } = this.#options
    segment.batches = []
    segment.batchBytes = 0
    // At once: behind the block before, a busy event loop would let one through at each turn.
    const encoding = encodeBlock(signal, batches, compressionLevel)
    const compressed = segment.compressed.then(async () => {
      const block = await encoding
      segment.blocks.push(block)
      segment.compressedBytes += block.length
      this.#hold(segment, block.length - batchBytes)
    })
    segment.compressed = compressed
    // A failure is met when the segment is cut; until then it must not count as met by nobody.
    encoding.catch(() => undefined)
    compressed.catch(() => undefined)
  }

  #hold(segment: OpenSegment, deltaBytes: number): void {
    segment.heldBytes += deltaBytes
    this.#options.onBytesHeld(deltaBytes)
  }
}
