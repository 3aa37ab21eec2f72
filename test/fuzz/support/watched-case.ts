// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const HEADER_WORDS = 2
const HEADER_BYTES = HEADER_WORDS * Int32Array.BYTES_PER_ELEMENT
const MAX_INPUT_BYTES = 256 * 1024

/**
 * The case that a thread is at, in memory that another thread sees: of a parser that never
 * returns, somebody else has to say which input it was.
 */
export class WatchedCase {
  readonly memory: SharedArrayBuffer
  readonly #header: Int32Array
  readonly #bytes: Uint8Array

  constructor(memory = new SharedArrayBuffer(HEADER_BYTES + MAX_INPUT_BYTES)) {
    this.memory = memory
    this.#header = new Int32Array(memory, 0, HEADER_WORDS)
    this.#bytes = new Uint8Array(memory, HEADER_BYTES)
  }

  /** How many cases were begun, modulo 2^32: the same number twice is the same case. */
  get number(): number {
    return Atomics.load(this.#header, 0)
  }

  get input(): Uint8Array {
    return Uint8Array.from(this.#bytes.subarray(0, Atomics.load(this.#header, 1)))
  }

  begin(input: Uint8Array): void {
    const kept = input.subarray(0, MAX_INPUT_BYTES)
    this.#bytes.set(kept)
    Atomics.store(this.#header, 1, kept.length)
    Atomics.add(this.#header, 0, 1)
  }
}
