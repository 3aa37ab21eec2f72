// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { releaseBody } from '../session/release-body'
import type { BatchTarget } from './batch-sink'
import { type Clock, createSystemClock } from './clock'
import { createExporterTarget } from './exporter-target'
import { openReplayStore } from './open-replay-store'
import { createOtlpTarget, resolveOtlpTarget } from './otlp-target'
import type { Replay } from './replay'
import { type ReplayConfig, type ResolvedReplayConfig, resolveReplayConfig } from './replay-config'
import { SessionReplay } from './session-replay'

/**
 * Plays a recorded session into an OTLP backend, or through SDK exporters: at its
 * own pace, faster or slower, with its times moved to now. Returns at once.
 *
 * What the target refuses, and what of the session is damaged, is counted,
 * reported and skipped (unless `onError` is `abort`). A target that can't be
 * reached at all ends the replay.
 *
 * @throws ReplayError of reason `InvalidConfig` when an option is unknown or wrong
 *
 * @example
 * const replay = startReplay({ sessionId: 'debug-payment', targetEndpoint: 'http://localhost:4318' })
 * replay.on('progress', ({ processedRecords, totalRecords }) => {
 *   console.log(`${processedRecords} of ${totalRecords}`)
 * })
 * const { sentRecords, failedRecords } = await replay.finished
 */
export function startReplay(config: ReplayConfig): Replay {
  return startReplayBy(createSystemClock(), config)
}

/** As `startReplay`, by another clock. */
export function startReplayBy(clock: Clock, config: ReplayConfig): Replay {
  const resolved = resolveReplayConfig(config)
  const target = resolved.exporters
    ? createExporterTarget(resolved.exporters, resolved.otlp.timeoutMillis)
    : otlpTarget(resolved)
  const { store, close } = openReplayStore(resolved.store)
  return new SessionReplay({ config: resolved, store, target, clock, onEnd: close })
}

/** Its requests say whose replay they are, so that a gateway can route or mark them. */
function otlpTarget(config: ResolvedReplayConfig): BatchTarget {
  const { sessionId, otlp, concurrency, transforms = [] } = config
  const options = resolveOtlpTarget(otlp, { entryPoint: 'startReplay', concurrency })
  const headers = { 'x-replay-session': sessionId, ...options.headers }
  // A transform of the user's may have kept a body.
  const onSpent = transforms.length === 0 ? releaseBody : undefined
  return createOtlpTarget({ ...options, headers, onSpent })
}
