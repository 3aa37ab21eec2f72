// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { QueryError } from '../query-error'

export type DuckDb = typeof import('@duckdb/node-api')

/**
 * DuckDB, when it is first needed: 70 MB that most who record never ask for.
 *
 * @throws QueryError of reason `DependencyMissing` if it isn't installed, or has no build for
 * this platform
 */
export function loadDuckDb(): DuckDb {
  try {
    return require('@duckdb/node-api') as DuckDb
  } catch (error) {
    throw new QueryError(
      'DependencyMissing',
      `SQL over sessions needs the package @duckdb/node-api, which can't be loaded ` +
        `(${firstLine(error)}); run: npm install @duckdb/node-api`,
      { cause: error },
    )
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]
}
