// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../otlp/signal'
import type { Damage } from '../session/damage'
import type { RejectedBatch } from './batch-sink'
import type { ReplayStatus } from './replay-status'

/** When a batch was captured, and when it was sent. */
export interface ScheduledBatch {
  /** Counted from 0, in the order of sending. */
  sequenceNumber: number
  signal: Signal
  itemCount: number
  /** When it arrived, in nanoseconds since the Unix epoch. */
  originalTimeUnixNano: bigint
  /** When it was sent, in nanoseconds since the Unix epoch. */
  replayTimeUnixNano: bigint
  /**
   * By how much its times were moved; with `current`, those of its items that belong to no trace.
   * Absent with `none`.
   */
  offsetNanos?: bigint
}

/** What listeners of a replay are called with. */
export interface ReplayEvents {
  /** At most about ten times a second, and once at the end. */
  progress: [status: ReplayStatus]
  /** A batch is on its way to the target. */
  batch: [scheduled: ScheduledBatch]
  /** A piece of the session could not be read. */
  damage: [damage: Damage]
  /** A batch, or a part of one, was refused by the target or could not be handed to it. */
  rejected: [rejected: RejectedBatch]
}

/** A replay under way. */
export interface Replay {
  readonly sessionId: string

  /**
   * Resolves with the last status when the replay has completed or was cancelled;
   * rejects with `ReplayError`, which carries the status, when it failed.
   */
  readonly finished: Promise<ReplayStatus>

  status(): ReplayStatus

  /**
   * Stops the replay's clock. What is on its way arrives, nothing else is sent, and all that is due
   * later comes later by as long as the pause lasts.
   */
  pause(): void

  resume(): void

  /** Ends the replay at once; requests under way are aborted. */
  cancel(): void

  on<E extends keyof ReplayEvents>(event: E, listener: (...args: ReplayEvents[E]) => void): this
  once<E extends keyof ReplayEvents>(event: E, listener: (...args: ReplayEvents[E]) => void): this
  off<E extends keyof ReplayEvents>(event: E, listener: (...args: ReplayEvents[E]) => void): this
}
