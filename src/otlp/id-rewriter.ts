// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

export const TRACE_ID_BYTES = 16
export const SPAN_ID_BYTES = 8

const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT

/** Puts trace and span ids in the place of others; what `rewriteIds` asks. */
export interface IdRewriter {
  /**
   * Patches the 16 bytes at `position`. The same id has to become the same id; all
   * zero means "no id" and stays.
   */
  rewriteTraceId(view: DataView, position: number): void
  /** Patches the 8 bytes at `position`, under the same conditions. */
  rewriteSpanId(view: DataView, position: number): void
}

/**
 * Maps ids one to one, by a key drawn from `seed`. The same seed gives the same
 * ids, in any process, so links hold across batches, signals and services;
 * another seed gives other ids, so a backend can keep two replays of one session
 * apart. Nothing is remembered. This hides nothing: whoever knows one pair of
 * ids knows the key.
 *
 * @example
 * const rewriter = createIdRewriter(`${sessionId}/${replayedAt}`)
 * const body = rewriteIds(batch.body, batch.signal, rewriter)
 */
export function createIdRewriter(seed: string): IdRewriter {
  return new XorIdRewriter(seed)
}

class XorIdRewriter implements IdRewriter {
  readonly #traceKey: Int32Array
  readonly #spanKey: Int32Array

  constructor(seed: string) {
    const key = wordsFromSeed(seed, TRACE_ID_BYTES + SPAN_ID_BYTES)
    this.#traceKey = key.subarray(0, TRACE_ID_BYTES / WORD_BYTES)
    this.#spanKey = key.subarray(TRACE_ID_BYTES / WORD_BYTES)
  }

  rewriteTraceId(view: DataView, position: number): void {
    xor(view, position, this.#traceKey)
  }

  rewriteSpanId(view: DataView, position: number): void {
    xor(view, position, this.#spanKey)
  }
}

function xor(view: DataView, position: number, key: Int32Array): void {
  let bitsBefore = 0
  let bitsAfter = 0
  for (let index = 0; index < key.length; index++) {
    const word = view.getInt32(position + index * WORD_BYTES, true)
    bitsBefore |= word
    bitsAfter |= word ^ key[index]
  }
  // An id equal to the key would become all zero, which means "no id". It keeps
  // itself: no other id is mapped to it, because 0 is never rewritten.
  if (bitsBefore === 0 || bitsAfter === 0) return
  for (let index = 0; index < key.length; index++) {
    const at = position + index * WORD_BYTES
    view.setInt32(at, view.getInt32(at, true) ^ key[index], true)
  }
}

// FNV-1a takes the seed in, SplitMix64 draws from it: few lines, well spread, no I/O.
function wordsFromSeed(seed: string, lengthBytes: number): Int32Array {
  let state = 0xcbf29ce484222325n
  for (const byte of Buffer.from(seed, 'utf8')) {
    state = BigInt.asUintN(64, (state ^ BigInt(byte)) * 0x100000001b3n)
  }
  const words = new BigUint64Array(lengthBytes / BigUint64Array.BYTES_PER_ELEMENT)
  for (let index = 0; index < words.length; index++) {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n)
    let word = state
    word = BigInt.asUintN(64, (word ^ (word >> 30n)) * 0xbf58476d1ce4e5b9n)
    word = BigInt.asUintN(64, (word ^ (word >> 27n)) * 0x94d049bb133111ebn)
    words[index] = word ^ (word >> 31n)
  }
  return new Int32Array(words.buffer)
}
