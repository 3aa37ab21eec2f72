// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../../otlp/signal'
import type { SessionMetadata } from '../../session/metadata'
import { jsonLine } from '../json-line'
import { formatOffset } from '../nano-time'
import { readableCount, readableSize } from '../readable-figures'
import { type Column, tableLines } from '../table'
import type { Comparison } from './compare-received'

/** Where an object of the session lies: in a folder, the path of its file. */
export interface StoredObjectAddress {
  readonly address: string
  readonly sizeBytes: number
}

export interface DemoOutcome {
  readonly session: SessionMetadata
  readonly objects: readonly StoredObjectAddress[]
  readonly comparison: Comparison
}

/** Whether all that was captured was stored and replayed, and nothing but its time has changed. */
export function isFlawless({ session, comparison }: DemoOutcome): boolean {
  const { signals, differingItems, largestChangeNanos, times } = comparison
  return (
    differingItems === 0 &&
    largestChangeNanos === 0n &&
    times > 0 &&
    SIGNALS.every((signal) => {
      const { capturedItems, replayedItems } = signals[signal]
      const storedItems = session.signals[signal].items
      return capturedItems > 0 && storedItems === capturedItems && replayedItems === capturedItems
    })
  )
}

const COLUMNS: readonly Column[] = [
  { title: '' },
  { title: 'CAPTURED', align: 'right' },
  { title: 'STORED', align: 'right' },
  { title: 'REPLAYED', align: 'right' },
]

const ITEM_NAMES = { traces: 'spans', metrics: 'data points', logs: 'log records' }

/** What the demo has measured, for people or as one JSON line. */
export function reportDemo(outcome: DemoOutcome, json: boolean): string[] {
  const { session, objects, comparison } = outcome
  const { differingItems, times, leastShiftNanos, largestChangeNanos } = comparison
  if (json) {
    const { sessionId } = session
    return [jsonLine({ sessionId, objects, stored: session.signals, ...comparison })]
  }
  return [
    'stored:',
    ...objects.map(({ address, sizeBytes }) => `  ${address}  ${readableSize(sizeBytes)}`),
    '',
    ...tableLines(
      COLUMNS,
      SIGNALS.map((signal) => rowOf(signal, outcome)),
    ),
    '',
    `items that differ in more than their times   ${readableCount(differingItems)}`,
    `times compared                               ${readableCount(times)}`,
    `time shift                                   ${formatOffset(leastShiftNanos ?? 0n)}`,
    `largest change of any distance in time       ${readableCount(Number(largestChangeNanos))} ns`,
  ]
}

function rowOf(signal: Signal, { session, comparison }: DemoOutcome): string[] {
  const { capturedItems, replayedItems } = comparison.signals[signal]
  const counts = [capturedItems, session.signals[signal].items, replayedItems]
  return [`${signal} (${ITEM_NAMES[signal]})`, ...counts.map((count) => readableCount(count))]
}
