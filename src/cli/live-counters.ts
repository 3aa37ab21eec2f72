// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS } from '../otlp/signal'
import type { ForwardingStatus, ReceiverStatus, StorageStatus } from '../receive/receiver'
import { cutToWidth } from './cut-to-width'
import { printable } from './printable'
import { readableCount, readableSize } from './readable-figures'
import { type Column, tableLines } from './table'

/** How much of a terminal there is to draw on. */
export interface LiveArea {
  readonly columns: number
  readonly rows: number
}

const SIGNAL_COLUMNS: readonly Column[] = [
  { title: 'SIGNAL' },
  { title: 'ITEMS', align: 'right' },
  { title: 'REQUESTS', align: 'right' },
  { title: 'RECEIVED', align: 'right' },
]

const SERVICE_COLUMNS: readonly Column[] = [
  { title: 'SERVICE' },
  { title: 'ITEMS', align: 'right' },
]

const SHOWN_SERVICES = 10
/** A name may be as long as its sender likes; a table is as wide as its longest cell. */
const SHOWN_NAME_LENGTH = 60

/** What a receiver has done so far, as lines that fit into an area. */
export function liveCounters(status: ReceiverStatus, { columns, rows }: LiveArea): string[] {
  const lines = [
    headline(status),
    ...refusalLines(status),
    ...(status.forwarding ? [forwardingLine(status.forwarding)] : []),
    ...signalLines(status),
    ...serviceLines(status),
  ]
  // Lines that wrap or scroll away can't be drawn over.
  return lines.slice(0, Math.max(1, rows - 1)).map((line) => cutToWidth(line, columns - 1))
}

/** The same as one line, for a log. */
export function counterLine(status: ReceiverStatus): string {
  const received = SIGNALS.map((signal) => {
    const { items, bytes } = status.received[signal]
    return `${signal} ${readableCount(items)} (${readableSize(bytes)})`
  })
  return [
    `received ${received.join(', ')}`,
    storageText(status.storage),
    ...refusalLines(status),
    ...(status.forwarding ? [forwardingLine(status.forwarding)] : []),
  ].join('; ')
}

function headline({ sessionId, openSessions, storage }: ReceiverStatus): string {
  const others = openSessions.filter((id) => id !== sessionId).length
  const more = others > 0 ? ` and ${readableCount(others, 'session')} more` : ''
  return `${sessionId}${more}: ${storageText(storage)}`
}

function storageText({ state, storedBytes, waitingBytes, lastFailure }: StorageStatus): string {
  const waiting = waitingBytes > 0 ? `, ${readableSize(waitingBytes)} waiting` : ''
  const failure = state === 'down' && lastFailure ? ` (${printable(lastFailure)})` : ''
  return `store ${state}${failure}, ${readableSize(storedBytes)} stored${waiting}`
}

function refusalLines({ refusedRequests, rejectedItems }: ReceiverStatus): string[] {
  const refused = [...refusedRequests].map(([code, count]) => `${readableCount(count)} × ${code}`)
  const rejected = rejectedItems > 0 ? [`${readableCount(rejectedItems, 'item')} rejected`] : []
  return refused.length === 0 && rejected.length === 0
    ? []
    : [`refused: ${[...refused, ...rejected].join(', ')}`]
}

function forwardingLine(forwarding: ForwardingStatus): string {
  const { targetEndpoint, sentItems, missedItems, waitingBytes, lastFailure } = forwarding
  const missed = SIGNALS.reduce((sum, signal) => sum + missedItems[signal], 0)
  return [
    `forwarding to ${printable(targetEndpoint)}: ${readableCount(sentItems, 'item')} sent`,
    `${readableCount(missed)} missed`,
    ...(waitingBytes > 0 ? [`${readableSize(waitingBytes)} waiting`] : []),
    ...(missed > 0 && lastFailure ? [`last failure: ${printable(lastFailure)}`] : []),
  ].join(', ')
}

function signalLines({ received }: ReceiverStatus): string[] {
  const rows = SIGNALS.map((signal) => {
    const { items, requests, bytes } = received[signal]
    return [signal, readableCount(items), readableCount(requests), readableSize(bytes)]
  })
  return ['', ...tableLines(SIGNAL_COLUMNS, rows)]
}

function serviceLines({ itemsByService }: ReceiverStatus): string[] {
  if (itemsByService.size === 0) return []
  const byItems = [...itemsByService].sort(([, a], [, b]) => b - a)
  const rows = byItems
    .slice(0, SHOWN_SERVICES)
    .map(([name, items]) => [cutToWidth(printable(name), SHOWN_NAME_LENGTH), readableCount(items)])
  const more = itemsByService.size - SHOWN_SERVICES
  const others = more > 0 ? [`and ${readableCount(more, 'service')} more`] : []
  return ['', ...tableLines(SERVICE_COLUMNS, rows), ...others]
}
