// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../otlp/signal'

/**
 * Where the endpoints hand on what they received. There is one for all of a
 * receiver's endpoints, whatever the protocol.
 */
export interface Intake {
  /**
   * Takes one protobuf `Export…ServiceRequest`, which it may keep as it is, and resolves when
   * the request is kept as the receiver promises (see `ack`): only then may the sender be told.
   *
   * Rejects with `MalformedOtlpError` when the bytes are none of that signal, with
   * `UnavailableError` when the sender has to come again later. Any other
   * rejection is our own failure, and nothing was kept.
   */
  take(signal: Signal, body: Uint8Array): Promise<IntakeResult>
}

/** What was taken of a request. OTLP calls it partial success if some of it was not. */
export interface IntakeResult {
  /** Spans, data points or log records that were refused for good, 0 as a rule. */
  readonly rejectedItems: number
  /** Why they were; empty if none was. */
  readonly message: string
}

/** Not now: the sender is asked to come again. HTTP says 503, gRPC UNAVAILABLE. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError'
  readonly code = 'UNAVAILABLE'

  constructor(
    message: string,
    /** When to come again, in whole seconds. */
    readonly retryAfterSeconds: number,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
