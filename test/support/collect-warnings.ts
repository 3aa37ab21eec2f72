// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { DiagLogLevel, diag } from '@opentelemetry/api'

export interface Warnings extends Disposable {
  readonly lines: readonly string[]
}

/** From there upwards: warnings and errors, or errors alone. */
type WarningLevel = DiagLogLevel.WARN | DiagLogLevel.ERROR

/** Collects what an app is warned of through `diag`, until it is disposed. */
export function collectWarnings(logLevel?: WarningLevel): Warnings {
  const lines: string[] = []
  onWarning((line) => lines.push(line), logLevel)
  return { lines, [Symbol.dispose]: () => diag.disable() }
}

/** What the test that runs was warned of; for all tests of a file. */
export function useWarnings(): readonly string[] {
  const lines: string[] = []
  beforeEach(() => {
    lines.length = 0
    onWarning((line) => lines.push(line))
  })
  afterEach(() => diag.disable())
  return lines
}

/** Ended by `diag.disable()`. */
export function onWarning(
  hear: (line: string) => void,
  logLevel: WarningLevel = DiagLogLevel.WARN,
): void {
  const note = (...parts: unknown[]): void => hear(parts.map(String).join(' '))
  const ignore = (): void => undefined
  diag.setLogger(
    { error: note, warn: note, info: ignore, debug: ignore, verbose: ignore },
    { logLevel, suppressOverrideMessage: true },
  )
}
