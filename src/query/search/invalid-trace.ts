// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { QueryError } from '../query-error'

/** Of a trace that can't be indexed: which field has to be what, and what it was. */
export function invalidTrace(path: string, expected: string, got: unknown): QueryError {
  const was = got === undefined ? 'it is missing' : `got ${shown(got)}`
  return new QueryError('InvalidTrace', `'${path}' has to be ${expected}, ${was}`)
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 100)}'`
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'bigint') return String(value)
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid date' : 'a date'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
