// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { IndexedAttributes, IndexedValue } from './indexed-trace'
import { invalidTrace } from './invalid-trace'

export const MAX_ATTRIBUTES = 64
export const MAX_TEXT_LENGTH = 512
const MAX_LIST_LENGTH = 32

/** Texts that are long and say nothing that the exception's type and message don't. */
const LEFT_OUT: ReadonlySet<string> = new Set(['exception.stacktrace'])

/** Attributes as an object, or as OTLP/JSON's list; no more of them than the index keeps. */
export function readAttributes(value: unknown, path: string): IndexedAttributes {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object') throw invalidTrace(path, 'an object or a list', value)
  const kept: Record<string, IndexedValue> = {}
  let count = 0
  for (const [key, member] of Array.isArray(value) ? listed(value, path) : Object.entries(value)) {
    if (member === undefined || member === null || LEFT_OUT.has(key)) continue
    if (++count > MAX_ATTRIBUTES) break
    kept[cutText(key)] = keptValue(member)
  }
  return kept
}

/** Cut to what is kept of a text. */
export function cutText(text: string): string {
  // Copied, where it is cut: a slice would keep the whole of it in memory.
  return text.length <= MAX_TEXT_LENGTH ? text : Buffer.from(cutBy(text)).toString()
}

function cutBy(text: string): string {
  return `${text.slice(0, MAX_TEXT_LENGTH - 1)}…`
}

function* listed(entries: readonly unknown[], path: string): Generator<[string, unknown]> {
  for (const [index, entry] of entries.entries()) {
    const { key, value } = (entry ?? {}) as { key?: unknown; value?: unknown }
    if (typeof key !== 'string') throw invalidTrace(`${path}[${index}].key`, 'a string', key)
    yield [key, plainValue(value)]
  }
}

/** What an OTLP/JSON value says; any other value is taken as it is. */
function plainValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const { stringValue, boolValue, intValue, doubleValue, arrayValue } = value as {
    stringValue?: unknown
    boolValue?: unknown
    intValue?: unknown
    doubleValue?: unknown
    arrayValue?: { values?: unknown[] }
  }
  if (intValue !== undefined) return Number(intValue)
  if (Array.isArray(arrayValue?.values)) return arrayValue.values.map(plainValue)
  return stringValue ?? boolValue ?? doubleValue ?? value
}

function keptValue(value: unknown): IndexedValue {
  if (!Array.isArray(value)) return keptScalar(value)
  return value.slice(0, MAX_LIST_LENGTH).map(keptScalar)
}

function keptScalar(value: unknown): string | number | boolean {
  if (typeof value === 'string') return cutText(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'boolean') return value
  return cutText(jsonText(value))
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return String(value) // a bigint, or it holds itself
  }
}
