// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { HOSTILE_WORDS, interestingInteger, mutateBytes } from './mutate-bytes'
import type { Random } from './random'

/** One change to a value somewhere in a JSON text, or in one line of it; the rest stays JSON. */
export function mutateJson(
  text: Uint8Array,
  random: Random,
  others: readonly Uint8Array[],
  words: readonly string[],
): Uint8Array {
  const lines = Buffer.from(text).toString('utf8').split('\n')
  const whole = lines.length > 20 || lines.length === 1 ? [lines.join('\n')] : lines
  const at = random.below(whole.length)
  const value = parse(whole[at])
  if (value === undefined) return mutateBytes(text, random, others, words)
  const changed = stringify(changedValue(value, random, words, others))
  if (changed === undefined) return mutateBytes(text, random, others, words)
  whole[at] = withRawPieces(changed, random)
  return Buffer.from(whole.join('\n'))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Undefined for what nests deeper than it can be written, and for what is no JSON. */
function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

type JsonObject = Record<string, unknown>

function changedValue(
  value: unknown,
  random: Random,
  words: readonly string[],
  others: readonly Uint8Array[],
): unknown {
  const isContainer = typeof value === 'object' && value !== null
  if (!isContainer || Object.keys(value).length === 0 || random.chance(0.1)) {
    return otherValue(value, random, words)
  }
  if (Array.isArray(value)) return changedArray(value, random, words, others)
  return changedObject(value as JsonObject, random, words, others)
}

function changedArray(
  list: readonly unknown[],
  random: Random,
  words: readonly string[],
  others: readonly Uint8Array[],
): unknown[] {
  const at = random.below(list.length)
  if (random.chance(0.7)) return list.with(at, changedValue(list[at], random, words, others))
  if (random.chance(0.3)) return list.toSpliced(at, 1)
  return list.toSpliced(at, 0, ...Array<unknown>(random.length(50)).fill(list[at]))
}

function changedObject(
  object: JsonObject,
  random: Random,
  words: readonly string[],
  others: readonly Uint8Array[],
): JsonObject {
  const entries = Object.entries(object)
  const at = random.below(entries.length)
  const [name, value] = entries[at]
  if (random.chance(0.7)) entries[at] = [name, changedValue(value, random, words, others)]
  else if (random.chance(0.3)) entries.splice(at, 1)
  else if (random.chance(0.5)) entries[at] = [wordOf(random, words), value]
  else entries.push([wordOf(random, words), valueOfAnother(random, others)])
  // fromEntries makes `__proto__` a key of its own, and JSON.stringify writes it.
  return Object.fromEntries(entries)
}

function valueOfAnother(random: Random, others: readonly Uint8Array[]): unknown {
  const [line] = Buffer.from(random.pick(others)).toString('utf8').split('\n')
  return parse(line) ?? { polluted: true }
}

function otherValue(value: unknown, random: Random, words: readonly string[]): unknown {
  const choices: (() => unknown)[] = [
    () => null,
    () => random.chance(0.5),
    () => random.pick([0, -1, 1.5, 1e300, -1e-300, 2 ** 31, 2 ** 53, 4_294_967_296, 1e21]),
    () => Number(interestingInteger(random)),
    () => String(interestingInteger(random)),
    () => wordOf(random, words),
    () => wordOf(random, words).repeat(random.length(200)),
    () => [],
    () => ({}),
    () => [value],
    () => ({ [wordOf(random, words)]: value }),
    () => ({ toString: 1, valueOf: value, toJSON: 'x' }),
    () => nestedValue(value, random),
  ]
  return random.pick(choices)()
}

function nestedValue(value: unknown, random: Random): unknown {
  let nested = value
  for (let depth = random.length(300); depth > 0; depth--) nested = [nested]
  return nested
}

function wordOf(random: Random, words: readonly string[]): string {
  return random.pick(words.length > 0 && random.chance(0.6) ? words : HOSTILE_WORDS)
}

/** What no value stringifies to: keys that come twice, integers beyond 2^53, odd spaces and escapes. */
function withRawPieces(json: string, random: Random): string {
  if (random.chance(0.8)) return json
  const pieces: [string | RegExp, string][] = [
    [/"(\w+)":/, '"$1":null,"$1":'],
    [/"(\w)/, String.raw`"\u00${(32 + random.below(90)).toString(16)}$1`],
    [/\d+/, String(interestingInteger(random))],
    [/\d+/, `-${interestingInteger(random)}`],
    [/:/, ' \t\r:\n '],
    ['{', '{"__proto__":{"polluted":1},'],
    ['{', '{"constructor":{"prototype":{"polluted":1}},'],
  ]
  const [what, replacement] = random.pick(pieces)
  return json.replace(what, replacement)
}
