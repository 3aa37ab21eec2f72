// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Transform } from 'node:stream'
import { type Clock, createSystemClock } from './clock'
import { type Pacer, createPacer } from './pacer'
import { transformBatches } from './transform-batches'

export interface PaceOptions {
  /** 2 halves the gaps between arrivals, 0.5 doubles them, `Infinity` does not wait. Default 1. */
  speedMultiplier?: number
}

/**
 * Lets batches through at the pace at which they were captured, divided by the
 * speed: the gaps between their arrivals, never the durations inside them. The
 * first one passes at once; a batch that is late already passes at once as well.
 *
 * Each leaves with the time at which it was let through as `replayTimeUnixNano`,
 * which the shifts behind it go by.
 *
 * @example
 * await pipeline(replayDataStream({ sessionId }), pace({ speedMultiplier: 2 }), otlpHttpSink())
 */
export function pace({ speedMultiplier = 1 }: PaceOptions = {}): Transform {
  if (!(speedMultiplier > 0)) {
    throw new RangeError(`speedMultiplier has to be a number above 0, got ${speedMultiplier}`)
  }
  const clock = createSystemClock()
  return paceBy(createPacer(speedMultiplier, clock), clock)
}

/** As `pace`, by a pacer that somebody else holds and may pause. */
export function paceBy(pacer: Pacer, clock: Clock): Transform {
  return transformBatches(async (batch, signal) => {
    await pacer.turn(batch.capturedAtUnixNano, signal)
    return { ...batch, replayTimeUnixNano: clock.nowUnixNano() }
  })
}
