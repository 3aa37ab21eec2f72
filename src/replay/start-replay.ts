// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { releaseBody } from '../session/reading/release-body'
import { type Clock, createSystemClock } from './clock'
import { createExporterTarget } from './exporter-target'
import { openReplayStore } from './open-replay-store'
import { createOtlpTarget, resolveOtlpTarget } from './otlp-target'
import { openReceipt } from './receipt'
import { receiptPathOf } from './receipt-path'
import type { Replay } from './replay'
import { ReplayError } from './replay-error'
import { type ReplayConfig, type ResolvedReplayConfig, resolveReplayConfig } from './replay-config'
import { identityOf } from './replay-identity'
import { SessionReplay, type SessionReplayParts } from './session-replay'
import type { OtlpSenderOptions } from '../transport/sender-options'

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

export interface ReplayConditions {
  readonly clock?: Clock
  /** Called when there can be no receipt; the replay goes on without. Default: it fails. */
  readonly onNoReceipt?: (message: string) => void
}

/** As `startReplay`, by another clock. */
export function startReplayBy(clock: Clock, config: ReplayConfig): Replay {
  return startReplayUnder({ clock }, config)
}

/** As `startReplay`, under other conditions than a library's. */
export function startReplayUnder(
  { clock = createSystemClock(), onNoReceipt }: ReplayConditions,
  config: ReplayConfig,
): Replay {
  const resolved = resolveReplayConfig(config)
  const sender = senderOptions(resolved)
  const target = sender
    ? createOtlpTarget(sender)
    : createExporterTarget(resolved.exporters ?? {}, resolved.otlp.timeoutMillis)
  const { store, close } = openReplayStore(resolved.store)
  return new SessionReplay({
    ...{ config: resolved, store, target, clock, onEnd: close },
    openReceipt: receiptOpener(resolved, store.url, sender, onNoReceipt),
  })
}

/** Where to, and with what; `undefined` where exporters send. Requests say whose replay they are. */
function senderOptions(config: ResolvedReplayConfig): OtlpSenderOptions | undefined {
  const { sessionId, exporters, otlp, concurrency, transforms = [] } = config
  if (exporters) return undefined
  const options = resolveOtlpTarget(otlp, { entryPoint: 'startReplay', concurrency })
  const headers = { 'x-replay-session': sessionId, ...options.headers }
  // A transform of the user's may have kept a body.
  const onSpent = transforms.length === 0 ? releaseBody : undefined
  return { ...options, headers, onSpent }
}

function receiptOpener(
  config: ResolvedReplayConfig,
  storeUrl: string,
  sender: OtlpSenderOptions | undefined,
  onNoReceipt: ReplayConditions['onNoReceipt'],
): SessionReplayParts['openReceipt'] {
  const { receipt, resume: isResumed = false } = config
  if (receipt === undefined) return undefined
  const identity = identityOf(config, storeUrl, sender?.endpoints)
  return async (signal) => {
    try {
      const path = await receiptPathOf(receipt, identity, isResumed)
      return await openReceipt({ path, identity, isResumed }, signal)
    } catch (error) {
      if (!onNoReceipt || !(error instanceof ReplayError)) throw error
      onNoReceipt(error.message)
      return undefined
    }
  }
}
