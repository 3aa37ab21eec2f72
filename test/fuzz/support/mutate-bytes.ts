// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Random } from './random'

/** Beyond this a mutant grows no further: whether time grows with length is another test's. */
export const MAX_MUTANT_BYTES = 4096

const BYTES = Buffer.from('\x00\x01\x0a\x7f\x80\xff"\\{}[]<>&%/.:;=,@-+e \t', 'latin1')

/** Around which lengths and numbers go wrong. */
const INTEGERS = [
  ...[0n, 1n, 2n, 9n, 10n, 100n, 127n, 128n, 255n, 256n, 4096n, 32_767n, 32_768n, 65_535n],
  ...[65_536n, 2n ** 24n, 2n ** 28n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n],
  ...[2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 2n, 2n ** 64n - 1n],
]

/** Names of what everything inherits, and texts that parsers trip over. */
export const HOSTILE_WORDS = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'toJSON'],
  ...['..', '../', '%2e%2e%2f', '%00', '%', '\u0000', '\ufeff', '\u2028', '\ud800', '🛒'],
  ...['NaN', '-0', '1e999', '-1', '0x10', '00', '99999999999999999999', '1.5', 'null', 'Infinity'],
]

type Mutation = (bytes: Buffer, random: Random, others: readonly Uint8Array[]) => Uint8Array

/** One change that knows nothing of what the bytes mean. The bytes themselves stay as they are. */
export function mutateBytes(
  bytes: Uint8Array,
  random: Random,
  others: readonly Uint8Array[],
  words: readonly string[],
): Uint8Array {
  if (random.chance(0.15)) return withWord(bytes, random, words)
  // A copy: mutants must not change what they descend from.
  const mutant = random.pick(MUTATIONS)(Buffer.from(bytes), random, others)
  return mutant.subarray(0, MAX_MUTANT_BYTES)
}

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => withByte(bytes, random, (byte) => byte ^ (1 << random.below(8))),
  (bytes, random) => withByte(bytes, random, () => random.below(256)),
  (bytes, random) => withByte(bytes, random, () => random.pick([...BYTES])),
  (bytes, random) => withByte(bytes, random, (byte) => byte + random.pick([-1, 1])),
  (bytes, random) => overwrittenWith(bytes, random, littleEndian(random)),
  (bytes, random) => overwrittenWith(bytes, random, littleEndian(random).reverse()),
  (bytes, random) => overwrittenWith(bytes, random, varint(random.pick(INTEGERS))),
  (bytes, random) => withRange(bytes, random, () => varint(random.pick(INTEGERS))),
  (bytes, random) => withRange(bytes, random, () => Buffer.from(String(random.pick(INTEGERS)))),
  (bytes, random) => withRange(bytes, random, () => Buffer.alloc(0)),
  (bytes, random) => withRange(bytes, random, (range) => repeated(range, random)),
  (bytes, random) => inserted(bytes, random, randomBytes(random)),
  (bytes, random) => inserted(bytes, random, rangeOf(bytes, random)),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => bytes.subarray(random.below(bytes.length + 1)),
  (bytes, random, others) => inserted(bytes, random, rangeOf(random.pick(others), random)),
  (bytes, random, others) => {
    const other = random.pick(others)
    const start = bytes.subarray(0, random.below(bytes.length + 1))
    return Buffer.concat([start, other.subarray(random.below(other.length + 1))])
  },
]

function withWord(bytes: Uint8Array, random: Random, words: readonly string[]): Uint8Array {
  const own = words.length > 0 && random.chance(0.7)
  const word = Buffer.from(random.pick(own ? words : HOSTILE_WORDS))
  if (random.chance(0.5)) return inserted(Buffer.from(bytes), random, word)
  return withRange(Buffer.from(bytes), random, () => word)
}

function withByte(bytes: Buffer, random: Random, change: (byte: number) => number): Buffer {
  const at = random.below(bytes.length)
  if (bytes.length > 0) bytes[at] = change(bytes[at])
  return bytes
}

function overwrittenWith(bytes: Buffer, random: Random, patch: Buffer): Buffer {
  patch.copy(bytes, random.below(bytes.length))
  return bytes
}

function inserted(bytes: Buffer, random: Random, piece: Uint8Array): Buffer {
  const at = random.below(bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)])
}

function withRange(
  bytes: Buffer,
  random: Random,
  replace: (range: Uint8Array) => Uint8Array,
): Buffer {
  const start = random.below(bytes.length + 1)
  const end = Math.min(bytes.length, start + random.length(64))
  const replacement = replace(bytes.subarray(start, end))
  return Buffer.concat([bytes.subarray(0, start), replacement, bytes.subarray(end)])
}

function rangeOf(bytes: Uint8Array, random: Random): Uint8Array {
  const start = random.below(bytes.length)
  return bytes.subarray(start, start + random.length(256))
}

function repeated(range: Uint8Array, random: Random): Buffer {
  const times = Math.min(1 + random.length(200), Math.floor(MAX_MUTANT_BYTES / (range.length || 1)))
  return Buffer.concat(Array<Uint8Array>(times).fill(range))
}

function randomBytes(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random.length(32) }, () => random.below(256)))
}

function littleEndian(random: Random): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(random.pick(INTEGERS))
  return bytes.subarray(0, random.pick([2, 4, 8]))
}

/** As protobuf writes it. */
export function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

/** One of the numbers around which things go wrong. */
export function interestingInteger(random: Random): bigint {
  return random.pick(INTEGERS)
}
