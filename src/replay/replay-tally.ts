// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Damage } from '../session/damage'
import type { ReplayState, ReplayStatus } from './replay-status'

const MAX_LISTED_DAMAGE = 100

/** Keeps count of what becomes of a session's items, each of which counts once. */
export class ReplayTally {
  state: ReplayState = 'pending'
  currentFile?: string
  completedAt?: Date
  error?: string
  readonly #sessionId: string
  readonly #startedAt: Date
  readonly #damage: Damage[] = []
  #damaged = 0
  #stored = 0
  #sent = 0
  #failed = 0
  #filtered = 0

  constructor(sessionId: string, startedAt: Date) {
    this.#sessionId = sessionId
    this.#startedAt = startedAt
  }

  /** How many items there are to replay, as far as is known before they are read. */
  expect(itemCount: number): void {
    this.#stored = itemCount
  }

  send(itemCount: number): void {
    this.#sent += itemCount
  }

  fail(itemCount: number): void {
    this.#failed += itemCount
  }

  filter(itemCount: number): void {
    this.#filtered += itemCount
  }

  damage(damage: Damage): void {
    this.#damaged++
    this.#failed += damage.itemCount ?? 0
    if (this.#damage.length < MAX_LISTED_DAMAGE) this.#damage.push(damage)
  }

  /** Items that were expected, and of which nothing has become so far. */
  get missing(): number {
    return Math.max(0, this.#stored - this.#processed)
  }

  status(): ReplayStatus {
    const { currentFile, completedAt, error } = this
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
      ...(currentFile !== undefined && !completedAt && { currentFile }),
      damaged: this.#damaged,
      damage: [...this.#damage],
      ...(error !== undefined && { error }),
    }
  }

  get #processed(): number {
    return this.#sent + this.#failed + this.#filtered
  }
}
