// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Gives trace and span ids that stand for others; what `rewriteIds` asks. */
export interface IdRewriter {
  /** The 16 bytes to write in place of these 16. The same id has to get the same answer. */
  traceId(id: Uint8Array): Uint8Array
  /** The 8 bytes to write in place of these 8. The same id has to get the same answer. */
  spanId(id: Uint8Array): Uint8Array
}

const TRACE_ID_BYTES = 16
const SPAN_ID_BYTES = 8

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
  readonly #traceKey: Uint8Array
  readonly #spanKey: Uint8Array

  constructor(seed: string) {
    const key = bytesFromSeed(seed, TRACE_ID_BYTES + SPAN_ID_BYTES)
    this.#traceKey = key.subarray(0, TRACE_ID_BYTES)
    this.#spanKey = key.subarray(TRACE_ID_BYTES)
  }

  traceId(id: Uint8Array): Uint8Array {
    return xor(id, this.#traceKey)
  }

  spanId(id: Uint8Array): Uint8Array {
    return xor(id, this.#spanKey)
  }
}

function xor(id: Uint8Array, key: Uint8Array): Uint8Array {
  const mapped = new Uint8Array(key.length)
  let bits = 0
  for (let index = 0; index < key.length; index++) {
    mapped[index] = id[index] ^ key[index]
    bits |= mapped[index]
  }
  // An id equal to the key would become all zero, which means "no id". It keeps
  // itself: no other id is mapped to it, because 0 is never rewritten.
  return bits === 0 ? key : mapped
}

// FNV-1a takes the seed in, SplitMix64 draws from it: few lines, well spread, no I/O.
function bytesFromSeed(seed: string, length: number): Uint8Array {
  let state = 0xcbf29ce484222325n
  for (const byte of Buffer.from(seed, 'utf8')) {
    state = BigInt.asUintN(64, (state ^ BigInt(byte)) * 0x100000001b3n)
  }
  const words = new BigUint64Array(length / BigUint64Array.BYTES_PER_ELEMENT)
  for (let index = 0; index < words.length; index++) {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n)
    let word = state
    word = BigInt.asUintN(64, (word ^ (word >> 30n)) * 0xbf58476d1ce4e5b9n)
    word = BigInt.asUintN(64, (word ^ (word >> 27n)) * 0x94d049bb133111ebn)
    words[index] = word ^ (word >> 31n)
  }
  return new Uint8Array(words.buffer)
}
