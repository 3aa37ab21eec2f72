// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { types } from 'node:util'

export type PlainAttributes = Readonly<Record<string, unknown>>

/** A deep copy of an attribute value or a log body, which later changes do not reach. */
export function plainValue(value: unknown): unknown {
  return copy(value, [])
}

export function plainAttributes(attributes: object): PlainAttributes {
  return copyMembers(attributes, [])
}

function copy(value: unknown, ancestors: readonly object[]): unknown {
  if (typeof value !== 'object' || value === null) return value
  // Not instanceof: in Jest the bytes may come from another realm.
  if (types.isUint8Array(value)) return Uint8Array.from(value)
  // A log body is whatever the app passed; one that holds itself must not
  // overflow the stack inside the app's logger.emit().
  if (ancestors.includes(value)) return '[circular]'
  const line = [...ancestors, value]
  return Array.isArray(value) ? value.map((item) => copy(item, line)) : copyMembers(value, line)
}

function copyMembers(members: object, ancestors: readonly object[]): PlainAttributes {
  return Object.fromEntries(
    Object.entries(members).map(([key, value]) => [key, copy(value, ancestors)]),
  )
}
