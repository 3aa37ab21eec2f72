// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Transform } from 'node:stream'
import * as v from 'valibot'
import { shiftTimes, shiftTimesInPlace } from '../otlp/shift-times'
import { checkOptions, expected } from './check-options'
import { type Clock, createSystemClock } from './clock'
import { divideNanos } from './divide-nanos'
import type { ReplayBatch } from './replay-batch'
import { ReplayError } from './replay-error'
import { selectionEntries } from './replay-selection'
import {
  type BatchStep,
  type StageOptions,
  stageEntries,
  transformBatches,
} from './transform-batches'

export interface ShiftRelativeOptions extends StageOptions {
  /** At what speed the batches come, as `pace` in front of this was told. Default 1. */
  speedMultiplier?: number
  /**
   * When the last batch arrived, in nanoseconds since the Unix epoch. Needed at a speed above 1,
   * where not the first but the last batch is the one that must not get too new. It is the latest
   * `lastArrivalUnixNano` in the `signals` of the session's metadata, as a bigint.
   */
  lastArrivalUnixNano?: bigint
}

const entries = {
  ...stageEntries,
  speedMultiplier: selectionEntries.speedMultiplier,
  lastArrivalUnixNano: v.optional(
    expected<bigint>(
      "a bigint of nanoseconds, as BigInt() makes it of a signal's lastArrivalUnixNano",
      (value) => typeof value === 'bigint',
    ),
  ),
}

/**
 * Moves all times by one offset, so that every distance in time is kept, across
 * services and signals, and nothing is ever newer than it was when captured:
 * at speed 1 or less the first batch is exactly as fresh as it was, at a higher
 * speed the last one, at `Infinity` the session ended just now.
 *
 * Where the last batch never comes (a filter took it), all others are older
 * than they could be, by as much as it came after them.
 *
 * Behind `pace({ speedMultiplier })` at a speed above 1 it has to be given that
 * `speedMultiplier` and `lastArrivalUnixNano`: it does not see either by itself.
 * `replayDataStream` with `timestampAdjustment: 'relative'` and a
 * `speedMultiplier` finds out both.
 *
 * @throws ReplayError of reason `InvalidConfig` when an option is unknown or
 *   wrong, or `lastArrivalUnixNano` is missing at a speed above 1
 *
 * @example
 * const { traces } = (await getCaptureStatus(sessionId)).signals
 * await pipeline(
 *   replayDataStream({ sessionId, signal: 'traces' }),
 *   pace({ speedMultiplier: 10 }),
 *   shiftRelative({
 *     speedMultiplier: 10,
 *     lastArrivalUnixNano: BigInt(traces.lastArrivalUnixNano ?? 0),
 *   }),
 *   otlpHttpSink(),
 * )
 */
export function shiftRelative(options: ShiftRelativeOptions = {}): Transform {
  const { onMalformed, ...shift } = checkOptions(entries, options, 'shiftRelative')
  // A copy: the stream that the batches come from may have been read by others, too.
  return transformBatches(relativeShiftStep(createSystemClock(), shift), { onMalformed })
}

export interface RelativeShift extends Pick<
  ShiftRelativeOptions,
  'speedMultiplier' | 'lastArrivalUnixNano'
> {
  /** Whether to alter the bodies that come, which nobody else must have seen then. */
  inPlace?: boolean
  /** That of an earlier run, to go on with. */
  offsetNanos?: bigint
  /** Told of the offset when it has been chosen, before anything is moved by it. */
  onOffset?: (offsetNanos: bigint) => void
}

/** As `shiftRelative`, by another clock. */
export function relativeShiftStep(clock: Clock, options: RelativeShift): BatchStep {
  const { speedMultiplier = 1, lastArrivalUnixNano, inPlace = false } = options
  if (speedMultiplier > 1 && lastArrivalUnixNano === undefined) {
    throw new ReplayError(
      'InvalidConfig',
      `shiftRelative at speed ${speedMultiplier} has to know when the last batch arrived: ` +
        'set lastArrivalUnixNano, to the latest one in the signals that getCaptureStatus() gives, ' +
        "or let replayDataStream do it, with its timestampAdjustment: 'relative' and speedMultiplier",
    )
  }
  let { offsetNanos } = options
  return (batch) => {
    const { body, signal } = batch
    if (offsetNanos === undefined) {
      offsetNanos = offsetFrom(batch, clock, speedMultiplier, lastArrivalUnixNano)
      options.onOffset?.(offsetNanos)
    }
    if (!inPlace) return { ...batch, offsetNanos, body: shiftTimes(body, signal, offsetNanos) }
    shiftTimesInPlace(body, signal, offsetNanos)
    return { ...batch, offsetNanos }
  }
}

function offsetFrom(
  first: ReplayBatch,
  clock: Clock,
  speedMultiplier: number,
  lastArrivalUnixNano = first.capturedAtUnixNano,
): bigint {
  const startUnixNano = first.replayTimeUnixNano ?? clock.nowUnixNano()
  const spanNanos = lastArrivalUnixNano - first.capturedAtUnixNano
  // Whoever surveyed a session that is still being recorded may have seen less than there is.
  if (speedMultiplier <= 1 || spanNanos < 0n) return startUnixNano - first.capturedAtUnixNano
  return startUnixNano + divideNanos(spanNanos, speedMultiplier) - lastArrivalUnixNano
}
