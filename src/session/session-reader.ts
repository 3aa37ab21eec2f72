// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import type { OtlpBatch } from '../otlp/otlp-batch'
import type { Signal } from '../otlp/signal'
import type { ObjectStore } from '../storage/object-store'
import type { Damage } from './damage'

/** A batch as it lies in a session. */
export interface RecordedBatch extends OtlpBatch {
  readonly itemCount: number
  /** The object it was read from. */
  readonly key: string
}

export interface ReadSessionOptions {
  store: ObjectStore
  sessionId: string
  /** Default: all of them. */
  signals?: readonly Signal[]
  /** Only batches that arrived at this time or later, in nanoseconds since the Unix epoch. */
  fromUnixNano?: bigint
  /** Only batches that arrived before this time. */
  toUnixNano?: bigint
  /** Called for each piece that could not be read. Reading goes on behind it. */
  onDamage?: (damage: Damage) => void
  signal?: AbortSignal
}

/**
 * Streams a session's batches in the order in which they arrived, across
 * signals, segments and writers, in bounded memory.
 */
export declare function readSession(options: ReadSessionOptions): Readable

export interface SessionSurvey {
  /** Arrival of the first batch of the selection; `undefined` when it is empty. */
  firstArrivalUnixNano?: bigint
  lastArrivalUnixNano?: bigint
  /** Items of the selected signals within from/to. */
  itemCount: number
}

/**
 * What a selection holds, from the writers' summaries where they suffice, else
 * by scanning block headers.
 */
export declare function surveySession(options: ReadSessionOptions): Promise<SessionSurvey>
