// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Tells the user, once per call, on stderr: whoever has changed no code has no
 * `diag` logger that would show it. An app can listen to `warning`, and
 * `--no-warnings` silences it.
 */
export function warnOfRegister(message: string): void {
  process.emitWarning(`otel-tape/register: ${message}`, { type: 'OtelTapeWarning' })
}
