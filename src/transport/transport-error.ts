// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * - `InvalidConfig`: an option is unknown or wrong
 * - `Unreachable`: the target answers nothing, not even an empty request
 */
export type TransportErrorReason = 'InvalidConfig' | 'Unreachable'

/** Nothing can be sent. A request that the target refuses is none of these: it is counted. */
export class TransportError extends Error {
  override readonly name = 'TransportError'

  constructor(
    readonly reason: TransportErrorReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
