// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { DiagLogLevel, diag } from '@opentelemetry/api'
import { warnOfRegister } from './register-warning'

/**
 * Shows the warnings of `diag` to the user until the returned function is
 * called: a variable that is spelled wrong must not be ignored in silence, and
 * the SDK sets up a logger only later, and only if `OTEL_LOG_LEVEL` asks for one.
 */
export function showStartupWarnings(): () => void {
  const show = (...parts: unknown[]) => warnOfRegister(parts.map(String).join(' '))
  const ignore = () => undefined
  const logger = { error: show, warn: show, info: ignore, debug: ignore, verbose: ignore }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  let isShowing = true
  return () => {
    // Later, it is the logger of the SDK or of the app.
    if (isShowing) diag.disable()
    isShowing = false
  }
}
