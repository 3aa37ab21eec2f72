// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { DuckDBValue } from '@duckdb/node-api'
import { loadDuckDb } from './load-duckdb'

/**
 * A value of a row:
 *
 * - 64-bit integers and larger are `bigint`, other numbers (decimals too) `number`
 * - times and dates are ISO 8601 text, UTC, with as many digits as they have: a `Date` would
 *   lose nanoseconds
 * - a `MAP` is a `Map`, a `LIST` or `ARRAY` an array, a `STRUCT` an object, a `BLOB` a `Uint8Array`
 * - what JavaScript has no type for (intervals, UUIDs) is text, as SQL writes it
 */
export type QueryValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | QueryValue[]
  | Map<QueryValue, QueryValue>
  | { [name: string]: QueryValue }

/** A value of DuckDB's as one of JavaScript's. */
export function toQueryValue(value: DuckDBValue): QueryValue {
  if (value === null || typeof value !== 'object') return value
  const duckDb = loadDuckDb()
  if (value instanceof duckDb.DuckDBMapValue) {
    return new Map(
      value.entries.map((entry) => [toQueryValue(entry.key), toQueryValue(entry.value)]),
    )
  }
  if (value instanceof duckDb.DuckDBListValue || value instanceof duckDb.DuckDBArrayValue) {
    return value.items.map(toQueryValue)
  }
  if (value instanceof duckDb.DuckDBStructValue) {
    return Object.fromEntries(
      Object.entries(value.entries).map(([name, member]) => [name, toQueryValue(member)]),
    )
  }
  if (value instanceof duckDb.DuckDBDecimalValue) return value.toDouble()
  // Not as a Buffer, which JSON writes in a way of its own.
  if (value instanceof duckDb.DuckDBBlobValue) return new Uint8Array(value.bytes)
  const text = value.toString()
  // `2026-01-02 03:04:05.000000006`, or with `+00` behind it.
  const [, day, time] = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00)?$/.exec(text) ?? []
  return day === undefined ? text : `${day}T${time}Z`
}
