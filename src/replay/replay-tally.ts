// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Damage } from '../session/damage'
import { followMeterProvider } from '../telemetry/follow-meter-provider'
import { itemsReplayed } from '../telemetry/instruments'
import type { ReplayState, ReplayStatus, ReplayWait } from './replay-status'

const MAX_LISTED_DAMAGE = 100

const measured = itemsReplayed.seriesBy('otel_tape.outcome', ['sent', 'failed', 'filtered'])

/** Keeps count of what becomes of a session's items, each of which counts once. */
export class ReplayTally {
  state: ReplayState = 'pending'
  currentFile?: string
  completedAt?: Date
  error?: string
  waiting?: ReplayWait
  receipt?: string
  readonly #sessionId: string
  readonly #startedAt: Date
  readonly #damage: Damage[] = []
  #damaged = 0
  #stored = 0
  #sent = 0
  #failed = 0
  #filtered = 0
  #skipped = 0

  constructor(sessionId: string, startedAt: Date) {
    this.#sessionId = sessionId
    this.#startedAt = startedAt
  }

  /** How many items there are to replay, as far as is known before they are read. */
  expect(itemCount: number): void {
    this.#stored = itemCount
  }

  /** Counts from the beginning what earlier runs are done with. */
  resume(done: { sentItems: number; failedItems: number; filteredItems: number }): void {
    this.#skipped += done.sentItems
    this.#failed += done.failedItems
    this.#filtered += done.filteredItems
  }

  send(itemCount: number): void {
    followMeterProvider()
    measured.sent.add(itemCount)
    this.#sent += itemCount
  }

  fail(itemCount: number): void {
    measured.failed.add(itemCount)
    this.#failed += itemCount
  }

  filter(itemCount: number): void {
    measured.filtered.add(itemCount)
    this.#filtered += itemCount
  }

  damage(damage: Damage): void {
    this.#damaged++
    this.fail(damage.itemCount ?? 0)
    if (this.#damage.length < MAX_LISTED_DAMAGE) this.#damage.push(damage)
  }

  /** Items that were expected, and of which nothing has become so far. */
  get missing(): number {
    return Math.max(0, this.#stored - this.#processed)
  }

  status(): ReplayStatus {
    const { currentFile, completedAt, error, waiting, receipt } = this
    return {
      sessionId: this.#sessionId,
      status: this.state,
      startedAt: this.#startedAt.toISOString(),
      ...(completedAt !== undefined && { completedAt: completedAt.toISOString() }),
      // A session that is still being recorded may hold more by now.
      totalRecords: Math.max(this.#stored, this.#processed),
      processedRecords: this.#processed,
      sentRecords: this.#sent,
      failedRecords: this.#failed,
      filteredRecords: this.#filtered,
      skippedRecords: this.#skipped,
      ...(currentFile !== undefined && !completedAt && { currentFile }),
      ...(waiting !== undefined && !completedAt && { waiting }),
      ...(receipt !== undefined && { receipt }),
      damaged: this.#damaged,
      damage: [...this.#damage],
      ...(error !== undefined && { error }),
    }
  }

  get #processed(): number {
    return this.#sent + this.#failed + this.#filtered + this.#skipped
  }
}
