// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { planRequests } from './field-plan'
import { findFields } from './find-fields'
import { FoundFields } from './found-fields'
import { isItemShape } from './item-shapes'
import { shiftTimesInPlace } from './shift-times'
import type { Signal } from './signal'
import { TimeOffset, viewOf } from './time-offset'

const ITEM = 1
const TIME = 2
const TRACE_ID = 3

const TRACE_ID_BYTES = 16
/** In place of an index. */
const NONE = -1

// A link's trace id says where the link leads, not where its span belongs:
// only an item's own counts.
const planOf = planRequests((field, message) => {
  if (isItemShape(field.message)) return ITEM
  if (field.kind === 'time') return TIME
  return field.kind === 'traceId' && isItemShape(message) ? TRACE_ID : 0
})

/**
 * The offset in nanoseconds of the trace whose id's 16 bytes begin at `start`. Asked for each
 * item that belongs to a trace; it has to give one trace the same answer always, or the trace
 * is torn apart.
 */
export type OffsetOfTrace = (bytes: Uint8Array, start: number) => bigint

/**
 * Moves every trace as a whole: all times inside a span or log record that
 * carries a trace id move by what `offsetOfTrace` says for that trace. Whatever
 * belongs to no trace moves by `batchOffsetNanos`: metrics with their exemplars,
 * and items whose trace id is absent, all zero or not 16 bytes long, which OTLP
 * calls invalid. What holds for `shiftTimes` holds here: 0 stays 0, a patched copy.
 *
 * @throws MalformedOtlpError when the bytes cannot be followed
 *
 * @example
 * const offsets = new Map<string, bigint>()
 * const shifted = shiftTimesByTrace(body, 'traces', nowOffset, (bytes, start) => {
 *   const traceId = Buffer.from(bytes.subarray(start, start + 16)).toString('hex')
 *   const offset = offsets.get(traceId) ?? nowOffset
 *   offsets.set(traceId, offset)
 *   return offset
 * })
 */
export function shiftTimesByTrace(
  body: Uint8Array,
  signal: Signal,
  batchOffsetNanos: bigint,
  offsetOfTrace: OffsetOfTrace,
): Uint8Array {
  // Not body.slice(): a Buffer's slice is a view of the same memory.
  const shifted = new Uint8Array(body)
  shiftTimesByTraceInPlace(shifted, signal, batchOffsetNanos, offsetOfTrace)
  return shifted
}

/**
 * As `shiftTimesByTrace`, but moves the times in `body` itself: for whoever owns
 * the bytes and has shown them to nobody else. All or nothing: what cannot be
 * followed to its end is left as it was, and `offsetOfTrace` is not asked. If
 * `offsetOfTrace` throws, the items before have been moved, and no others.
 *
 * @throws MalformedOtlpError when the bytes cannot be followed; not one is altered then
 */
export function shiftTimesByTraceInPlace(
  body: Uint8Array,
  signal: Signal,
  batchOffsetNanos: bigint,
  offsetOfTrace: OffsetOfTrace,
): void {
  if (signal === 'metrics') {
    shiftTimesInPlace(body, signal, batchOffsetNanos)
    return
  }
  const found = findFields(planOf(signal), body)
  new TracePatcher(body, batchOffsetNanos, offsetOfTrace).patch(found)
  FoundFields.giveBack(found)
}

class TracePatcher {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #batchOffset: TimeOffset
  readonly #offsetOfTrace: OffsetOfTrace
  #lastOffset: TimeOffset

  constructor(bytes: Uint8Array, batchOffsetNanos: bigint, offsetOfTrace: OffsetOfTrace) {
    this.#bytes = bytes
    this.#view = viewOf(bytes)
    this.#batchOffset = new TimeOffset(batchOffsetNanos)
    this.#lastOffset = this.#batchOffset
    this.#offsetOfTrace = offsetOfTrace
  }

  patch(found: FoundFields): void {
    for (let item = 0; item < found.count;) item = this.#patchItem(found, item + 1)
  }

  // The trace id may come behind the times it decides about, and only the last of
  // several counts. Returns where the next item is.
  #patchItem(found: FoundFields, first: number): number {
    let traceId = NONE
    let next = first
    for (; next < found.count && found.mark(next) !== ITEM; next++) {
      if (found.mark(next) === TRACE_ID) traceId = next
    }
    const offset =
      traceId === NONE
        ? this.#batchOffset
        : this.#offsetOf(found.start(traceId), found.end(traceId))
    for (let index = first; index < next; index++) {
      if (found.mark(index) === TIME) offset.addTo(this.#view, found.start(index))
    }
    return next
  }

  #offsetOf(start: number, end: number): TimeOffset {
    if (end - start !== TRACE_ID_BYTES || this.#isZero(start, end)) return this.#batchOffset
    const offsetNanos = this.#offsetOfTrace(this.#bytes, start)
    // Traces that began in one batch share its offset, and mostly come together again.
    if (offsetNanos !== this.#lastOffset.offsetNanos) this.#lastOffset = new TimeOffset(offsetNanos)
    return this.#lastOffset
  }

  #isZero(start: number, end: number): boolean {
    for (let at = start; at < end; at++) if (this.#bytes[at] !== 0) return false
    return true
  }
}
