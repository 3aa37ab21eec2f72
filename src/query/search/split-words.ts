// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** A word as it stands in a text, and what it is compared by. */
export interface Word {
  /** In lower case. */
  readonly text: string
  readonly stem: string
}

const MAX_WORD_LENGTH = 32
const MAX_WORDS = 128
const MAX_DIGITS = 5
/** `PlaceOrder`, `HTTPServer` and `oteldemo.CartService` as the words that they are made of. */
const HUMPS = /([\p{Ll}\d])(?=\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})/gu
/** A word of the trade that would fall to pieces. */
const N_PLUS_ONE = /\bn ?\+ ?1\b/gi
const SEPARATORS = /[^\p{L}\p{N}]+/u
/** A part of an id: it tells a request, not what happened in it. */
const ID_PART = /^(?=.*\d)[0-9a-f]{8,}$|^\d{6,}$|^(?=(?:.*\d){6})[\p{L}\p{N}]{16,}$/u

/** The words of a text, without ids and long numbers. */
export function splitWords(text: string): Word[] {
  const words: Word[] = []
  const spaced = text.replace(N_PLUS_ONE, 'nplusone').replace(HUMPS, '$1$2 ')
  for (const part of spaced.toLowerCase().split(SEPARATORS)) {
    if (part === '' || part.length > MAX_WORD_LENGTH || isNoise(part)) continue
    words.push({ text: part, stem: stemOf(part) })
    if (words.length === MAX_WORDS) break
  }
  return words
}

function isNoise(part: string): boolean {
  // One letter is a word in scripts that write words so.
  if (part.length === 1) return /[\x00-\x7f]/.test(part)
  return ID_PART.test(part) || (part.length > MAX_DIGITS && /^\d+$/.test(part))
}

/**
 * What the forms of an English word have in common, roughly: `retries`, `retried` and `retrying`
 * are `retry`. Words that it merges wrongly are merged in queries and traces alike.
 */
export function stemOf(word: string): string {
  if (word.length <= 3 || /\d/.test(word)) return word
  let stem = word
  if (stem.endsWith('ies') || stem.endsWith('ied')) stem = `${stem.slice(0, -3)}y`
  else if (stem.endsWith('sses')) stem = stem.slice(0, -2)
  else if (/[^sui]s$/.test(stem)) stem = stem.slice(0, -1)
  if (stem.endsWith('ly') && stem.length > 5) stem = stem.slice(0, -2)
  const withoutSuffix = stem.replace(/(?:ing|ed)$/, '')
  if (withoutSuffix.length >= 3 && /[aeiouy]/.test(withoutSuffix)) stem = withoutSuffix
  if (/([st])ion$/.test(stem) && stem.length > 6) stem = stem.slice(0, -3)
  if (/([bdfgmnprt])\1$/.test(stem) && stem.length > 3) stem = stem.slice(0, -1)
  return stem.length > 4 && stem.endsWith('e') ? stem.slice(0, -1) : stem
}
