// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../otlp/signal'
import type { CountedBatch } from './counted-batch'
import { SegmentBuilder } from './segment-builder'
import type { SignalTotals } from './totals'
import type { BuiltSegment } from './upload-queue'

export interface OpenSegmentsOptions {
  sessionId: string
  /** zlib level, 0 (stored) to 9. */
  compressionLevel: number
  /** Told how many more (or, negative, fewer) bytes are held, built segments included. */
  onBytesHeld: (deltaBytes: number) => void
  onBuilt: (segment: BuiltSegment) => void
  /** Told of a segment that could not be compressed. It is not held any more. */
  onFailed: (signal: Signal, totals: SignalTotals, error: unknown) => void
}

/** Compressed bytes at which a segment is cut, well below what a store takes in one request. */
const SEGMENT_BYTES = 8 * 1024 * 1024

/** The segments that take batches, one for each signal. */
export class OpenSegments {
  readonly #options: OpenSegmentsOptions
  readonly #cutting = new Set<Promise<void>>()
  #builders: Record<Signal, SegmentBuilder>

  constructor(options: OpenSegmentsOptions) {
    this.#options = options
    this.#builders = this.#createBuilders()
  }

  /** Compressed so far. */
  get compressedBytes(): number {
    const { traces, metrics, logs } = this.#builders
    return traces.compressedBytes + metrics.compressedBytes + logs.compressedBytes
  }

  /** Takes a batch and returns the key of the segment that it goes into. */
  add(batch: CountedBatch): string {
    const builder = this.#builders[batch.signal]
    const key = builder.add(batch)
    if (builder.compressedBytes >= SEGMENT_BYTES) this.#cut(builder)
    return key
  }

  /** Cuts the segment of that key, if it still takes batches. */
  cut(signal: Signal, key: string): void {
    const builder = this.#builders[signal]
    if (builder.openKey === key) this.#cut(builder)
  }

  /** Cuts those of signals for which this does not hold. */
  cutUnless(isHeldUp: (signal: Signal) => boolean): void {
    for (const signal of SIGNALS) if (!isHeldUp(signal)) this.#cut(this.#builders[signal])
  }

  /** Cuts all of them. Resolves when these and those cut before are built. */
  async cutAll(): Promise<void> {
    for (const signal of SIGNALS) this.#cut(this.#builders[signal])
    await Promise.all(this.#cutting)
  }

  /** Forgets what was added and is not cut. */
  discard(): void {
    this.#builders = this.#createBuilders()
  }

  #cut(builder: SegmentBuilder): void {
    const segment = builder.cut()
    if (segment === undefined) return
    const { key, signal, totals } = segment
    const { onBuilt, onFailed } = this.#options
    const cutting = segment.bytes
      .then((bytes) => {
        const stored = { ...totals, segments: 1, storedBytes: bytes.length }
        onBuilt({ key, signal, bytes, totals: stored })
      })
      .catch((error: unknown) => onFailed(signal, totals, error))
      .finally(() => this.#cutting.delete(cutting))
    this.#cutting.add(cutting)
  }

  #createBuilders(): Record<Signal, SegmentBuilder> {
    const { sessionId, compressionLevel, onBytesHeld } = this.#options
    const of = (signal: Signal): SegmentBuilder =>
      new SegmentBuilder({ sessionId, signal, compressionLevel, onBytesHeld })
    return { traces: of('traces'), metrics: of('metrics'), logs: of('logs') }
  }
}
