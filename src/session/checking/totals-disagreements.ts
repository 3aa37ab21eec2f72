// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../../otlp/signal'
import type { FoundDamage } from '../damage'
import type { SessionMetadata } from '../metadata'
import { type SessionAccount, countedBy, sumOfSignals } from './session-account'
import { metadataKey } from '../session-keys'
import type { SignalTotals } from '../totals'

/** What was found beside totals. */
export interface FoundContext {
  readonly sessionId: string
  readonly serviceNames: readonly string[]
  /** Whether a signal's segments are damaged: then its totals can't be right, and that is known. */
  isDamaged(signal: Signal): boolean
}

/** Beyond so many, metadata lists no further services. */
const MAX_SERVICE_NAMES = 1000

/**
 * Where what a session says of itself differs from what was found in it. Of a session that
 * is being recorded, or whose writers were killed, more may be found than is counted.
 */
export function* findDisagreements(
  account: SessionAccount,
  found: Record<Signal, SignalTotals>,
  context: FoundContext,
): Generator<FoundDamage> {
  const { metadata } = account
  const key = metadataKey(context.sessionId)
  const counted = countedBy(account)
  const isExact = isFinal(metadata)
  for (const signal of SIGNALS) {
    const [said, seen] = [counted[signal], found[signal]]
    const itemCount = said.items - seen.items
    if (itemCount > 0) {
      const message = `${said.items} items of ${signal} are counted, ${seen.items} were found`
      yield { key, offsetBytes: 0, reason: 'missing', message, signal, itemCount }
    } else if (isExact && !context.isDamaged(signal)) {
      const differing = fieldsThatDiffer(said, seen)
      if (differing.length === 0) continue
      const message = `of ${signal}, ${differing.join(', ')}`
      yield { key, offsetBytes: 0, reason: 'inconsistent', message, signal }
    }
  }
  if (metadata) {
    const problems = [...inMetadata(metadata, context)]
    const message = problems.join('; ')
    if (message) yield { key, offsetBytes: 0, reason: 'inconsistent', message }
  }
}

/** Whether nothing can have come into the session that its totals leave out. */
function isFinal(metadata: SessionMetadata | undefined): metadata is SessionMetadata {
  return metadata?.status === 'completed' && metadata.interruptedWriters === 0
}

/** What can be found again. What was dropped is known to its writer alone. */
const FIELDS = [
  'items',
  'batches',
  'segments',
  'uncompressedBytes',
  'storedBytes',
  'firstArrivalUnixNano',
  'lastArrivalUnixNano',
  'firstItemTimeUnixNano',
  'lastItemTimeUnixNano',
] as const satisfies readonly (keyof SignalTotals)[]

function fieldsThatDiffer(said: SignalTotals, found: SignalTotals): string[] {
  return FIELDS.filter((field) => said[field] !== found[field]).map(
    (field) =>
      `${field} are ${said[field] ?? 'none'} by the totals, ${found[field] ?? 'none'} as found`,
  )
}

/** What metadata says twice. */
function* inMetadata(metadata: SessionMetadata, { serviceNames }: FoundContext): Generator<string> {
  const { signals, serviceNames: listed } = metadata
  const items = {
    capturedTraces: signals.traces.items,
    capturedMetrics: signals.metrics.items,
    capturedLogs: signals.logs.items,
    totalSizeBytes: sumOfSignals(signals).storedBytes,
  }
  for (const [field, sum] of Object.entries(items) as [keyof typeof items, number][]) {
    if (metadata[field] !== sum) yield `${field} is ${metadata[field]}, its signals say ${sum}`
  }
  if (!isFinal(metadata) || listed.length >= MAX_SERVICE_NAMES) return
  const unlisted = serviceNames.filter((name) => !listed.includes(name))
  if (unlisted.length > 0) yield `it does not list ${unlisted.length} of the services found`
}
