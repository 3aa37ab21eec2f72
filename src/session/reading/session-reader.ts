// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import type { ObjectInfo, ObjectStore } from '../../storage/object-store'
import type { Damage } from '../damage'
import { collectorReading, orderCollectorObjects } from './collector-layout-reader'
import { walkCollectorObjects } from './collector-layout-walk'
import {
  type BatchIndexEntry,
  type BatchSelection,
  type ReadSegmentOptions,
  type RecordedBatch,
  indexSegment,
  readSegmentRuns,
} from './segment-reader'
import { parseSegmentKey } from '../session-keys'
import { type SessionLayout, type SessionLocation, locateSession } from '../session-location'

export type { RecordedBatch } from './segment-reader'

export interface ReadSessionOptions
  extends BatchSelection, Pick<ReadSegmentOptions, 'services' | 'onLeftOut' | 'isDone'> {
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
const READ_AHEAD_BATCHES = 4
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
  return Readable.from(inSingleFile(readSessionRuns(options)), {
    objectMode: true,
    highWaterMark: READ_AHEAD_BATCHES,
    signal: options.signal,
  })
}

/** Batches that follow one another, and lie in one block of one object. Never empty. */
export type BatchRun = readonly RecordedBatch[]

async function* inSingleFile(
  runs: AsyncGenerator<BatchRun, void, undefined>,
): AsyncGenerator<RecordedBatch, void, undefined> {
  for await (const run of runs) yield* run
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

/** An object whose batches can be merged with those of others. */
interface MergeableObject {
  /** Before which none of its batches arrived, in milliseconds since the Unix epoch. */
  readonly startMillis: number
  open(): AsyncGenerator<BatchRun, void, undefined>
}

async function* openObjects(
  options: ReadSessionOptions,
): AsyncGenerator<MergeableObject, void, undefined> {
  const { store, sessionId, layout, signal, signals, fromUnixNano, toUnixNano } = options
  const { onDamage = () => undefined, services, onLeftOut, isDone } = options
  const range = { signals, fromUnixNano, toUnixNano }
  const read: ReadSegmentOptions = { ...range, store, onDamage, signal, isDone }
  const location = await locateSession(store, sessionId, { layout, signal })
  if (location.layout === 'awss3') {
    for await (const object of orderCollectorObjects({ ...read, prefix: location.prefix })) {
      yield { startMillis: object.startMillis, open: () => oneByOne(object.open()) }
    }
    return
  }
  const readOurs = { ...read, services, onLeftOut }
  for await (const segment of listSegments(options, location)) {
    yield { startMillis: segment.startMillis, open: () => readSegmentRuns(segment, readOurs) }
  }
}

async function* oneByOne(
  batches: AsyncGenerator<RecordedBatch, void, undefined>,
): AsyncGenerator<BatchRun, void, undefined> {
  for await (const batch of batches) yield [batch]
}

/** An object that is being read, and what has been read of it and not been given away. */
interface OpenObject {
  readonly runs: AsyncGenerator<BatchRun, void, undefined>
  run: BatchRun
  /** Where in the run the next batch is. */
  index: number
}

/**
 * As `readSession`, as many batches at a time as follow one another without a look at
 * anything else. Nothing is read ahead, and the bodies are nobody else's: the one who
 * gets them may alter them.
 *
 * Objects are merged by arrival. One is opened when what is read has reached its
 * start, so that only those are open at once that overlap in time.
 */
export async function* readSessionRuns(
  options: ReadSessionOptions,
): AsyncGenerator<BatchRun, void, undefined> {
  const objects = openObjects(options)
  const open: OpenObject[] = []
  try {
    let next = await objects.next()
    for (;;) {
      let first = earliest(open)
      while (!next.done && (!first || startsBefore(next.value, headOf(first)))) {
        const runs = next.value.open()
        const run = await runs.next()
        if (!run.done) open.push({ runs, run: run.value, index: 0 })
        first = earliest(open)
        next = await objects.next()
      }
      if (!first) return
      yield takeRun(first, open, next.done ? undefined : next.value)
      if (first.index < first.run.length) continue
      // What has been given away must not be held until something follows it.
      first.run = []
      const following = await first.runs.next()
      if (following.done) open.splice(open.indexOf(first), 1)
      else Object.assign(first, { run: following.value, index: 0 })
    }
  } finally {
    await objects.return()
    await Promise.all(open.map(({ runs }) => runs.return()))
  }
}

function headOf({ run, index }: OpenObject): RecordedBatch {
  return run[index]
}

function takeRun(
  first: OpenObject,
  open: readonly OpenObject[],
  next: MergeableObject | undefined,
): BatchRun {
  const { run, index } = first
  do first.index++
  while (isStillFirst(first, open, next))
  return index === 0 && first.index === run.length ? run : run.slice(index, first.index)
}

/** Whether what comes next in its run comes before anything else, too. */
function isStillFirst(
  object: OpenObject,
  open: readonly OpenObject[],
  next: MergeableObject | undefined,
): boolean {
  if (object.index === object.run.length) return false
  if (next && startsBefore(next, headOf(object))) return false
  return open.length === 1 || earliest(open) === object
}

/** The open object whose next batch arrived first. Few are open, so looking at each is cheap. */
function earliest(open: readonly OpenObject[]): OpenObject | undefined {
  let first = open[0] as OpenObject | undefined
  for (const object of open) {
    if (first && headOf(object).capturedAtUnixNano < headOf(first).capturedAtUnixNano) {
      first = object
    }
  }
  return first
}

function startsBefore(object: MergeableObject, batch: RecordedBatch): boolean {
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
