// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Transform } from 'node:stream'
import { checkOptions } from './check-options'
import { type Clock, createSystemClock } from './clock'
import { type Pacer, createPacer } from './pacer'
import type { ReplayBatch } from './replay-batch'
import { selectionEntries } from './replay-selection'
import { type BatchStep, transformBatches } from './transform-batches'

export interface PaceOptions {
  /** 2 halves the gaps between arrivals, 0.5 doubles them, `Infinity` does not wait. Default 1. */
  speedMultiplier?: number
}

const entries = { speedMultiplier: selectionEntries.speedMultiplier }

/**
 * Lets batches through at the pace at which they were captured, divided by the
 * speed: the gaps between their arrivals, never the durations inside them. The
 * first one passes at once; a batch that is late already passes at once as well.
 *
 * Each leaves with the time at which it was let through as `replayTimeUnixNano`,
 * which the shifts behind it go by.
 *
 * @throws ReplayError of reason `InvalidConfig` when an option is unknown or wrong
 *
 * @example
 * await pipeline(replayDataStream({ sessionId }), pace({ speedMultiplier: 2 }), otlpHttpSink())
 */
export function pace(options: PaceOptions = {}): Transform {
  const { speedMultiplier = 1 } = checkOptions(entries, options, 'pace')
  const clock = createSystemClock()
  return transformBatches(paceStep(createPacer(speedMultiplier, clock), clock))
}

/** As `pace`, by a pacer that somebody else holds and may pause. */
export function paceStep(pacer: Pacer, clock: Clock): BatchStep {
  const letThrough = (batch: ReplayBatch): ReplayBatch => ({
    ...batch,
    replayTimeUnixNano: clock.nowUnixNano(),
  })
  return (batch, signal) => {
    const turn = pacer.turn(batch.capturedAtUnixNano, signal)
    return turn ? turn.then(() => letThrough(batch)) : letThrough(batch)
  }
}
