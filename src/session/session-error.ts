// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * - `SESSION_NOT_FOUND`: nothing is stored under that id
 * - `SESSION_ACTIVE`: it exists, and joining it was not wanted
 * - `SESSION_COMPLETED`: it is completed, and a completed session is never written again
 * - `METADATA_CORRUPTED`: its `metadata.json` can't be understood
 * - `INVALID_SESSION_ID`: not `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`
 */
export type SessionErrorCode =
  | 'SESSION_NOT_FOUND'
  | 'SESSION_ACTIVE'
  | 'SESSION_COMPLETED'
  | 'METADATA_CORRUPTED'
  | 'INVALID_SESSION_ID'

/** What is wrong with a session as such; failures of the store stay `StorageError`. */
export class SessionError extends Error {
  override readonly name = 'SessionError'

  constructor(
    readonly code: SessionErrorCode,
    message: string,
    readonly sessionId?: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
