// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ObjectInfo } from '../../storage/object-store'
import { arrivalWithin, parsePartition } from './collector-layout'
import { type WalkOptions, walkCollectorObjects } from './collector-layout-walk'
import type { Damage } from '../damage'
import { type ReadSegmentOptions, type RecordedBatch, readSegment } from './segment-reader'

export type CollectorReadOptions = WalkOptions & ReadSegmentOptions

/** An object whose requests can be merged with those of others. */
export interface ReadableObject {
  /** Before which none of its requests arrived, in milliseconds since the Unix epoch. */
  readonly startMillis: number
  open(): AsyncGenerator<RecordedBatch, void, undefined>
}

/** Bytes of requests that are kept from the first look until their time comes. */
const KEPT_BYTES = 16 * 1024 * 1024

/**
 * The objects of a prefix by when their first request arrived. Their keys don't
 * tell it: the Collector numbers them at random. So each is looked into once its
 * partition comes up; what is small is kept from there, the rest is read again
 * when its time has come. In this way memory is bounded, however many there are.
 */
export async function* orderCollectorObjects(
  options: CollectorReadOptions,
): AsyncGenerator<ReadableObject, void, undefined> {
  const kept: KeptBytes = { bytes: 0 }
  let waiting: ReadableObject[] = []
  for await (const { earliestMillis, objects } of walkCollectorObjects(options)) {
    const due = waiting.filter(({ startMillis }) => startMillis < earliestMillis)
    waiting = waiting.filter(({ startMillis }) => startMillis >= earliestMillis)
    yield* due.sort(byStart)
    for (const object of objects) {
      const found = await lookInto(object, options, kept)
      if (found) waiting.push(found)
    }
  }
  yield* waiting.sort(byStart)
}

/** How to read such objects: a request arrives by its partition and its items' times. */
export function collectorReading<T extends WalkOptions>(
  options: T,
): T & Required<Pick<ReadSegmentOptions, 'arrivalOf'>> {
  const { prefix } = options
  return {
    ...options,
    arrivalOf: ({ lastItemTimeUnixNano }, { key, lastModified }) => {
      const folders = key.slice(prefix.length, key.lastIndexOf('/') + 1)
      return arrivalWithin(parsePartition(folders), lastItemTimeUnixNano, lastModified)
    },
  }
}

/** Of small requests, what is known of them takes more than the bytes themselves. */
const BATCH_BYTES = 512

function heldBytes(body: Uint8Array): number {
  return body.length + BATCH_BYTES
}

interface KeptBytes {
  bytes: number
}

/** What of an object is wanted; `undefined` if nothing is. Reports what is damaged. */
async function lookInto(
  object: ObjectInfo,
  options: CollectorReadOptions,
  kept: KeptBytes,
): Promise<ReadableObject | undefined> {
  const reading = collectorReading(options)
  let start: bigint | undefined
  let batches: RecordedBatch[] | undefined = []
  let batchBytes = 0
  for await (const batch of readSegment(object, reading)) {
    const { capturedAtUnixNano, body } = batch
    if (start === undefined || capturedAtUnixNano < start) start = capturedAtUnixNano
    batchBytes += heldBytes(body)
    if (kept.bytes + batchBytes > KEPT_BYTES) batches = undefined
    // A copy: inflated bytes are a view of a larger buffer, which would be kept with them.
    batches?.push({ ...batch, body: Uint8Array.from(body) })
  }
  if (start === undefined) return undefined
  const startMillis = Number(start / 1_000_000n)
  if (batches === undefined) {
    // The same damage is not reported twice, but what can't be fetched now is lost now.
    const onDamage = (damage: Damage): void => {
      if (damage.reason === 'unreadable') options.onDamage(damage)
    }
    return { startMillis, open: () => readSegment(object, { ...reading, onDamage }) }
  }
  kept.bytes += batchBytes
  return { startMillis, open: () => giveAway(batches.sort(byArrival), kept) }
}

async function* giveAway(
  batches: RecordedBatch[],
  kept: KeptBytes,
): AsyncGenerator<RecordedBatch, void, undefined> {
  for (let batch = batches.shift(); batch; batch = batches.shift()) {
    kept.bytes -= heldBytes(batch.body)
    yield batch
  }
}

function byStart(a: ReadableObject, b: ReadableObject): number {
  return a.startMillis - b.startMillis
}

function byArrival(a: RecordedBatch, b: RecordedBatch): number {
  return a.capturedAtUnixNano < b.capturedAtUnixNano ? -1 : 1
}
