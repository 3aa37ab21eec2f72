// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** A value as one line of JSON. 64-bit numbers are decimal strings, as in OTLP/JSON. */
export function jsonLine(value: object): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'bigint' ? String(member) : member,
  )
}
