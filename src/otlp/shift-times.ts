// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { planRequests } from './field-plan'
import { findFields } from './find-fields'
import { FoundFields } from './found-fields'
import type { Signal } from './signal'
import { TimeOffset, viewOf } from './time-offset'

const TIME = 1
const planOf = planRequests((field) => (field.kind === 'time' ? TIME : 0))

/**
 * Moves every time in a request by the same offset: starts and ends of spans,
 * events, data points with their exemplars, log times and observed times. Times
 * that are 0 (unset) stay 0. Nothing is decoded: the result is a copy of `body`,
 * which is never altered, with the times patched in place, so unknown fields and
 * the order of fields survive.
 *
 * Times are counted modulo 2^64. Shifting by `-offsetNanos` undoes a shift, but
 * for a time that the shift moved to exactly 0: it has become "unset" and stays so.
 *
 * @param offsetNanos how far to move, in nanoseconds; negative moves into the past
 * @throws MalformedOtlpError when the bytes cannot be followed
 *
 * @example
 * const anHourLater = shiftTimes(batch.body, batch.signal, 3_600_000_000_000n)
 */
export function shiftTimes(body: Uint8Array, signal: Signal, offsetNanos: bigint): Uint8Array {
  // Not body.slice(): a Buffer's slice is a view of the same memory.
  const shifted = new Uint8Array(body)
  shiftTimesInPlace(shifted, signal, offsetNanos)
  return shifted
}

/**
 * As `shiftTimes`, but moves the times in `body` itself: for whoever owns the
 * bytes and has shown them to nobody else. All or nothing: what cannot be followed
 * to its end is left as it was.
 *
 * @param offsetNanos how far to move, in nanoseconds; negative moves into the past
 * @throws MalformedOtlpError when the bytes cannot be followed; not one is altered then
 *
 * @example
 * shiftTimesInPlace(body, 'traces', 3_600_000_000_000n) // an hour later
 */
export function shiftTimesInPlace(body: Uint8Array, signal: Signal, offsetNanos: bigint): void {
  const times = findFields(planOf(signal), body)
  const view = viewOf(body)
  const offset = new TimeOffset(offsetNanos)
  for (let index = 0; index < times.count; index++) offset.addTo(view, times.start(index))
  FoundFields.giveBack(times)
}
