// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type FuzzTarget, type InputShape, BrokenPromiseError } from './fuzz-target'

// What parsers have taken quadratic time or worse for, or exhausted the stack with: something
// that is repeated, at the beginning, in the middle or at the end of what is right otherwise.
/** Whatever is that fast is fast enough, however it grows. */
const FAST_MILLIS = 50
const GROWTH = 8
/** Time that grows with the square is 8 times this. Memory that is cleaned up takes its time, too. */
const MAX_RATIO = GROWTH * 3

const TEXTS = [
  ...[
    ' ',
    '/',
    '=',
    ',',
    ':',
    '[',
    ']',
    '(',
    '.',
    '-',
    '+',
    '%',
    '&',
    '#',
    '"',
    '\\',
    '\n',
    '0',
    '1',
  ],
  ...['a=', 'a,', 'a=,', '%41', '../', 'a/', '//v1', 'v1/', '::', '2026-', '2026-11-21/', '1.'],
  ...[
    'traces_1.',
    'logs-',
    '<Contents>',
    '<CommonPrefixes>',
    '<Key>',
    '&amp',
    '&#',
    '&#65;',
    '"e"',
  ],
  ...['\u001b', '\u2028', '\ufeff', '\ud83d', '@', '?', 'http://', 'é'],
].map((text) => Buffer.from(text))

const JSON_PIECES = [
  ...['[', '{', '{"a":', '[[', '"', '\\', '\\u', '1', '-1', '1234567890123456,', ' ', '\n', '\r\n'],
  ...['{}\n', '{"resourceLogs":[]}\n', '[],', '"a":1,', '"__proto__":{', '\ufeff', 'é', '"\\"'],
  ...['{"arrayValue":{"values":[', '{"kvlistValue":{"values":[{"key":"a","value":'],
].map((text) => Buffer.from(text))

const BYTES = [
  ...['00', '0a', '0a00', '0a0a', '0a80', '1200', '7b', '7c', '80', 'ff', '88', '0b', '0c', '2a02'],
  ...['0a020a00', '0800', '0d00000000', '090000000000000000', 'ffffffffffffffffff01', '1f8b'],
  // The beginning of a block's header that claims all that a header may have.
  ...['1f8b0804', '1f8b080400000000000000ff4f54fcfe01', '1f8b08000000000000ff03000000000000000000'],
].map((hex) => Buffer.from(hex, 'hex'))

const PIECES: Readonly<Record<InputShape, readonly Buffer[]>> = {
  text: TEXTS,
  json: JSON_PIECES,
  protobuf: BYTES,
  bytes: BYTES,
}

/** A piece again and again: alone, behind the first part of a valid input, and before the rest of it. */
function inputsOf(target: FuzzTarget, piece: Buffer): ((bytes: number) => Buffer)[] {
  const [seed] = target.seeds()
  const half = seed.length >> 1
  const repeated = (bytes: number) => Buffer.alloc(bytes, piece)
  return [
    repeated,
    (bytes) => Buffer.concat([seed.subarray(0, half), repeated(bytes)]),
    (bytes) => Buffer.concat([repeated(bytes), Buffer.from('\0x')]),
    (bytes) => Buffer.concat([seed.subarray(0, half), repeated(bytes), seed.subarray(half)]),
  ]
}

/** CPU time that a parser takes, to accept or to refuse. */
export async function millisFor({ parse, isRefusal }: FuzzTarget, input: Buffer): Promise<number> {
  const start = process.cpuUsage()
  try {
    await parse(input)
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

/** Of several, as others use the same cores. */
async function leastMillis(target: FuzzTarget, make: () => Buffer, times: number): Promise<number> {
  let least = Infinity
  for (let time = 0; time < times; time++) {
    least = Math.min(least, await millisFor(target, make()))
  }
  return least
}

/**
 * Throws unless time grows with length: an input of `longBytes` takes at most three times as long
 * as eight of an eighth of that, whatever it is that is repeated in it.
 */
export async function ensureTimeGrowsWithLength(
  target: FuzzTarget,
  longBytes: number,
): Promise<void> {
  for (const piece of PIECES[target.shape]) {
    for (const [position, make] of inputsOf(target, piece).entries()) {
      if ((await leastMillis(target, () => make(longBytes), 1)) < FAST_MILLIS) continue
      const long = await leastMillis(target, () => make(longBytes), 2)
      const short = await leastMillis(target, () => make(longBytes / GROWTH), 3)
      if (long < FAST_MILLIS || long < short * MAX_RATIO) continue
      const shown = `${JSON.stringify(piece.toString('latin1'))} at position ${position}`
      const times = `${short} ms became ${long} ms with ${GROWTH} times the length`
      throw new BrokenPromiseError(`${target.name}, ${shown}: ${times}`)
    }
  }
}
