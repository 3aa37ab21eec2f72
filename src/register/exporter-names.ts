// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import type { Signal } from '../otlp/signal'
import { textFrom } from '../options/environment'

/**
 * The exporters that `OTEL_TRACES_EXPORTER` and the like name, `otlp` by default.
 * A name that is not among `known` warns and is left out; `none` leaves out all.
 */
export function exporterNames<T extends string>(signal: Signal, known: readonly T[]): T[] {
  const variable = `OTEL_${signal.toUpperCase()}_EXPORTER`
  const names = new Set((textFrom(variable) ?? 'otlp').split(',').map((name) => name.trim()))
  if (names.has('none')) return []
  const isKnown = (name: string): name is T => (known as readonly string[]).includes(name)
  for (const name of names) {
    if (name === '' || isKnown(name)) continue
    diag.warn(`${variable}: '${name}' is ignored, known are ${known.join(', ')} and none`)
  }
  return [...names].filter(isKnown)
}
