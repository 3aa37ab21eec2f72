// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { DiagLogLevel, diag } from '@opentelemetry/api'

/** Sends what the library warns of through `diag` to `note`, a line each. */
export function routeDiagnostics(note: (line: string) => void): void {
  const ignore = (): void => undefined
  // Component loggers put their name in front.
  const tell = (...words: unknown[]): void =>
    note(
      `otel-tape: warning: ${words
        .map(String)
        .join(' ')
        .replace(/^otel-tape[^ :]*:? /, '')}`,
    )
  const logger = { verbose: ignore, debug: ignore, info: ignore, warn: tell, error: tell }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
}
