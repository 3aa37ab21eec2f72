// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { isRegExp, withoutState } from './redact-options'
import { MAX_SEARCHED_CHARACTERS } from './redact-text'

/** Whether what stands under a key must not be kept. */
export type KeyMatcher = (key: string) => boolean

/** Keys are few, and come again and again. */
const MAX_REMEMBERED_KEYS = 1_000
const MAX_REMEMBERED_CHARACTERS = 128

/**
 * Matches attribute keys: whole keys, keys with `*` for any characters, and RegExps.
 *
 * @example
 * const isSecret = createKeyMatcher(['http.request.header.authorization', '*.token', /secret/i])
 */
export function createKeyMatcher(patterns: readonly (string | RegExp)[]): KeyMatcher {
  const matchers = patterns.map((pattern) =>
    isRegExp(pattern) ? expressionMatcher(pattern) : wildcardMatcher(pattern),
  )
  const matches: KeyMatcher = (key) => matchers.some((matcher) => matcher(key))
  const remembered = new Map<string, boolean>()
  return (key) => {
    const known = remembered.get(key)
    if (known !== undefined) return known
    const isSecret = matches(key)
    const isWorthIt = key.length <= MAX_REMEMBERED_CHARACTERS
    if (isWorthIt && remembered.size < MAX_REMEMBERED_KEYS) remembered.set(copyOf(key), isSecret)
    return isSecret
  }
}

/** A piece of a longer text would keep all of that. */
function copyOf(key: string): string {
  return Buffer.from(key).toString()
}

function expressionMatcher(expression: RegExp): KeyMatcher {
  const copy = withoutState(expression)
  return (key) => key.length > MAX_SEARCHED_CHARACTERS || copy.test(key)
}

// No RegExp: several `.*` would take a hostile key to the third power of its length.
function wildcardMatcher(pattern: string): KeyMatcher {
  const parts = pattern.split('*')
  const first = parts[0]
  const last = parts[parts.length - 1]
  if (parts.length === 1) return (key) => key === pattern
  const middle = parts.slice(1, -1)
  return (key) => {
    if (key.length < first.length + last.length) return false
    if (!key.startsWith(first) || !key.endsWith(last)) return false
    const end = key.length - last.length
    let position = first.length
    for (const part of middle) {
      const found = key.indexOf(part, position)
      if (found < 0 || found + part.length > end) return false
      position = found + part.length
    }
    return true
  }
}
