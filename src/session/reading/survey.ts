// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../../otlp/signal'
import { loadSession } from '../catalogue'
import type { SessionMetadata } from '../metadata'
import { locateSession, type SessionLocation } from '../session-location'
import { type ReadSessionOptions, indexSession } from './session-reader'

/** What a selection of a session holds. */
export interface SessionSurvey {
  /** Arrival of the selection's first batch; `undefined` when it is empty. */
  firstArrivalUnixNano?: bigint
  lastArrivalUnixNano?: bigint
  /** Items of the selected signals within from/to, those in damaged blocks included. */
  itemCount: number
}

/**
 * Finds what a selection holds: from the writers' totals where they can be
 * relied on, else by reading the headers of its blocks.
 */
export async function surveySession(options: ReadSessionOptions): Promise<SessionSurvey> {
  const { store, sessionId, layout, signal, fromUnixNano, toUnixNano } = options
  const location = await locateSession(store, sessionId, { layout, signal })
  if (location.layout === 'awss3') return scan(options, location)
  const metadata = await loadSession(store, sessionId, { layout: 'sessions', signal })
  const isWhole = fromUnixNano === undefined && toUnixNano === undefined
  // Writers that died may have stored more than they last said, and another
  // tool's objects are in nobody's totals.
  const isCounted =
    metadata.status === 'completed' && metadata.interruptedWriters === 0 && metadata.writers > 0
  return isWhole && isCounted ? fromTotals(metadata, options.signals) : scan(options, location)
}

function fromTotals(
  metadata: SessionMetadata,
  signals: readonly Signal[] = SIGNALS,
): SessionSurvey {
  const totals = signals.map((signal) => metadata.signals[signal])
  const firsts = totals.flatMap((total) => total.firstArrivalUnixNano ?? [])
  const lasts = totals.flatMap((total) => total.lastArrivalUnixNano ?? [])
  return {
    itemCount: totals.reduce((items, total) => items + total.items, 0),
    firstArrivalUnixNano: firsts.map(BigInt).reduce(earlier, undefined),
    lastArrivalUnixNano: lasts.map(BigInt).reduce(later, undefined),
  }
}

async function scan(
  options: ReadSessionOptions,
  location: SessionLocation,
): Promise<SessionSurvey> {
  let itemCount = 0
  let firstArrivalUnixNano: bigint | undefined
  let lastArrivalUnixNano: bigint | undefined
  // Whoever reads the batches reports what is damaged; here it is only counted.
  const read = { ...options, onDamage: () => undefined }
  for await (const { entries } of indexSession(read, location)) {
    for await (const batch of entries) {
      itemCount += batch.itemCount
      firstArrivalUnixNano = earlier(firstArrivalUnixNano, batch.capturedAtUnixNano)
      lastArrivalUnixNano = later(lastArrivalUnixNano, batch.capturedAtUnixNano)
    }
  }
  return { itemCount, firstArrivalUnixNano, lastArrivalUnixNano }
}

function earlier(a: bigint | undefined, b: bigint): bigint {
  return a === undefined || b < a ? b : a
}

function later(a: bigint | undefined, b: bigint): bigint {
  return a === undefined || b > a ? b : a
}
