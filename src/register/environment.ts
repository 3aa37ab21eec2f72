// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'

/** What a variable says, without spaces around it; an empty one counts as not set. */
export function textFrom(name: string): string | undefined {
  return process.env[name]?.trim() || undefined
}

/** A number above 0; anything else warns and is ignored. */
export function positiveNumberFrom(name: string): number | undefined {
  const text = textFrom(name)
  if (text === undefined) return undefined
  if (Number(text) > 0) return Number(text)
  diag.warn(`${name} is ignored: '${text}' is no number above 0`)
  return undefined
}
