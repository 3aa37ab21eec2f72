// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../../otlp/signal'
import type { ObjectInfo, ObjectStore } from '../../storage/object-store'
import type { Damage } from '../damage'
import { parseSegmentKey } from '../session-keys'
import { type SessionLayout, type SessionLocation, locateSession } from '../session-location'
import { walkCollectorObjects } from './collector-layout-walk'
import {
  type BatchIndexEntry,
  type ReadSegmentOptions,
  type RecordedBatch,
  indexSegment,
  readSegment,
} from './segment-reader'

export interface RecentBatchesOptions {
  store: ObjectStore
  sessionId: string
  layout?: SessionLayout
  of: Signal
  /** Batches are taken until they hold so many items. */
  itemLimit: number
  onDamage?: (damage: Damage) => void
  signal?: AbortSignal
}

/**
 * The batches of a signal that arrived last, in no order, as many as hold the wanted number of
 * items, or all there are. Folders and objects are gone through from the newest backwards, and
 * no further than something in them may be newer than what was found.
 */
export async function* readRecentBatches(
  options: RecentBatchesOptions,
): AsyncGenerator<RecordedBatch, void, undefined> {
  const { store, sessionId, layout, of, itemLimit, signal } = options
  const location = await locateSession(store, sessionId, { layout, signal })
  const read = { store, signals: [of], onDamage: onceForEach(options.onDamage), signal }
  const newest = new NewestBatches(itemLimit)
  for await (const objects of fromTheNewest(location, options)) {
    const candidates = objects.filter((object) => newest.mayChangeBy(object))
    if (candidates.length === 0) {
      if (newest.isFull) break
      continue
    }
    for (const object of candidates) {
      if (!newest.mayChangeBy(object)) continue
      for await (const entry of indexSegment(object, read)) newest.add(object, entry)
    }
  }
  yield* readKept(newest, read)
}

/** Objects are gone through twice, and what is damaged in them is come upon twice. */
function onceForEach(onDamage?: (damage: Damage) => void): (damage: Damage) => void {
  const known = new Set<string>()
  return (damage) => {
    const place = `${damage.key}:${damage.offsetBytes}`
    if (known.has(place)) return
    known.add(place)
    onDamage?.(damage)
  }
}

async function* readKept(
  newest: NewestBatches,
  read: ReadSegmentOptions,
): AsyncGenerator<RecordedBatch, void, undefined> {
  for (const [object, positions] of newest.byObject()) {
    const isDone = (_key: string, position: number): boolean => !positions.has(position)
    yield* readSegment(object, { ...read, isDone })
  }
}

/** Objects that may hold something of the signal, a folder (an hour) at a time, newest first. */
async function* fromTheNewest(
  location: SessionLocation,
  { store, of, signal }: RecentBatchesOptions,
): AsyncGenerator<ObjectInfo[], void, undefined> {
  if (location.layout === 'awss3') {
    const objects: ObjectInfo[] = []
    const walk = walkCollectorObjects({ store, prefix: location.prefix, signal, signals: [of] })
    for await (const partition of walk) objects.push(...partition.objects)
    yield newestFirst(objects)
    return
  }
  for await (const hour of hoursBackwards(`${location.prefix}raw/`, store, signal)) {
    const objects: ObjectInfo[] = []
    for await (const object of store.list(hour, { signal })) {
      const named = parseSegmentKey(object.key).signal
      if (named === undefined || named === of) objects.push(object)
    }
    yield newestFirst(objects)
  }
}

async function* hoursBackwards(
  raw: string,
  store: ObjectStore,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void, undefined> {
  for (const day of await foldersBackwards(raw, store, signal)) {
    yield* await foldersBackwards(day, store, signal)
  }
}

async function foldersBackwards(
  prefix: string,
  store: ObjectStore,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const folders: string[] = []
  for await (const folder of store.listFolders(prefix, { signal })) folders.push(folder)
  return folders.reverse()
}

function newestFirst(objects: ObjectInfo[]): ObjectInfo[] {
  return objects.sort((a, b) => b.lastModified.getTime() - a.lastModified.getTime())
}

interface KeptBatch {
  readonly object: ObjectInfo
  readonly entry: BatchIndexEntry
}

/** The batches that arrived last of those that were seen: no more than hold the wanted items. */
class NewestBatches {
  readonly #itemLimit: number
  /** From the newest to the oldest. */
  readonly #kept: KeptBatch[] = []
  #items = 0

  constructor(itemLimit: number) {
    this.#itemLimit = itemLimit
  }

  get isFull(): boolean {
    return this.#items >= this.#itemLimit
  }

  /** An object was stored after all that is in it had arrived. */
  mayChangeBy({ lastModified }: ObjectInfo): boolean {
    const oldest = this.#kept.at(-1)
    if (!this.isFull || oldest === undefined) return true
    // Stores tell the time in whole seconds, some of them.
    const endMillis = lastModified.getTime() + 1_000
    return BigInt(endMillis) * 1_000_000n >= oldest.entry.capturedAtUnixNano
  }

  add(object: ObjectInfo, entry: BatchIndexEntry): void {
    const { capturedAtUnixNano } = entry
    let index = this.#kept.length
    while (index > 0 && this.#kept[index - 1].entry.capturedAtUnixNano < capturedAtUnixNano) index--
    if (index === this.#kept.length && this.isFull) return
    this.#kept.splice(index, 0, { object, entry })
    this.#items += entry.itemCount
    this.#dropWhatIsTooMuch()
  }

  #dropWhatIsTooMuch(): void {
    for (;;) {
      const oldest = this.#kept.at(-1)
      if (!oldest || this.#items - oldest.entry.itemCount < this.#itemLimit) return
      this.#kept.pop()
      this.#items -= oldest.entry.itemCount
    }
  }

  byObject(): Map<ObjectInfo, Set<number>> {
    const positions = new Map<ObjectInfo, Set<number>>()
    for (const { object, entry } of this.#kept) {
      const known = positions.get(object)
      if (known) known.add(entry.position)
      else positions.set(object, new Set([entry.position]))
    }
    return positions
  }
}
