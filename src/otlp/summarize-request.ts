// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { addAttributeValues } from './attribute-values'
import { planRequests } from './field-plan'
import { findFields } from './find-fields'
import { FoundFields } from './found-fields'
import { isItemShape } from './item-shapes'
import { Resource, Span, type FieldShape, type MessageShape } from './schema'
import type { Signal } from './signal'
import { viewOf } from './time-offset'

export interface RequestSummary {
  /** Spans, metric data points or log records. */
  readonly itemCount: number
  /** The earliest time of an item, in nanoseconds since the Unix epoch; absent if none has one. */
  readonly firstItemTimeUnixNano?: bigint
  /** The latest time of an item, in nanoseconds since the Unix epoch; absent if none has one. */
  readonly lastItemTimeUnixNano?: bigint
  /** Distinct `service.name`s of the resources, in order of appearance. */
  readonly serviceNames: string[]
}

const SERVICE_NAME = Buffer.from('service.name')

const RESOURCE = 1
const ITEM = 2
const TIME = 3
const END_TIME = 4
const OBSERVED_TIME = 5

const planOf = planRequests((field, message) => {
  if (field.message === Resource) return RESOURCE
  if (isItemShape(field.message)) return ITEM
  return isItemShape(message) ? markTime(field, message) : 0
})

function markTime(field: FieldShape, item: MessageShape): number {
  if (field.jsonName === 'endTimeUnixNano') return END_TIME
  if (field.jsonName === 'observedTimeUnixNano') return OBSERVED_TIME
  // A data point has a start as well, but that is where its interval began.
  return field.jsonName === (item === Span ? 'startTimeUnixNano' : 'timeUnixNano') ? TIME : 0
}

/**
 * Counts the items of a request, and finds the range of their times and the
 * services they come from, in one pass that decodes nothing.
 *
 * The range spans the starts and ends of spans, the times of data points, and the
 * times of log records, or when they were observed if they have no time. A time
 * of 0 is unset and does not count.
 *
 * Bytes are checked as far as they are followed. Attribute values are not
 * followed, so no nesting, however deep, can exhaust the stack.
 *
 * @param start where the request begins in `body`, for a look at a part of one
 * @param end where it ends
 * @throws MalformedOtlpError when the bytes cannot be followed
 *
 * @example
 * const { itemCount, serviceNames } = summarizeRequest(batch.body, batch.signal)
 */
export function summarizeRequest(
  body: Uint8Array,
  signal: Signal,
  start = 0,
  end = body.length,
): RequestSummary {
  const found = findFields(planOf(signal), body, start, end)
  const summary = new Summarizer(body).summarize(found)
  FoundFields.giveBack(found)
  return summary
}

/** Positions of a fixed64; no field lies at 0, so 0 stands for none. */
const NONE = 0

class Summarizer {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #first = NONE
  #last = NONE

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = viewOf(bytes)
  }

  summarize(found: FoundFields): RequestSummary {
    const serviceNames = new Set<string>()
    let itemCount = 0
    for (let index = 0; index < found.count;) {
      if (found.mark(index) === ITEM) {
        itemCount++
        index = this.#extendToItem(found, index + 1)
      } else {
        const end = found.end(index)
        addAttributeValues(this.#bytes, found.start(index), end, SERVICE_NAME, serviceNames)
        index++
      }
    }
    const counted = { itemCount, serviceNames: [...serviceNames] }
    if (this.#first === NONE) return counted
    return {
      ...counted,
      firstItemTimeUnixNano: this.#view.getBigUint64(this.#first, true),
      lastItemTimeUnixNano: this.#view.getBigUint64(this.#last, true),
    }
  }

  // Of a time that an item has twice, the last counts. Returns what follows the item.
  #extendToItem(found: FoundFields, first: number): number {
    let time = NONE
    let endTime = NONE
    let observedTime = NONE
    let next = first
    for (; next < found.count; next++) {
      const mark = found.mark(next)
      if (mark === TIME) time = found.start(next)
      else if (mark === END_TIME) endTime = found.start(next)
      else if (mark === OBSERVED_TIME) observedTime = found.start(next)
      else break
    }
    if (this.#isSet(endTime)) this.#extendTo(endTime)
    if (this.#isSet(time)) this.#extendTo(time)
    else if (this.#isSet(observedTime)) this.#extendTo(observedTime)
    return next
  }

  #isSet(position: number): boolean {
    return position !== NONE && (this.#low(position) !== 0 || this.#high(position) !== 0)
  }

  #extendTo(position: number): void {
    if (this.#first === NONE || this.#isBefore(position, this.#first)) this.#first = position
    if (this.#last === NONE || this.#isBefore(this.#last, position)) this.#last = position
  }

  // In halves of 32 bits: a BigInt per time would double the cost of the pass.
  #isBefore(position: number, other: number): boolean {
    const difference = this.#high(position) - this.#high(other)
    return difference === 0 ? this.#low(position) < this.#low(other) : difference < 0
  }

  #low(position: number): number {
    return this.#view.getUint32(position, true)
  }

  #high(position: number): number {
    return this.#view.getUint32(position + 4, true)
  }
}
