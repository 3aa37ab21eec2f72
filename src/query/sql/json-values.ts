// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { HrTime } from '@opentelemetry/api'
import type { AnyValueJson, DoubleJson, KeyValueJson } from '../metrics-json'

// Values as JSON text, put together by hand: JSON.stringify over a row takes twice as long.

const NEEDS_ESCAPES = /["\\\u0000-\u001f]/

export function textJson(text: string): string {
  return NEEDS_ESCAPES.test(text) ? JSON.stringify(text) : `"${text}"`
}

/** Nanoseconds since the Unix epoch. */
export function nanoJson([seconds, nanoseconds]: HrTime): string {
  if (seconds === 0) return String(nanoseconds)
  // Nine digits behind a 1: padding takes three times as long.
  return seconds + String(1_000_000_000 + nanoseconds).slice(1)
}

const MAX_KNOWN_KEYS = 4096
const knownKeys = new Map<string, string>()

/** An attribute's name and the colon behind it. The same few come up in every span. */
export function keyJson(key: string): string {
  let json = knownKeys.get(key)
  if (json !== undefined) return json
  json = `${textJson(key)}:`
  if (knownKeys.size === MAX_KNOWN_KEYS) knownKeys.clear()
  knownKeys.set(key, json)
  return json
}

/** A value as the text that stands for it in a map of attributes, in JSON. */
export function valueJson(value: unknown): string {
  if (typeof value === 'string') return textJson(value)
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number' || typeof value === 'boolean') return `"${String(value)}"`
  return textJson(structuredText(value))
}

/** The text of a value: itself, or JSON of what is more than one value; bytes are base64. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : structuredText(value)
}

function structuredText(value: unknown): string {
  if (value instanceof Uint8Array) return base64(value)
  return JSON.stringify(value, (_key, member: unknown) => {
    if (member instanceof Uint8Array) return base64(member)
    // JSON has no way to write these: null would hide that there was a number.
    return typeof member === 'number' && !Number.isFinite(member) ? String(member) : member
  })
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** A map of attributes. */
export function attributesJson(attributes: object): string {
  let members = ''
  for (const [key, value] of Object.entries(attributes)) {
    members += `${members === '' ? '' : ','}${keyJson(key)}${valueJson(value)}`
  }
  return `{${members}}`
}

/** What of attributes in OTLP/JSON is what the SDK has; of one name, the last one stays. */
export function attributesOf(attributes: readonly KeyValueJson[] = []): object {
  const entries = attributes.map(({ key = '', value }) => [key, plainValue(value)] as const)
  // Not by assignment, of which `__proto__` would make something else.
  return Object.fromEntries(entries)
}

function plainValue(value: AnyValueJson | undefined): unknown {
  if (value === undefined) return null
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } =
    value
  if (arrayValue) return (arrayValue.values ?? []).map(plainValue)
  if (kvlistValue) return attributesOf(kvlistValue.values)
  if (doubleValue !== undefined) return Number(doubleValue)
  return stringValue ?? boolValue ?? intValue ?? bytesValue ?? null
}

/** A double; NaN and the infinities are text, which DuckDB reads. */
export function doubleJson(value: DoubleJson): string {
  return typeof value === 'number' ? String(value) : `"${value}"`
}
