// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Why a command could not do its work, where nothing below it threw. */
export class CommandError extends Error {
  override readonly name = 'CommandError'

  constructor(
    readonly code: 'APP_FAILED' | 'PACKAGE_MISSING',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
