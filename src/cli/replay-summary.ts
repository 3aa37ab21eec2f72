// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ScheduledBatch } from '../replay/replay'
import type { ReplayStatus } from '../replay/replay-status'
import { formatOffset } from './nano-time'
import { readableCount, readableDuration } from './readable-figures'

/** Gathers what a replay's last status does not tell. */
export interface ReplaySummary {
  add(batch: ScheduledBatch): void
  lines(status: ReplayStatus): string[]
}

export function createReplaySummary(target: string | undefined): ReplaySummary {
  let batches = 0
  let least: bigint | undefined
  let most: bigint | undefined
  return {
    add({ offsetNanos }) {
      batches++
      if (offsetNanos === undefined) return
      if (least === undefined || offsetNanos < least) least = offsetNanos
      if (most === undefined || offsetNanos > most) most = offsetNanos
    },
    lines(status) {
      const { sessionId, startedAt, completedAt = startedAt } = status
      // It failed before there was anything to tell.
      if (status.status === 'failed' && status.totalRecords === 0) return []
      const took = readableDuration(Math.max(0, Date.parse(completedAt) - Date.parse(startedAt)))
      const to = target === undefined ? '' : ` to ${target.split('?', 1)[0]}`
      const isResumable = status.status !== 'completed' && status.receipt !== undefined
      if (isAlreadyComplete(status, batches)) {
        return [`already complete: ${sessionId}${to}, nothing was left to send`, countsLine(status)]
      }
      return [
        `${status.status}: ${sessionId}${to}, ${readableCount(batches, 'request')} in ${took}`,
        countsLine(status),
        ...shiftLine(least, most),
        ...(isResumable ? ['the same command with --resume goes on where it stopped'] : []),
      ]
    },
  }
}

function isAlreadyComplete({ status, skippedRecords }: ReplayStatus, batches: number): boolean {
  return status === 'completed' && batches === 0 && skippedRecords > 0
}

function countsLine(status: ReplayStatus): string {
  const { sentRecords, failedRecords, filteredRecords, totalRecords, processedRecords } = status
  const { skippedRecords } = status
  const left = totalRecords - processedRecords
  return [
    `sent ${readableCount(sentRecords)}`,
    `failed ${readableCount(failedRecords)}`,
    `filtered ${readableCount(filteredRecords)}`,
    ...(skippedRecords > 0 ? [`sent before ${readableCount(skippedRecords)}`] : []),
    ...(left > 0 ? [`not reached ${readableCount(left)}`] : []),
    `of ${readableCount(totalRecords, 'item')} stored`,
    ...(status.damaged > 0 ? [`${readableCount(status.damaged, 'piece')} damaged`] : []),
  ].join(', ')
}

function shiftLine(least: bigint | undefined, most: bigint | undefined): string[] {
  if (least === undefined || most === undefined) return ['times were not moved']
  if (least === most) {
    const size = readableDuration(Math.abs(Number(least / 1_000_000n)))
    return [`times moved by ${formatOffset(least)} (${size})`]
  }
  return [`times moved by ${formatOffset(least)} to ${formatOffset(most)}`]
}
