// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import { SessionError } from '../session/session-error'
import { StorageError } from '../storage/storage-error'
import type { ReplayStatus } from './replay-status'

/**
 * - `SessionNotFound`: nothing is stored under that id
 * - `DataCorrupted`: something stored is damaged or no OTLP, and damage was to end the replay
 * - `DecompressionFailure`: as `DataCorrupted`, where it could not be inflated
 * - `IngestionFailure`: the target refused something and that was to end the replay, or it could
 *   not be reached at all
 * - `StorageFailure`: the store that holds the session failed; `cause` is its `StorageError`
 * - `ReceiptMismatch`: the receipt to go on with is of another replay; the message says what differs
 * - `ReceiptUnusable`: the receipt is not there, damaged, in use, or can't be written
 * - `InvalidConfig`: an option is unknown or wrong
 */
export type ReplayErrorReason =
  | 'SessionNotFound'
  | 'DataCorrupted'
  | 'DecompressionFailure'
  | 'IngestionFailure'
  | 'StorageFailure'
  | 'ReceiptMismatch'
  | 'ReceiptUnusable'
  | 'InvalidConfig'

export interface ReplayErrorDetails {
  sessionId?: string
  cause?: unknown
  status?: ReplayStatus
}

/** The one error that a replay ends with. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError'
  readonly sessionId?: string
  /** How far the replay had come; absent if it never began. */
  readonly status?: ReplayStatus

  constructor(
    readonly reason: ReplayErrorReason,
    message: string,
    { sessionId, cause, status }: ReplayErrorDetails = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    if (sessionId !== undefined) this.sessionId = sessionId
    if (status !== undefined) this.status = status
  }
}

/** Whatever ended a replay, as the error that it is documented to end with. */
export function toReplayError(error: unknown, details: ReplayErrorDetails): ReplayError {
  const message = messageOf(error)
  if (error instanceof ReplayError) {
    const { reason, cause, sessionId, status } = error
    return new ReplayError(reason, message, { cause, sessionId, status, ...details })
  }
  return new ReplayError(reasonOf(error), message, { ...details, cause: error })
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function reasonOf(error: unknown): ReplayErrorReason {
  if (error instanceof SessionError) return reasonOfSessionError(error)
  if (error instanceof MalformedOtlpError) return 'DataCorrupted'
  if (error instanceof StorageError) {
    return error.code === 'INVALID_URL' ? 'InvalidConfig' : 'StorageFailure'
  }
  // What is left was thrown by the caller's own store or code.
  return 'StorageFailure'
}

function reasonOfSessionError({ code }: SessionError): ReplayErrorReason {
  switch (code) {
    case 'SESSION_NOT_FOUND':
      return 'SessionNotFound'
    case 'INVALID_SESSION_ID':
      return 'InvalidConfig'
    case 'METADATA_CORRUPTED':
    case 'SESSION_ACTIVE':
    case 'SESSION_COMPLETED':
      return 'DataCorrupted'
  }
}
