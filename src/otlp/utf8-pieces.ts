// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Reads pieces of bytes as UTF-8. Most texts of telemetry are short and ASCII: cutting them out
 * of one long string takes a third of the time that decoding each of them does (measured).
 *
 * A piece may keep all of that string in memory: whoever keeps a piece for longer copies it.
 */
export class Utf8Pieces {
  readonly #bytes: Buffer
  #asLatin1: string | undefined

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** What is no UTF-8 becomes U+FFFD. */
  read(start: number, end: number): string {
    for (let at = start; at < end; at++) {
      if (this.#bytes[at] >= 0x80) return this.#bytes.toString('utf8', start, end)
    }
    const asLatin1 = (this.#asLatin1 ??= this.#bytes.toString('latin1'))
    return asLatin1.slice(start, end)
  }
}
