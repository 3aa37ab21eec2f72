// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { planRequests } from './field-plan'
import { isItemShape } from './item-shapes'
import { shiftTimes } from './shift-times'
import type { Signal } from './signal'
import { TimeOffset, viewOf } from './time-offset'
import { walkFields, type FieldVisitor } from './walk-fields'

const ITEM = 1
const TIME = 2
const TRACE_ID = 3

const TRACE_ID_BYTES = 16
const NO_TRACE = '00'.repeat(TRACE_ID_BYTES)

// A link's trace id says where the link leads, not where its span belongs:
// only an item's own counts.
const planOf = planRequests((field, message) => {
  if (isItemShape(field.message)) return ITEM
  if (field.kind === 'time') return TIME
  return field.kind === 'traceId' && isItemShape(message) ? TRACE_ID : 0
})

/**
 * Moves every trace as a whole: all times inside a span or log record that
 * carries a trace id move by what `offsetOfTrace` says for that trace. Whatever
 * belongs to no trace moves by `batchOffsetNanos`: metrics with their exemplars,
 * and items whose trace id is absent, all zero or not 16 bytes long, which OTLP
 * calls invalid. What holds for `shiftTimes` holds here: 0 stays 0, a patched copy.
 *
 * @param offsetOfTrace from a trace id (32 lower-case hex digits) to nanoseconds;
 *   asked once for each trace in the request; it has to give one trace the same
 *   answer in every request, or the trace is torn apart
 * @throws MalformedOtlpError when the bytes cannot be followed
 *
 * @example
 * const offsets = new Map<string, bigint>()
 * const shifted = shiftTimesByTrace(body, 'traces', nowOffset, (traceId) => {
 *   const offset = offsets.get(traceId) ?? nowOffset
 *   offsets.set(traceId, offset)
 *   return offset
 * })
 */
export function shiftTimesByTrace(
  body: Uint8Array,
  signal: Signal,
  batchOffsetNanos: bigint,
  offsetOfTrace: (traceIdHex: string) => bigint,
): Uint8Array {
  if (signal === 'metrics') return shiftTimes(body, signal, batchOffsetNanos)
  const shifted = new Uint8Array(body)
  const patcher = new TracePatcher(shifted, batchOffsetNanos, offsetOfTrace)
  walkFields(planOf(signal), shifted, 0, shifted.length, patcher)
  return shifted
}

// The trace id may come behind the times it decides about, and only the last of
// several counts: the positions of an item's times are kept until its end.
class TracePatcher implements FieldVisitor {
  readonly #bytes: Buffer
  readonly #view: DataView
  readonly #batchOffset: TimeOffset
  readonly #offsetOfTrace: (traceIdHex: string) => bigint
  readonly #offsets = new Map<string, TimeOffset>()
  readonly #times: number[] = []
  #timeCount = 0
  #traceIdStart = 0
  #traceIdEnd = 0

  constructor(
    bytes: Uint8Array,
    batchOffsetNanos: bigint,
    offsetOfTrace: (traceIdHex: string) => bigint,
  ) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#view = viewOf(bytes)
    this.#batchOffset = new TimeOffset(batchOffsetNanos)
    this.#offsetOfTrace = offsetOfTrace
  }

  enter(): void {
    this.#timeCount = 0
    this.#traceIdStart = this.#traceIdEnd = 0
  }

  field(mark: number, start: number, end: number): void {
    if (mark === TIME) {
      this.#times[this.#timeCount++] = start
    } else {
      this.#traceIdStart = start
      this.#traceIdEnd = end
    }
  }

  leave(): void {
    const offset = this.#offsetOfItem()
    for (let index = 0; index < this.#timeCount; index++) {
      offset.addTo(this.#view, this.#times[index])
    }
  }

  #offsetOfItem(): TimeOffset {
    if (this.#traceIdEnd - this.#traceIdStart !== TRACE_ID_BYTES) return this.#batchOffset
    const traceId = this.#bytes.toString('hex', this.#traceIdStart, this.#traceIdEnd)
    let offset = this.#offsets.get(traceId)
    if (offset === undefined) {
      const isTrace = traceId !== NO_TRACE
      offset = isTrace ? new TimeOffset(this.#offsetOfTrace(traceId)) : this.#batchOffset
      this.#offsets.set(traceId, offset)
    }
    return offset
  }
}
