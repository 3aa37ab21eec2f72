// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../otlp/signal'
import { loadSession } from '../session/catalogue'
import type { SessionMetadata } from '../session/metadata'
import { type SessionLayout, objectsBelow } from '../session/session-location'
import { type SignalTotals, addTotals } from '../session/totals'
import type { ObjectStore } from '../storage/object-store'
import { jsonLine } from './json-line'
import { formatUnixNano } from './nano-time'
import { printable } from './printable'
import { readableCount, readableDuration, readableSize } from './readable-figures'
import { type Column, tableLines } from './table'
import type { Terminal } from './terminal'
import { describeDamage } from './watch-replay'

/** Prints what a session holds, for people, or its metadata and its objects as JSON. */
export async function showSession(
  store: ObjectStore,
  sessionId: string,
  terminal: Terminal,
  { json = false, layout }: { json?: boolean; layout?: SessionLayout },
): Promise<void> {
  const { signal } = terminal
  const session = await loadSession(store, sessionId, {
    layout,
    signal,
    onDamage: (damage) => terminal.complain(describeDamage(damage)),
  })
  const objects = { count: 0, sizeBytes: 0 }
  for await (const { sizeBytes } of objectsBelow(store, session.s3Prefix, { signal })) {
    objects.count++
    objects.sizeBytes += sizeBytes
  }
  if (json) await terminal.print(jsonLine({ ...session, objects }))
  else await terminal.print(...propertyLines(session, objects, store), '', ...signalLines(session))
}

interface ObjectTotals {
  readonly count: number
  readonly sizeBytes: number
}

function propertyLines(
  session: SessionMetadata,
  objects: ObjectTotals,
  store: ObjectStore,
): string[] {
  const { interruptedWriters, writers, startTime, endTime } = session
  const all = SIGNALS.map((signal) => session.signals[signal]).reduce(addTotals)
  const lost = all.droppedItems > 0 ? `${readableCount(all.droppedItems)} items` : 'nothing'
  const spooled =
    all.spooledItems === undefined
      ? undefined
      : `${readableCount(all.spooledItems)} items on the disk of a writer`
  const dead = interruptedWriters > 0 ? `, ${interruptedWriters} of them interrupted` : ''
  const properties: [name: string, value: string | undefined][] = [
    ['session', session.sessionId],
    ['status', session.status],
    ['layout', session.layout],
    ['description', session.description],
    ['belongs to', session.diagnosticSessionId],
    ['created by', session.createdBy],
    ['flags', session.enabledFlags.join(', ')],
    ['services', session.serviceNames.join(', ')],
    ['recorded', endTime === undefined ? `since ${startTime}` : `${startTime} to ${endTime}`],
    ['arrivals', rangeOf(all.firstArrivalUnixNano, all.lastArrivalUnixNano)],
    ['item times', rangeOf(all.firstItemTimeUnixNano, all.lastItemTimeUnixNano)],
    ['writers', `${writers}${dead}`],
    ['dropped', lost],
    ['spooled', spooled],
    [
      'sampled out',
      all.sampledOutItems ? `${readableCount(all.sampledOutItems)} items` : undefined,
    ],
    ['objects', `${readableCount(objects.count)}, ${readableSize(objects.sizeBytes)}`],
    ['lies in', `${store.url}/${session.s3Prefix}`],
  ]
  return properties
    .filter(([, value]) => value)
    .map(([name, value = '']) => `${name.padEnd(12)} ${printable(value)}`)
}

function rangeOf(first?: string, last?: string): string | undefined {
  if (first === undefined || last === undefined) return undefined
  const span = readableDuration(Number((BigInt(last) - BigInt(first)) / 1_000_000n))
  return `${formatUnixNano(BigInt(first))} to ${formatUnixNano(BigInt(last))} (${span})`
}

const COLUMNS: readonly Column[] = [
  { title: 'SIGNAL' },
  { title: 'ITEMS', align: 'right' },
  { title: 'BATCHES', align: 'right' },
  { title: 'SEGMENTS', align: 'right' },
  { title: 'STORED', align: 'right' },
  { title: 'UNCOMPRESSED', align: 'right' },
  { title: 'DROPPED', align: 'right' },
]

function signalLines({ signals }: SessionMetadata): string[] {
  return tableLines(
    COLUMNS,
    SIGNALS.map((signal) => rowOf(signal, signals[signal])),
  )
}

function rowOf(signal: Signal, totals: SignalTotals): string[] {
  // Totals that were counted anew from block headers don't say it.
  const isSizeKnown = totals.uncompressedBytes > 0 || totals.items === 0
  return [
    signal,
    readableCount(totals.items),
    readableCount(totals.batches),
    readableCount(totals.segments),
    readableSize(totals.storedBytes),
    isSizeKnown ? readableSize(totals.uncompressedBytes) : '-',
    readableCount(totals.droppedItems),
  ]
}
