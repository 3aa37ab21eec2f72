// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SessionError } from '../session/session-error'
import { StorageError } from '../storage/storage-error'

/**
 * - `SessionNotFound`: nothing is stored under that id
 * - `InvalidConfig`: an option is unknown or wrong
 * - `InvalidQuery`: the SQL can't be understood or run; the message shows the place
 * - `QueryRefused`: the SQL would write, or reach a file or the network
 * - `InvalidTrace`: what was to be indexed is no trace; the message names the field
 * - `NotInitialized`: `initialize()` has to come first
 * - `Closed`: it was used after `close()`
 * - `IndexUnusable`: the database file is of another version, damaged, in use or can't be written
 * - `EmbeddingFailure`: the model is not there, or an embedder failed or gave what is no vector
 * - `DependencyMissing`: an optional package has to be installed; the message names it
 * - `StorageFailure`: the store that holds the session failed, or `signal` fired; `cause` says more
 */
export type QueryErrorReason =
  | 'SessionNotFound'
  | 'InvalidConfig'
  | 'InvalidQuery'
  | 'QueryRefused'
  | 'InvalidTrace'
  | 'NotInitialized'
  | 'Closed'
  | 'IndexUnusable'
  | 'EmbeddingFailure'
  | 'DependencyMissing'
  | 'StorageFailure'

export interface QueryErrorDetails {
  sessionId?: string
  cause?: unknown
}

/** The one error of everything that asks a session. */
export class QueryError extends Error {
  override readonly name = 'QueryError'
  readonly sessionId?: string

  constructor(
    readonly reason: QueryErrorReason,
    message: string,
    { sessionId, cause }: QueryErrorDetails = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    if (sessionId !== undefined) this.sessionId = sessionId
  }
}

/** Whatever failed below, as the error that is documented. */
export function toQueryError(error: unknown, sessionId?: string): QueryError {
  if (error instanceof QueryError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new QueryError(reasonOf(error), message, { sessionId, cause: error })
}

function reasonOf(error: unknown): QueryErrorReason {
  if (error instanceof SessionError) {
    if (error.code === 'SESSION_NOT_FOUND') return 'SessionNotFound'
    return error.code === 'INVALID_SESSION_ID' ? 'InvalidConfig' : 'StorageFailure'
  }
  if (error instanceof StorageError && error.code === 'INVALID_URL') return 'InvalidConfig'
  // What is left was thrown by the store, also by a caller's own.
  return 'StorageFailure'
}
