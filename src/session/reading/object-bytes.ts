// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ObjectInfo, ObjectStore } from '../../storage/object-store'
import { StorageError } from '../../storage/storage-error'

const RANGE_BYTES = 1024 * 1024

/**
 * An object's bytes, read range by range as they are needed. Each range is a
 * request of its own that is read to its end at once: a replay paced over hours
 * must not hold a response open until the server gives up on it.
 */
export class ObjectBytes {
  readonly #store: ObjectStore
  readonly #object: ObjectInfo
  readonly #signal: AbortSignal | undefined
  #buffer: Buffer = Buffer.alloc(0)
  #position = 0

  constructor(store: ObjectStore, object: ObjectInfo, signal?: AbortSignal) {
    this.#store = store
    this.#object = object
    this.#signal = signal
  }

  get key(): string {
    return this.#object.key
  }

  /** Where `fill` begins, in bytes from the object's start. */
  get position(): number {
    return this.#position
  }

  get leftBytes(): number {
    return this.#object.sizeBytes - this.#position
  }

  /**
   * The next bytes, without moving behind them: at least `count`, or all that are left.
   * Throws `StorageError`.
   */
  async fill(count: number): Promise<Buffer> {
    while (this.#buffer.length < Math.min(count, this.leftBytes)) {
      const startBytes = this.#position + this.#buffer.length
      const lengthBytes = Math.min(
        Math.max(RANGE_BYTES, count - this.#buffer.length),
        this.#object.sizeBytes - startBytes,
      )
      const chunks: Buffer[] = [this.#buffer]
      const options = { startBytes, lengthBytes, signal: this.#signal }
      // A stream of the store carries nothing but bytes.
      for await (const chunk of this.#store.read(this.key, options) as AsyncIterable<Buffer>) {
        chunks.push(chunk)
      }
      // Or it would be asked for the same bytes for ever.
      if (chunks.every((chunk) => chunk === this.#buffer || chunk.length === 0)) {
        throw this.#endedEarly(startBytes)
      }
      this.#buffer = Buffer.concat(chunks)
    }
    return this.#buffer
  }

  /** Moves on by `count` bytes, or to the object's end. */
  skip(count: number): void {
    const step = Math.min(count, this.leftBytes)
    this.#buffer = this.#buffer.subarray(Math.min(step, this.#buffer.length))
    this.#position += step
  }

  #endedEarly(atBytes: number): StorageError {
    const { key, sizeBytes } = this.#object
    const message = `The object '${key}' ended after ${atBytes} of ${sizeBytes} bytes: it was changed while it was read.`
    return new StorageError('FAILED', message, key)
  }

  /** Everything from here to the end. */
  async *rest(): AsyncGenerator<Buffer, void, undefined> {
    while (this.leftBytes > 0) {
      const chunk = await this.fill(1)
      this.skip(chunk.length)
      yield chunk
    }
  }
}
