// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { context } from '@opentelemetry/api'

/**
 * Runs `operation` with tracing suppressed: the app's own instrumentation of
 * `http` or `fs` must never turn our traffic into spans, which would be captured
 * again, and again.
 *
 * What `operation` does synchronously is suppressed in any case. What it does
 * after an `await` is suppressed only if a context manager was registered when
 * it began; so whatever sends a request goes through here once more.
 */
export function untraced<T>(operation: () => T): T {
  return context.with(suppressTracing()(context.active()), operation)
}

function suppressTracing() {
  // At the first operation, not at import: loading it takes 30 ms.
  const core = require('@opentelemetry/core') as typeof import('@opentelemetry/core')
  return core.suppressTracing
}
