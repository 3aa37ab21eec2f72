// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../../src/otlp/signal'
import type { Replay, ScheduledBatch } from '../../src/replay/replay'
import type { ReplayConfig } from '../../src/replay/replay-config'
import type { ReplayStatus } from '../../src/replay/replay-status'
import { startReplayBy } from '../../src/replay/start-replay'
import { FakeClock, turnsOfTheLoop } from './fake-clock'
import { openTarget } from './otlp-target'

export interface Arrival {
  readonly signal: Signal
  readonly body: Buffer
  /** By the fake clock. */
  readonly receivedAtUnixNano: bigint
}

export interface ReplayedInFakeTime {
  readonly arrivals: readonly Arrival[]
  readonly scheduled: readonly ScheduledBatch[]
  readonly status: ReplayStatus
  /** How long the replay took, by the fake clock. */
  readonly elapsedMillis: number
}

/**
 * Replays into a real server by a clock that jumps to the next batch as soon as
 * the server has everything that was sent: minutes pass in milliseconds, and the
 * server's clock is the replay's.
 */
export async function replayInFakeTime(
  config: Omit<ReplayConfig, 'targetEndpoint'>,
): Promise<ReplayedInFakeTime> {
  const arrivals: Arrival[] = []
  const scheduled: ScheduledBatch[] = []
  const clock = new FakeClock({ jumps: true, settled: untilAllIsReceived })
  await using target = await openTarget(undefined, ({ signal, body }) => {
    arrivals.push({ signal, body, receivedAtUnixNano: clock.nowUnixNano() })
  })
  const replay: Replay = startReplayBy(clock, {
    ...config,
    // In the order of sending, which several connections would not keep.
    concurrency: 1,
    targetEndpoint: target.url,
  })
  replay.on('batch', (batch) => scheduled.push(batch))
  const status = await replay.finished
  return { arrivals, scheduled, status, elapsedMillis: clock.elapsedMillis }

  async function untilAllIsReceived(): Promise<void> {
    await turnsOfTheLoop()
    await target.received(scheduled.length)
  }
}
