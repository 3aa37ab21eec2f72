// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Why a store could not do what it was asked, stable across versions:
 *
 * - `NOT_FOUND`: there is no object of that key
 * - `PRECONDITION_FAILED`: `ifAbsent` or `ifMatch` did not hold
 * - `INVALID_KEY`: the key is empty, absolute, or would leave the store
 * - `INVALID_URL`: the store's URL or its environment variables are wrong
 * - `ACCESS_DENIED`: wrong credentials or missing permission
 * - `FULL`: no room or quota left
 * - `TIMEOUT`: the operation's time limit passed
 * - `UNAVAILABLE`: not reachable, or answers 5xx, after all retries
 * - `ABORTED`: the caller's signal fired
 * - `CLOSED`: the store was closed
 * - `FAILED`: anything else; see `cause`
 */
export type StorageErrorCode =
  | 'NOT_FOUND'
  | 'PRECONDITION_FAILED'
  | 'INVALID_KEY'
  | 'INVALID_URL'
  | 'ACCESS_DENIED'
  | 'FULL'
  | 'TIMEOUT'
  | 'UNAVAILABLE'
  | 'ABORTED'
  | 'CLOSED'
  | 'FAILED'

/** The one error that every store throws. */
export class StorageError extends Error {
  override readonly name = 'StorageError'

  constructor(
    readonly code: StorageErrorCode,
    message: string,
    /** The key, or the listed prefix, that the operation was about. */
    readonly key?: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

export function isStorageError(error: unknown, code?: StorageErrorCode): error is StorageError {
  return error instanceof StorageError && (code === undefined || error.code === code)
}
