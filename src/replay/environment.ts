// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'

const log = diag.createComponentLogger({ namespace: 'otel-tape/replay' })

/**
 * What `parse` makes of an environment variable. A variable that is unset or
 * empty gives `undefined`; so does one that is wrong, with a warning: an app
 * that starts in another environment must not fail for it.
 */
export function fromEnvironment<T>(name: string, parse: (text: string) => T): T | undefined {
  const text = process.env[name]?.trim()
  if (!text) return undefined
  try {
    return parse(text)
  } catch (error) {
    log.warn(`${name} is ignored: ${(error as Error).message}`)
    return undefined
  }
}
