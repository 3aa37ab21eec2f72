// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import type { ReplayBatch } from './replay-batch'
import { STAGE_HIGH_WATER_MARK } from './transform-batches'

export type OpenBatches = (signal: AbortSignal) => AsyncGenerator<ReplayBatch, void, undefined>

/**
 * A stream of the batches that `open` gives, asked for one at a time as they are
 * consumed. The signal that `open` gets fires when the stream is destroyed.
 *
 * `Readable.from` would do, but for one case: it can't be destroyed while it
 * waits for a batch, and the next one may be an hour away.
 */
export function batchReadable(open: OpenBatches): Readable {
  return new BatchReadable(open)
}

class BatchReadable extends Readable {
  readonly #ending = new AbortController()
  readonly #batches: AsyncGenerator<ReplayBatch, void, undefined>

  constructor(open: OpenBatches) {
    super({ objectMode: true, highWaterMark: STAGE_HIGH_WATER_MARK })
    this.#batches = open(this.#ending.signal)
  }

  override _read(): void {
    this.#batches.next().then(
      ({ done, value }) => this.push(done ? null : value),
      (error: Error) => this.destroy(error),
    )
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#ending.abort()
    // Runs the generator's finally blocks. Their errors come after the end: nobody waits for them.
    this.#batches.return().catch(() => {})
    callback(error)
  }
}
