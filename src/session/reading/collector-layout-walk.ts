// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { compareKeys } from '../../storage/object-key'
import type { ObjectInfo, ObjectStore } from '../../storage/object-store'
import {
  PARTITION_TOLERANCE_MILLIS,
  type PartitionWindow,
  parsePartition,
  unixNanoOf,
} from './collector-layout'
import type { BatchSelection } from './segment-reader'
import { BEHIND_ALL, SESSIONS_PREFIX, parseSegmentKey } from '../session-keys'

export interface WalkOptions extends BatchSelection {
  store: ObjectStore
  /** A folder, or empty for the whole store. */
  prefix: string
  signal?: AbortSignal
}

/** The objects of one partition, or those in one folder that tells no time. */
export interface PartitionObjects {
  /** Nothing in it, nor in what comes later, arrived before; `-Infinity` if nobody knows. */
  readonly earliestMillis: number
  readonly objects: readonly ObjectInfo[]
}

interface Folder {
  readonly path: string
  readonly window: PartitionWindow | undefined
}

type Waiting = Readonly<{ earliestMillis: number }> &
  ({ readonly folder: Folder } | PartitionObjects)

/** Below a folder of this length, all names are listed at once. */
const FLAT_MILLIS = 3_600_000

/**
 * The objects below a prefix that may hold something of the selection, by
 * partition and in the order of time, also where several exporters write below
 * the same prefix. Folders are opened when their time has come, so that the
 * names of an hour are held at once and not those of a year, and what lies
 * outside of the range is not even listed.
 */
export async function* walkCollectorObjects(
  options: WalkOptions,
): AsyncGenerator<PartitionObjects, void, undefined> {
  const { prefix } = options
  const waiting: Waiting[] = [
    { earliestMillis: -Infinity, folder: { path: prefix, window: undefined } },
  ]
  for (let next = takeEarliest(waiting); next; next = takeEarliest(waiting)) {
    if ('folder' in next) waiting.push(...(await openFolder(next.folder, options)))
    else yield next
  }
}

function takeEarliest(waiting: Waiting[]): Waiting | undefined {
  let earliest = 0
  for (const [index, { earliestMillis }] of waiting.entries()) {
    if (earliestMillis < waiting[earliest].earliestMillis) earliest = index
  }
  return waiting.splice(earliest, 1).at(0)
}

async function openFolder({ path, window }: Folder, options: WalkOptions): Promise<Waiting[]> {
  const { prefix, signals } = options
  const isFlat = window !== undefined && window.endMillis - window.startMillis <= FLAT_MILLIS
  const found: Waiting[] = []
  const objects = new Map<number, ObjectInfo[]>()
  for await (const entry of isFlat ? listAll(path, options) : listLevel(path, options)) {
    const within = typeof entry === 'string' ? entry : folderOf(entry.key)
    const partition = parsePartition(within.slice(prefix.length))
    if (!mayLieWithin(partition, options)) continue
    const earliestMillis = earliestOf(partition)
    if (typeof entry === 'string') {
      found.push({ earliestMillis, folder: { path: entry, window: partition } })
      continue
    }
    const { signal } = parseSegmentKey(entry.key)
    if (signal !== undefined && signals?.includes(signal) === false) continue
    const others = objects.get(earliestMillis)
    if (others) others.push(entry)
    else objects.set(earliestMillis, [entry])
  }
  for (const [earliestMillis, held] of objects) found.push({ earliestMillis, objects: held })
  return found
}

async function* listAll(path: string, { store, signal }: WalkOptions): AsyncGenerator<ObjectInfo> {
  yield* store.list(path, { signal })
}

/** The objects directly in a folder, and the folders there, without visiting what is in them. */
async function* listLevel(
  path: string,
  { store, signal }: WalkOptions,
): AsyncGenerator<ObjectInfo | string, void, undefined> {
  let startAfter = ''
  for (;;) {
    let folder: string | undefined
    for await (const object of store.list(path, { startAfter, signal })) {
      // Of a store that begins elsewhere nothing is given twice, or for ever.
      if (compareKeys(object.key, startAfter) <= 0) continue
      const end = object.key.indexOf('/', path.length) + 1
      if (end > 0) {
        folder = object.key.slice(0, end)
        break
      }
      yield object
    }
    if (folder === undefined) return
    if (folder !== SESSIONS_PREFIX) yield folder
    startAfter = folder + BEHIND_ALL
  }
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1)
}

function earliestOf(window: PartitionWindow | undefined): number {
  return window === undefined ? -Infinity : window.startMillis - PARTITION_TOLERANCE_MILLIS
}

function mayLieWithin(
  window: PartitionWindow | undefined,
  { fromUnixNano, toUnixNano }: BatchSelection,
): boolean {
  if (window === undefined) return true
  const last = unixNanoOf(window.endMillis + PARTITION_TOLERANCE_MILLIS)
  return (
    (toUnixNano === undefined || unixNanoOf(earliestOf(window)) < toUnixNano) &&
    (fromUnixNano === undefined || last > fromUnixNano)
  )
}
