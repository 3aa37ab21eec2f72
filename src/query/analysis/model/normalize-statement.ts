// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const MAX_INPUT_LENGTH = 2_000
const MAX_LENGTH = 300

/** Of comments, quoted values, placeholders, ids and numbers. */
const VALUES = new RegExp(
  [
    String.raw`/\*[^*]*\*+(?:[^/*][^*]*\*+)*/`,
    String.raw`--[^\n]*`,
    String.raw`'(?:[^']|'')*'`,
    String.raw`\$\d+|(?<![\w:]):[a-z_]\w*|@\w+|%s|%\(\w+\)s`,
    String.raw`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`,
    String.raw`\b(?=[a-f]*\d)[0-9a-f]{12,}\b`,
    String.raw`\b\d+(?:\.\d+)?\b`,
  ].join('|'),
  'gi',
)

/**
 * A statement without the values that differ from one call to the next: what is asked again and
 * again is the same text, however it was asked.
 *
 * @example
 * normalizeStatement("SELECT * FROM item WHERE id IN (1, 2) AND name = 'x'")
 * // SELECT * FROM item WHERE id IN (?) AND name = ?
 */
export function normalizeStatement(statement: string): string {
  return statement
    .slice(0, MAX_INPUT_LENGTH)
    .replace(VALUES, (value) => (value.startsWith('/*') || value.startsWith('--') ? ' ' : '?'))
    .replace(/\(\s*\?(?:\s*,\s*\?)*\s*\)/g, '(?)')
    .replace(/(?:\(\?\)\s*,\s*)+\(\?\)/g, '(?)')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_LENGTH)
}

/** The path of a URL, or of a request's target, with ids and numbers taken out of it. */
export function normalizePath(urlOrPath: string): string {
  const path = urlOrPath
    .slice(0, MAX_INPUT_LENGTH)
    .replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
    .replace(/[?#].*$/s, '')
  return (path === '' ? '/' : path)
    .split('/')
    .map((segment) => (isValue(segment) ? '?' : segment))
    .join('/')
    .slice(0, MAX_LENGTH)
}

/** A number, an id of hexadecimal digits, or a long word with digits in it. */
function isValue(segment: string): boolean {
  return (
    /^[\d.,:;-]*\d[\d.,:;-]*$/.test(segment) ||
    /^[0-9a-f-]{8,}$/i.test(segment) ||
    (segment.length >= 10 && /\d/.test(segment) && /^[\w~%+=.-]+$/.test(segment))
  )
}
