// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { QueryError } from '../query-error'

/**
 * What DuckDB throws at a statement, as the error that is documented. Its messages show the
 * line, with a caret below the place.
 */
export function sqlError(error: unknown): QueryError {
  if (error instanceof QueryError) return error
  const message = (error instanceof Error ? error.message : String(error))
    .replace(/^Failed to extract statements: /, '')
    .trim()
  if (/^Permission Error/.test(message)) {
    return new QueryError('QueryRefused', `SQL can't reach files or the network: ${message}`, {
      cause: error,
    })
  }
  if (/^(IO|Serialization|FATAL|INTERNAL) Error|Corrupt|checksum/.test(message)) {
    return new QueryError('IndexUnusable', message, { cause: error })
  }
  const hint = /^Out of Memory/.test(message) ? "; give it more with 'memoryLimitMB'" : ''
  return new QueryError('InvalidQuery', message + hint, { cause: error })
}
