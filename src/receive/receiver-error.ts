// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * - `InvalidConfig`: an option is unknown or wrong
 * - `AddressInUse`: the address can't be listened on; `cause` says why
 * - `StorageFailure`: the store or the write-ahead folder failed; `cause` is its error
 * - `SessionCompleted`: the session was completed, and is never written again
 * - `SessionNotFound`: the receiver records no session of that id
 */
export type ReceiverErrorReason =
  'InvalidConfig' | 'AddressInUse' | 'StorageFailure' | 'SessionCompleted' | 'SessionNotFound'

export interface ReceiverErrorDetails {
  sessionId?: string
  cause?: unknown
}

/** The one error that a receiver's methods reject with. */
export class ReceiverError extends Error {
  override readonly name = 'ReceiverError'
  readonly sessionId?: string

  constructor(
    readonly reason: ReceiverErrorReason,
    message: string,
    { sessionId, cause }: ReceiverErrorDetails = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    if (sessionId !== undefined) this.sessionId = sessionId
  }
}
