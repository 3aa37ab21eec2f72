// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'

const log = diag.createComponentLogger({ namespace: 'otel-tape' })

/** What a variable says, without spaces around it; an empty one counts as not set. */
export function textFrom(name: string): string | undefined {
  return process.env[name]?.trim() || undefined
}

/**
 * What `parse` makes of an environment variable. A variable that is not set
 * gives `undefined`; so does one that `parse` throws at, with a warning: an app
 * that starts in another environment must not fail for it.
 */
export function fromEnvironment<T>(name: string, parse: (text: string) => T): T | undefined {
  const text = textFrom(name)
  if (text === undefined) return undefined
  try {
    return parse(text)
  } catch (error) {
    log.warn(`${name} is ignored: ${(error as Error).message}`)
    return undefined
  }
}

/** A number above 0; anything else warns and is ignored. */
export function positiveNumberFrom(name: string): number | undefined {
  return fromEnvironment(name, (text) => {
    if (Number(text) > 0) return Number(text)
    throw new RangeError(`'${text}' is no number above 0`)
  })
}
