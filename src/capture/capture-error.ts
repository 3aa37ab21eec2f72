// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import { SessionError, type SessionErrorCode } from '../session/session-error'
import { isStorageError } from '../storage/storage-error'

/**
 * - `SessionNotFound`: nothing is stored under that id
 * - `SessionAlreadyActive`: the session exists, and `join` is false
 * - `SessionCompleted`: it is completed, and is never written again
 * - `StorageFailure`: the store could not do it; `cause` is its `StorageError`
 * - `CompressionFailure`: a batch could not be compressed
 * - `InvalidConfig`: an option or an argument is wrong; the message names it
 */
export type CaptureErrorReason =
  | 'SessionNotFound'
  | 'SessionAlreadyActive'
  | 'SessionCompleted'
  | 'StorageFailure'
  | 'CompressionFailure'
  | 'InvalidConfig'

/** Why something asked of a capture was not done. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError'

  constructor(
    readonly reason: CaptureErrorReason,
    message: string,
    readonly sessionId?: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

const REASONS: Record<SessionErrorCode, CaptureErrorReason> = {
  SESSION_NOT_FOUND: 'SessionNotFound',
  SESSION_ACTIVE: 'SessionAlreadyActive',
  SESSION_COMPLETED: 'SessionCompleted',
  METADATA_CORRUPTED: 'StorageFailure',
  INVALID_SESSION_ID: 'InvalidConfig',
}

/** What a lower room threw, in the words of capture. */
export function toCaptureError(error: unknown, sessionId?: string): CaptureError {
  if (error instanceof CaptureError) return error
  const message = isTimeout(error)
    ? 'the store did not take it in time; it is down or slow'
    : (error as Error).message
  const reason =
    error instanceof SessionError
      ? REASONS[error.code]
      : error instanceof MalformedOtlpError || isStorageError(error, 'INVALID_URL')
        ? 'InvalidConfig'
        : isZlibError(error)
          ? 'CompressionFailure'
          : 'StorageFailure'
  return new CaptureError(reason, message, sessionId, { cause: error })
}

/** What an `AbortSignal.timeout` rejects with. */
function isTimeout(error: unknown): boolean {
  return (error as Error).name === 'TimeoutError'
}

function isZlibError(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && code.startsWith('Z_')
}
