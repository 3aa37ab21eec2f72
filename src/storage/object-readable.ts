// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import { untraced } from './untraced'

type OpenChunks = (signal: AbortSignal) => AsyncGenerator<Uint8Array, void>

/**
 * A stream that pulls `open`'s chunks one by one, as they are asked for. The
 * signal that `open` gets fires when the caller's does, and when the stream is
 * destroyed.
 *
 * `Readable.from` would do, but for one case: it can't be destroyed while it
 * waits for a chunk. This one leaves a stalled server or file system at once.
 */
export function objectReadable(open: OpenChunks, signal?: AbortSignal): Readable {
  return new ObjectReadable(open, signal)
}

class ObjectReadable extends Readable {
  readonly #ending = new AbortController()
  readonly #onAbort = () => this.#ending.abort(this.#callerSignal?.reason)
  readonly #callerSignal: AbortSignal | undefined
  readonly #chunks: AsyncGenerator<Uint8Array, void>

  constructor(open: OpenChunks, signal: AbortSignal | undefined) {
    super()
    this.#callerSignal = signal
    if (signal?.aborted) this.#onAbort()
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#chunks = open(this.#ending.signal)
  }

  override _read(): void {
    untraced(() => this.#chunks.next()).then(
      ({ done, value }) => this.push(done ? null : value),
      (error: Error) => this.destroy(error),
    )
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#callerSignal?.removeEventListener('abort', this.#onAbort)
    this.#ending.abort()
    // Runs the generator's finally blocks. Their errors come after the end: nobody waits for them.
    this.#chunks.return().catch(() => {})
    callback(error)
  }
}
