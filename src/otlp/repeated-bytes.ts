// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Bytes that are written again and again, in words of 32 bits: for the few dozen
 * bytes of an attribute's key, copying them in a loop costs half of what
 * `Uint8Array.set` does (measured).
 */
export class RepeatedBytes {
  /** Little-endian; zeros in front make the first one whole. */
  readonly words: readonly number[]
  readonly length: number

  constructor(bytes: Uint8Array) {
    const padded = Buffer.alloc((bytes.length + 3) & ~3)
    padded.set(bytes, padded.length - bytes.length)
    const words: number[] = []
    for (let at = 0; at < padded.length; at += 4) words.push(padded.readInt32LE(at))
    this.words = words
    this.length = bytes.length
  }
}
