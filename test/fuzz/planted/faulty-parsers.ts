// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Follows tags by their first characters. The bug lies behind three comparisons, each of which
 * takes a certain byte: found by whoever keeps the inputs that get past one of them.
 */
export function recordTags(text: string): string[] {
  const tags: string[] = []
  for (const record of text.split(';')) {
    if (record.startsWith('R')) {
      tags.push('record')
      if (record[1] === '{') {
        tags.push('object')
        if (record[2] === '"') {
          tags.push('key')
          if (record[3] === '<') tags.push((undefined as unknown as string).toUpperCase())
        }
      }
    }
  }
  return tags
}

/** Stays where it is at a byte of 0xff. */
export function skipBlanks(text: string): number {
  let at = 0
  while (at < text.length) {
    if (text[at] !== '\xff') at++
  }
  return at
}

/** Merges as it was done everywhere before somebody sent `__proto__`. */
export function setPath(into: Record<string, unknown>, from: unknown): unknown {
  if (typeof from !== 'object' || from === null) return into
  for (const [key, value] of Object.entries(from)) {
    if (typeof value !== 'object' || value === null) into[key] = value
    else setPath((into[key] ??= {}) as Record<string, unknown>, value)
  }
  return into
}
