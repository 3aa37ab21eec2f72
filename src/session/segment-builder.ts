// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../otlp/signal'
import { encodeBlock } from './block'
import { MAX_BATCHES_PER_BLOCK } from './block-header'
import type { CountedBatch } from './counted-batch'
import { segmentKey } from './session-keys'
import { EMPTY_TOTALS, type SignalTotals, addTotals, totalsOfBatch } from './totals'

/** A segment that takes no more batches. */
export interface CutSegment {
  readonly key: string
  readonly signal: Signal
  /** What lies in it. Its stored size is known when `bytes` is. */
  readonly totals: SignalTotals
  /** Settles when the last block is compressed. */
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

/** Uncompressed bytes of a block, unless a single batch is larger. */
const BLOCK_BYTES = 256 * 1024

/**
 * Gathers batches of one signal into blocks, and blocks into one segment, until
 * it is cut. Adding is synchronous, so an exporter can call it and go on;
 * compressing happens behind it, in order.
 */
export class SegmentBuilder {
  readonly #options: SegmentBuilderOptions
  #nextKey: string | undefined
  #key: string | undefined
  #open: CountedBatch[] = []
  #openBytes = 0
  #totals: SignalTotals = EMPTY_TOTALS
  #compressedBytes = 0
  #blocks: Promise<Buffer[]> = Promise.resolve([])

  constructor(options: SegmentBuilderOptions) {
    this.#options = options
    this.#nextKey = options.key
  }

  /** Key of the segment that is open; `undefined` if none is. */
  get openKey(): string | undefined {
    return this.#key
  }

  /** Compressed so far, of the segment that is open. */
  get compressedBytes(): number {
    return this.#compressedBytes
  }

  /** Takes a batch and returns the key of the segment that it goes into. */
  add(batch: CountedBatch): string {
    const { sessionId, signal, onBytesHeld } = this.#options
    if (this.#openBytes + batch.body.length > BLOCK_BYTES) this.#closeBlock()
    this.#key ??= this.#nextKey ?? segmentKey(sessionId, signal, arrivalMillis(batch))
    this.#open.push(batch)
    this.#openBytes += batch.body.length
    this.#totals = addTotals(this.#totals, totalsOfBatch(batch))
    onBytesHeld(batch.body.length)
    if (this.#open.length >= MAX_BATCHES_PER_BLOCK) this.#closeBlock()
    return this.#key
  }

  /** Ends the open segment and starts afresh; `undefined` when nothing was added. */
  cut(): CutSegment | undefined {
    if (this.#key === undefined) return undefined
    this.#closeBlock()
    const { signal } = this.#options
    this.#nextKey = undefined
    const [key, totals] = [this.#key, this.#totals]
    const bytes = this.#blocks.then((blocks) => Buffer.concat(blocks))
    this.#key = undefined
    this.#totals = EMPTY_TOTALS
    this.#compressedBytes = 0
    this.#blocks = Promise.resolve([])
    return { key, signal, totals, bytes }
  }

  /** Resolves when all blocks that are closed are compressed. */
  async compressed(): Promise<void> {
    await this.#blocks
  }

  #closeBlock(): void {
    if (this.#open.length === 0) return
    const { signal, compressionLevel, onBytesHeld } = this.#options
    const [batches, uncompressedBytes, key] = [this.#open, this.#openBytes, this.#key]
    this.#open = []
    this.#openBytes = 0
    // At once: behind the block before, a busy event loop would let one through at each turn.
    const encoding = encodeBlock(signal, batches, compressionLevel)
    // A failure is met below; until then it must not count as met by nobody.
    encoding.catch(() => undefined)
    this.#blocks = this.#blocks.then(async (blocks) => {
      const block = await encoding
      onBytesHeld(block.length - uncompressedBytes)
      // A cut may have come in between; then these bytes are no longer ours.
      if (key === this.#key) this.#compressedBytes += block.length
      return [...blocks, block]
    })
  }
}

function arrivalMillis({ capturedAtUnixNano }: CountedBatch): number {
  return Number(capturedAtUnixNano / 1_000_000n)
}
