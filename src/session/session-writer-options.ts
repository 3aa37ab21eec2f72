// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ObjectStore } from '../storage/object-store'
import type { SessionDescription } from './metadata'
import type { SegmentSpool } from './on-disk/segment-spool'
import type { SegmentJournal } from './on-disk/write-ahead-journal'

export interface SessionWriterOptions {
  store: ObjectStore
  description: SessionDescription
  /** Whether to record into a session that exists and is not completed. Default true. */
  join?: boolean
  /** zlib level, 0 (stored) to 9. Default 1. */
  compressionLevel?: number
  /** How long a batch may wait before it is stored. Default 5,000. */
  flushIntervalMillis?: number
  /** Bytes that may wait in memory; what comes beyond is dropped. Default 32 MiB. */
  maxQueueBytes?: number
  /** How often the writer shows that it lives. Default 15,000. */
  heartbeatMillis?: number
  /** Told of every attempt to reach the store that failed; recording goes on. */
  onStoreFailure?: (error: unknown) => void
  /** Makes the journal that keeps batches until they are stored. Default: none is kept. */
  createJournal?: (writerId: string) => SegmentJournal
  /** Makes the spool that takes segments which the store does not take. Default: there is none. */
  createSpool?: (writerId: string) => SegmentSpool
}

type MadeByOwner = 'createJournal' | 'createSpool'
/** The same with every default filled in. */
export type CompleteWriterOptions = Required<Omit<SessionWriterOptions, MadeByOwner>> &
  Pick<SessionWriterOptions, MadeByOwner>

export const WRITER_DEFAULTS = Object.freeze({
  join: true,
  compressionLevel: 1,
  flushIntervalMillis: 5_000,
  maxQueueBytes: 32 * 1024 * 1024,
  heartbeatMillis: 15_000,
  onStoreFailure: () => undefined,
})
