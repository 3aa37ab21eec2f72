// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { followMeterProvider } from '../telemetry/follow-meter-provider'
import { replayLag, replayRate } from '../telemetry/instruments'
import type { Clock } from './clock'
import type { Pacer } from './pacer'
import type { ReplayTally } from './replay-tally'

/** Lets whoever measures look at a replay that runs, until what it gives back is called. */
export function watchReplay(pacer: Pacer, tally: ReplayTally, clock: Clock): () => void {
  followMeterProvider()
  const beganAt = clock.nowUnixNano()
  const itemsPerSecond = (): number => {
    const seconds = Number(clock.nowUnixNano() - beganAt) / 1e9
    return seconds > 0 ? tally.status().sentRecords / seconds : 0
  }
  const stops = [replayLag.watch(() => pacer.lagSeconds), replayRate.watch(itemsPerSecond)]
  return () => stops.forEach((stop) => stop())
}
