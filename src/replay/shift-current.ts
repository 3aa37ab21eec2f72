// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Transform } from 'node:stream'
import * as v from 'valibot'
import {
  type OffsetOfTrace,
  shiftTimesByTrace,
  shiftTimesByTraceInPlace,
} from '../otlp/shift-times-by-trace'
import { checkOptions, count } from './check-options'
import { type Clock, createSystemClock } from './clock'
import { type TraceOffsets, createTraceOffsets } from './trace-offsets'
import {
  type BatchStep,
  type StageOptions,
  stageEntries,
  transformBatches,
} from './transform-batches'

export interface ShiftCurrentOptions extends StageOptions {
  /**
   * How many traces are remembered at least. Default 100,000, about 7 MB. A span that comes when
   * its trace is forgotten is taken for the first of a new one: still fresh, but no longer at the
   * distance from the rest at which it was captured.
   */
  maxTraces?: number
}

export const DEFAULT_MAX_TRACES = 100_000

const entries = { ...stageEntries, maxTraces: v.optional(count) }

/**
 * Moves every trace as a whole, so that it is as fresh as it was when its first
 * batch is sent: spans, events and logs of a trace by one offset, in whichever
 * batch they come. What belongs to no trace (metrics, most logs) moves with its
 * batch.
 *
 * @throws ReplayError of reason `InvalidConfig` when an option is unknown or wrong
 */
export function shiftCurrent(options: ShiftCurrentOptions = {}): Transform {
  const { onMalformed, ...shift } = checkOptions(entries, options, 'shiftCurrent')
  // A copy: the stream that the batches come from may have been read by others, too.
  return transformBatches(currentShiftStep(createSystemClock(), shift), { onMalformed })
}

export interface CurrentShift extends Pick<ShiftCurrentOptions, 'maxTraces'> {
  /** Whether to alter the bodies that come, which nobody else must have seen then. */
  inPlace?: boolean
  /** What is known of traces already, in place of `maxTraces`. */
  offsets?: TraceOffsets
}

/** As `shiftCurrent`, by another clock. */
export function currentShiftStep(clock: Clock, options: CurrentShift): BatchStep {
  const { maxTraces = DEFAULT_MAX_TRACES, inPlace = false } = options
  const offsets = options.offsets ?? createTraceOffsets(maxTraces)
  return (batch) => {
    const { signal, body, capturedAtUnixNano } = batch
    const sentAtUnixNano = batch.replayTimeUnixNano ?? clock.nowUnixNano()
    const offsetNanos = sentAtUnixNano - capturedAtUnixNano
    const offsetOf: OffsetOfTrace = (bytes, start) => offsets.offsetOf(bytes, start, offsetNanos)
    if (!inPlace) {
      const shifted = shiftTimesByTrace(body, signal, offsetNanos, offsetOf)
      return { ...batch, offsetNanos, body: shifted }
    }
    shiftTimesByTraceInPlace(body, signal, offsetNanos, offsetOf)
    return { ...batch, offsetNanos }
  }
}
