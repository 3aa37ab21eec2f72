// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../../otlp/signal'
import type { ObjectStore, OperationOptions } from '../../storage/object-store'
import type { FoundDamage } from '../damage'
import { readMetadata } from '../membership'
import type { SessionMetadata } from '../metadata'
import { SessionError } from '../session-error'
import { metadataKey } from '../session-keys'
import { EMPTY_TOTALS, type SignalTotals, addTotals } from '../totals'
import { type WriterSummary, readWriterSummaries } from '../writer-summary'

/** What a session says of itself, beside what its segments hold. */
export interface SessionAccount {
  /** `undefined` if there is none, or none that can be read. */
  readonly metadata: SessionMetadata | undefined
  /** Of `metadata.json`, whether or not it can be read; `undefined` if there is none. */
  readonly etag: string | undefined
  readonly summaries: readonly WriterSummary[]
  /** What of it can't be read, or is gone. */
  readonly damage: readonly FoundDamage[]
}

/** Reads it all. Throws `StorageError`. */
export async function readSessionAccount(
  store: ObjectStore,
  sessionId: string,
  options: OperationOptions = {},
): Promise<SessionAccount> {
  const key = metadataKey(sessionId)
  const damage: FoundDamage[] = []
  // Before anything is read: what is to be replaced must not be newer than what is known of it.
  const etag = (await store.head(key, options))?.etag
  let metadata: SessionMetadata | undefined
  try {
    metadata = (await readMetadata(store, sessionId, options))?.metadata
  } catch (error) {
    if (!(error instanceof SessionError)) throw error
    damage.push({ key, offsetBytes: 0, reason: 'malformed', message: error.message })
  }
  const summaries = await readWriterSummaries(store, sessionId, {
    ...options,
    onUnreadable: (unreadable, message) =>
      damage.push({ key: unreadable, offsetBytes: 0, reason: 'malformed', message }),
  })
  if (etag === undefined && summaries.length > 0) {
    const message = `writers have recorded, but there is no metadata.json; 'otel-tape sessions repair ${sessionId}' makes it anew`
    damage.push({ key, offsetBytes: 0, reason: 'missing', message })
  }
  return { metadata, etag, summaries, damage }
}

/** What the writers' summaries add up to. */
export function sumOfWriters(summaries: readonly WriterSummary[]): Record<Signal, SignalTotals> {
  const of = (signal: Signal): SignalTotals =>
    summaries.map(({ signals }) => signals[signal]).reduce(addTotals, EMPTY_TOTALS)
  return { traces: of('traces'), metrics: of('metrics'), logs: of('logs') }
}

/** What an account counts: of a session that is not completed, what its writers say they have stored. */
export function countedBy({
  metadata,
  summaries,
}: Pick<SessionAccount, 'metadata' | 'summaries'>): Record<Signal, SignalTotals> {
  return metadata?.status === 'completed' ? metadata.signals : sumOfWriters(summaries)
}

export function sumOfSignals(signals: Record<Signal, SignalTotals>): SignalTotals {
  return SIGNALS.map((signal) => signals[signal]).reduce(addTotals)
}
