// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** A wrong value for a message; of an object only its type, as it may hold a password. */
export function shownValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  const isShort = value === null || !['object', 'function'].includes(typeof value)
  return isShort ? String(value) : `a value of type ${typeof value}`
}
