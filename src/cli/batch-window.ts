// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { OtlpBatch } from '../otlp/otlp-batch'

/** Bytes of batches that are held at once. */
const WINDOW_BYTES = 16 * 1024 * 1024

/**
 * Gathers batches, so that they are stored in the order of their arrival: in a
 * file of another tool they may lie otherwise, and a session's reader expects
 * each segment to begin with its earliest batch. `store` gets a window at a time,
 * in order, and has stored it when it resolves.
 */
export class BatchWindow {
  readonly #store: (batches: readonly OtlpBatch[]) => Promise<void>
  #held: OtlpBatch[] = []
  #heldBytes = 0

  constructor(store: (batches: readonly OtlpBatch[]) => Promise<void>) {
    this.#store = store
  }

  async add(batch: OtlpBatch): Promise<void> {
    this.#held.push(batch)
    this.#heldBytes += batch.body.length
    if (this.#heldBytes >= WINDOW_BYTES) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.#held.length === 0) return
    const batches = this.#held.sort(byArrival)
    this.#held = []
    this.#heldBytes = 0
    await this.#store(batches)
  }
}

function byArrival(a: OtlpBatch, b: OtlpBatch): number {
  return Number(a.capturedAtUnixNano - b.capturedAtUnixNano)
}
