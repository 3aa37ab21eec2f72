// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Transform } from 'node:stream'
import * as v from 'valibot'
import { shiftTimesByTrace } from '../otlp/shift-times-by-trace'
import { checkOptions, count } from './check-options'
import { type Clock, createSystemClock } from './clock'
import { createTraceOffsets } from './trace-offsets'
import { type StageOptions, stageEntries, transformBatches } from './transform-batches'

export interface ShiftCurrentOptions extends StageOptions {
  /**
   * How many traces are remembered at least. Default 100,000, about 25 MB. A span that comes when
   * its trace is forgotten is taken for the first of a new one: still fresh, but no longer at the
   * distance from the rest at which it was captured.
   */
  maxTraces?: number
}

const DEFAULT_MAX_TRACES = 100_000

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
  return shiftCurrentBy(createSystemClock(), checkOptions(entries, options, 'shiftCurrent'))
}

/** As `shiftCurrent`, by another clock. */
export function shiftCurrentBy(clock: Clock, options: ShiftCurrentOptions): Transform {
  const { maxTraces = DEFAULT_MAX_TRACES, onMalformed } = options
  const offsets = createTraceOffsets(maxTraces)
  return transformBatches(
    (batch) => {
      const { signal, capturedAtUnixNano } = batch
      const sentAtUnixNano = batch.replayTimeUnixNano ?? clock.nowUnixNano()
      const offsetNanos = sentAtUnixNano - capturedAtUnixNano
      const body = shiftTimesByTrace(batch.body, signal, offsetNanos, (traceId) =>
        offsets.offsetOf(traceId, offsetNanos),
      )
      return { ...batch, offsetNanos, body }
    },
    { onMalformed },
  )
}
