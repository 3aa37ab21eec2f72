// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import type { OtlpBatch } from '../otlp/otlp-batch'

/**
 * What was received, for whoever wants to see it: a queue whose bytes are
 * bounded, and a stream out of it. Nothing is queued before somebody asked for
 * the stream, and after it was destroyed.
 */
export class ReceivedBatches {
  readonly #maxBytes: number
  readonly #queue: OtlpBatch[] = []
  #waitingBytes = 0
  #isWanted = false
  #hasEnded = false
  #stream: Readable | undefined

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get stream(): Readable {
    this.#stream ??= new Readable({
      objectMode: true,
      highWaterMark: 1,
      read: () => {
        this.#isWanted = true
        this.#feed()
      },
      destroy: (error, callback) => {
        this.#queue.length = 0
        this.#waitingBytes = 0
        callback(error)
      },
    })
    return this.#stream
  }

  /** Whether somebody may be reading. */
  get isWatched(): boolean {
    return this.#stream !== undefined && !this.#stream.destroyed
  }

  /** Whether a request of so many bytes may be taken; one always fits. */
  hasRoomFor(bytes: number): boolean {
    return this.#waitingBytes === 0 || this.#waitingBytes + bytes <= this.#maxBytes
  }

  push(batch: OtlpBatch): void {
    if (!this.isWatched || this.#hasEnded) return
    this.#queue.push(batch)
    this.#waitingBytes += batch.body.length
    this.#feed()
  }

  /** Nothing comes any more: the stream ends behind what waits. */
  end(): void {
    this.#hasEnded = true
    this.#feed()
  }

  #feed(): void {
    if (!this.#isWanted) return
    const batch = this.#queue.shift()
    if (batch === undefined && !this.#hasEnded) return
    this.#isWanted = false
    this.#waitingBytes -= batch?.body.length ?? 0
    this.#stream?.push(batch ?? null)
  }
}
