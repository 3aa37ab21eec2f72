// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Why a test capture could not do what it was asked, stable across versions:
 *
 * - `WAIT_TIMEOUT`: nothing that matches arrived in time
 * - `CAPTURE_RESET`: `reset()` was called while the wait was pending
 * - `CAPTURE_STOPPED`: the capture is stopped, so nothing can arrive any more
 * - `INVALID_OPTION`: an option is of the wrong type or out of range
 * - `INVALID_MATCH`: a match names a field that does not exist
 * - `ALREADY_REGISTERED`: the process has global OpenTelemetry providers already
 * - `SDK_NOT_FOUND`: `register: true` needs an OpenTelemetry package that is not installed
 * - `NO_METRIC_READER`: no meter provider has a reader of this capture
 * - `COLLECT_FAILED`: collecting metrics failed, or an observable callback did
 */
export type TestCaptureErrorCode =
  | 'WAIT_TIMEOUT'
  | 'CAPTURE_RESET'
  | 'CAPTURE_STOPPED'
  | 'INVALID_OPTION'
  | 'INVALID_MATCH'
  | 'ALREADY_REGISTERED'
  | 'SDK_NOT_FOUND'
  | 'NO_METRIC_READER'
  | 'COLLECT_FAILED'

/** The error that everything in `otel-tape/testing` throws. */
export class TestCaptureError extends Error {
  override readonly name: string = 'TestCaptureError'

  constructor(
    readonly code: TestCaptureErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/**
 * Nothing that matches arrived in time. The message shows what was waited for,
 * what came close to it, which spans are still open, and the traces so far.
 */
export class WaitTimeoutError extends TestCaptureError {
  override readonly name = 'WaitTimeoutError'

  constructor(
    message: string,
    /** The limit that passed, in milliseconds. */
    readonly timeoutMillis: number,
  ) {
    super('WAIT_TIMEOUT', message)
  }
}
