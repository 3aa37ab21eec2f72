// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import type { ObjectInfo, ObjectStore } from '../storage/object-store'
import type { Damage } from './damage'
import { type BatchSelection, type RecordedBatch, readSegment } from './segment-reader'
import { parseSegmentKey, rawPrefix } from './session-keys'

export type { RecordedBatch } from './segment-reader'

export interface ReadSessionOptions extends BatchSelection {
  store: ObjectStore
  sessionId: string
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
  return Readable.from(mergeSegments(options), {
    objectMode: true,
    highWaterMark: READ_AHEAD_BATCHES,
    signal: options.signal,
  })
}

/** An object of a session, with the time before which none of its batches arrived. */
export interface SessionObject extends ObjectInfo {
  readonly startMillis: number
}

/**
 * The objects that may hold something of the selection, by their start. Folders
 * come in the order of time, so that only one folder's names are held at once.
 */
export async function* listSegments(
  options: ReadSessionOptions,
): AsyncGenerator<SessionObject, void, undefined> {
  const { store, sessionId, signal } = options
  let folder: string | undefined
  let held: SessionObject[] = []
  for await (const object of store.list(rawPrefix(sessionId), { signal })) {
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

interface OpenSegment {
  readonly batches: AsyncGenerator<RecordedBatch, void, undefined>
  head: RecordedBatch
}

/**
 * Merges segments by arrival. A segment is opened when what is read has reached
 * its start, so that only those are open at once that overlap in time.
 */
async function* mergeSegments(
  options: ReadSessionOptions,
): AsyncGenerator<RecordedBatch, void, undefined> {
  const { store, onDamage = () => undefined, signal, signals, fromUnixNano, toUnixNano } = options
  const read = { store, onDamage, signal, signals, fromUnixNano, toUnixNano }
  const segments = listSegments(options)
  const open: OpenSegment[] = []
  try {
    let next = await segments.next()
    for (;;) {
      let first = earliest(open)
      while (!next.done && (!first || startsBefore(next.value, first.head))) {
        const batches = readSegment(next.value, read)
        const head = await batches.next()
        if (!head.done) open.push({ batches, head: head.value })
        first = earliest(open)
        next = await segments.next()
      }
      if (!first) return
      yield first.head
      const following = await first.batches.next()
      if (following.done) open.splice(open.indexOf(first), 1)
      else first.head = following.value
    }
  } finally {
    await segments.return()
    await Promise.all(open.map(({ batches }) => batches.return()))
  }
}

/** The open segment whose next batch arrived first. Few are open, so looking at each is cheap. */
function earliest(open: readonly OpenSegment[]): OpenSegment | undefined {
  let first = open[0] as OpenSegment | undefined
  for (const segment of open) {
    if (first && segment.head.capturedAtUnixNano < first.head.capturedAtUnixNano) first = segment
  }
  return first
}

function startsBefore(segment: SessionObject, batch: RecordedBatch): boolean {
  return BigInt(segment.startMillis) * 1_000_000n <= batch.capturedAtUnixNano
}

function byStart(objects: SessionObject[]): SessionObject[] {
  return objects.sort((a, b) => a.startMillis - b.startMillis || (a.key < b.key ? -1 : 1))
}

function mayLieWithin(startMillis: number, lastModified: Date, selection: BatchSelection): boolean {
  const { fromUnixNano, toUnixNano } = selection
  if (toUnixNano !== undefined && BigInt(startMillis) * 1_000_000n >= toUnixNano) return false
  // What was written before the range begins holds nothing that arrived within it.
  const endMillis = lastModified.getTime() + CLOCK_TOLERANCE_MILLIS
  return fromUnixNano === undefined || BigInt(endMillis) * 1_000_000n >= fromUnixNano
}
