// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import type { ObjectInfo, ObjectStore } from '../storage/object-store'
import type { Damage } from './damage'
import {
  type ReadableObject,
  collectorReading,
  orderCollectorObjects,
} from './collector-layout-reader'
import { walkCollectorObjects } from './collector-layout-walk'
import {
  type BatchIndexEntry,
  type BatchSelection,
  type ReadSegmentOptions,
  type RecordedBatch,
  indexSegment,
  readSegment,
} from './segment-reader'
import { parseSegmentKey } from './session-keys'
import { type SessionLayout, type SessionLocation, locateSession } from './session-location'

export type { RecordedBatch } from './segment-reader'

export interface ReadSessionOptions extends BatchSelection {
  store: ObjectStore
  /** Or, in the layout `awss3`, the prefix of what the Collector wrote. */
  sessionId: string
  /** How its objects lie. Default: found by looking. */
  layout?: SessionLayout
  /** Called for each piece that could not be read. Reading goes on behind it. */
  onDamage?: (damage: Damage) => void
  signal?: AbortSignal
}

/** Batches read ahead of whoever consumes them. */
const READ_AHEAD_BATCHES = 16
/** How far the clocks of a store and of those who write to it may lie apart. */
const CLOCK_TOLERANCE_MILLIS = 10 * 60_000

/**
 * Streams a session's batches in the order in which they arrived, across
 * signals, segments and writers, in bounded memory.
 *
 * @example
 * for await (const batch of readSession({ store, sessionId: 'debug-payment' })) {
 *   console.log(batch.signal, batch.itemCount)
 * }
 */
export function readSession(options: ReadSessionOptions): Readable {
  return Readable.from(mergeObjects(options), {
    objectMode: true,
    highWaterMark: READ_AHEAD_BATCHES,
    signal: options.signal,
  })
}

/** What is known of an object and its batches without reading more than that takes. */
export interface IndexedObject {
  readonly object: ObjectInfo
  readonly entries: AsyncGenerator<BatchIndexEntry, void, undefined>
}

/** The objects that may hold something of the selection, in no order that could be relied on. */
export async function* indexSession(
  options: ReadSessionOptions,
  location: SessionLocation,
): AsyncGenerator<IndexedObject, void, undefined> {
  const { onDamage = () => undefined } = options
  if (location.layout === 'sessions') {
    for await (const object of listSegments(options, location)) {
      yield { object, entries: indexSegment(object, { ...options, onDamage }) }
    }
    return
  }
  const reading = collectorReading({ ...options, ...location, onDamage })
  for await (const { objects } of walkCollectorObjects(reading)) {
    for (const object of objects) yield { object, entries: indexSegment(object, reading) }
  }
}

interface Segment extends ObjectInfo {
  readonly startMillis: number
}

/**
 * The segments that may hold something of the selection, by their start. Folders
 * come in the order of time, so that only one folder's names are held at once.
 */
async function* listSegments(
  options: ReadSessionOptions,
  { prefix }: SessionLocation,
): AsyncGenerator<Segment, void, undefined> {
  const { store, signal } = options
  let folder: string | undefined
  let held: Segment[] = []
  for await (const object of store.list(`${prefix}raw/`, { signal })) {
    const objectFolder = object.key.slice(0, object.key.lastIndexOf('/'))
    if (objectFolder !== folder) {
      yield* byStart(held)
      held = []
      folder = objectFolder
    }
    const { signal: named, arrivalMillis } = parseSegmentKey(object.key)
    const startMillis = arrivalMillis ?? object.lastModified.getTime()
    const isSignalWanted = named === undefined || (options.signals?.includes(named) ?? true)
    if (isSignalWanted && mayLieWithin(startMillis, object.lastModified, options)) {
      held.push({ ...object, startMillis })
    }
  }
  yield* byStart(held)
}

async function* openObjects(
  options: ReadSessionOptions,
): AsyncGenerator<ReadableObject, void, undefined> {
  const { store, sessionId, layout, signal, signals, fromUnixNano, toUnixNano } = options
  const { onDamage = () => undefined } = options
  const read: ReadSegmentOptions = { store, onDamage, signal, signals, fromUnixNano, toUnixNano }
  const location = await locateSession(store, sessionId, { layout, signal })
  if (location.layout === 'awss3') {
    yield* orderCollectorObjects({ ...read, prefix: location.prefix })
    return
  }
  for await (const segment of listSegments(options, location)) {
    yield { startMillis: segment.startMillis, open: () => readSegment(segment, read) }
  }
}

interface OpenObject {
  readonly batches: AsyncGenerator<RecordedBatch, void, undefined>
  head: RecordedBatch
}

/**
 * Merges objects by arrival. One is opened when what is read has reached its
 * start, so that only those are open at once that overlap in time.
 */
async function* mergeObjects(
  options: ReadSessionOptions,
): AsyncGenerator<RecordedBatch, void, undefined> {
  const objects = openObjects(options)
  const open: OpenObject[] = []
  try {
    let next = await objects.next()
    for (;;) {
      let first = earliest(open)
      while (!next.done && (!first || startsBefore(next.value, first.head))) {
        const batches = next.value.open()
        const head = await batches.next()
        if (!head.done) open.push({ batches, head: head.value })
        first = earliest(open)
        next = await objects.next()
      }
      if (!first) return
      yield first.head
      const following = await first.batches.next()
      if (following.done) open.splice(open.indexOf(first), 1)
      else first.head = following.value
    }
  } finally {
    await objects.return()
    await Promise.all(open.map(({ batches }) => batches.return()))
  }
}

/** The open object whose next batch arrived first. Few are open, so looking at each is cheap. */
function earliest(open: readonly OpenObject[]): OpenObject | undefined {
  let first = open[0] as OpenObject | undefined
  for (const object of open) {
    if (first && object.head.capturedAtUnixNano < first.head.capturedAtUnixNano) first = object
  }
  return first
}

function startsBefore(object: ReadableObject, batch: RecordedBatch): boolean {
  return BigInt(object.startMillis) * 1_000_000n <= batch.capturedAtUnixNano
}

function byStart(segments: Segment[]): Segment[] {
  return segments.sort((a, b) => a.startMillis - b.startMillis || (a.key < b.key ? -1 : 1))
}

function mayLieWithin(startMillis: number, lastModified: Date, selection: BatchSelection): boolean {
  const { fromUnixNano, toUnixNano } = selection
  if (toUnixNano !== undefined && BigInt(startMillis) * 1_000_000n >= toUnixNano) return false
  // What was written before the range begins holds nothing that arrived within it.
  const endMillis = lastModified.getTime() + CLOCK_TOLERANCE_MILLIS
  return fromUnixNano === undefined || BigInt(endMillis) * 1_000_000n >= fromUnixNano
}
