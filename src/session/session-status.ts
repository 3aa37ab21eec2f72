// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { SessionStatus } from './metadata'
import { type WriterSummary, hasStopped, isLiving } from './writer-summary'

/** How long a session may stand without a living writer before it counts as interrupted. */
const GRACE_MILLIS = 60_000

/** The status of a session that nobody has completed. */
export function statusOf(summaries: readonly WriterSummary[]): SessionStatus {
  if (summaries.some((summary) => isLiving(summary))) return 'active'
  // The last writer may be about to complete it.
  const isBeingCompleted = summaries.some(
    ({ state, updatedAt }) =>
      state === 'stopped' && Date.now() - Date.parse(updatedAt) < GRACE_MILLIS,
  )
  return isBeingCompleted ? 'active' : 'failed'
}

/** How many of the writers ended without saying so. */
export function countInterrupted(summaries: readonly WriterSummary[]): number {
  return summaries.filter((summary) => !hasStopped(summary) && !isLiving(summary)).length
}
