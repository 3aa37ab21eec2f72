// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Damage } from '../session/damage'

export type ReplayState = 'pending' | 'running' | 'paused' | 'completed' | 'failed' | 'cancelled'

export interface ReplayWait {
  /** ISO 8601, UTC. */
  since: string
  message: string
}

/**
 * How far a replay has come. Records are items: spans, data points, log records.
 * When it has completed, sent + failed + filtered + skipped = total.
 */
export interface ReplayStatus {
  sessionId: string
  status: ReplayState
  /** ISO 8601, UTC. */
  startedAt: string
  /** ISO 8601, UTC. */
  completedAt?: string
  /** What is stored of the signals and the time range asked for. */
  totalRecords: number
  /** Of which something has become: sent, failed, filtered or skipped. */
  processedRecords: number
  /** Accepted by the target. */
  sentRecords: number
  /** Refused by the target, impossible to hand to it, or lost in what is damaged. */
  failedRecords: number
  /** Left out as `filterServices` or a transform wanted it. */
  filteredRecords: number
  /** Sent already by an earlier run, where the replay goes on with a receipt. */
  skippedRecords: number
  /** The object that the batch sent last lies in. */
  currentFile?: string
  /**
   * Since when the target has taken nothing of what was sent to it, and why an attempt failed.
   * Absent while it takes what it is sent.
   */
  waiting?: ReplayWait
  /** The file in which account is kept of what the target has answered. */
  receipt?: string
  /** How many pieces of the session could not be read. */
  damaged: number
  /** The first hundred of them. */
  damage: Damage[]
  /**
   * Why it failed. If it did not: the first refusal's message, where something was refused or could
   * not be handed on. `status` is `completed` then all the same, and `failedRecords` says how much.
   */
  error?: string
}
