// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import type { Readable } from 'node:stream'
import * as v from 'valibot'
import { type Signal, isSignal } from '../otlp/signal'
import type { Damage } from '../session/damage'
import { batchReadable } from './batch-readable'
import { callback, checkOptions, expected } from './check-options'
import { type Clock, createSystemClock } from './clock'
import { openReplayStore } from './open-replay-store'
import { createPacer } from './pacer'
import type { ReplayBatch } from './replay-batch'
import { toReplayError } from './replay-error'
import { type ReplaySelection, checkRange, selectionEntries } from './replay-selection'
import { type StageHooks, type StagePlan, openStages } from './replay-stages'

export interface ReplayDataStreamConfig extends ReplaySelection {
  /** The one signal to stream. Default: all of them, in the order of their arrival. */
  signal?: Signal
  /** Called for each piece of the session that could not be read. Default: a warning through `diag`. */
  onDamage?: (damage: Damage) => void
}

const entries = {
  ...selectionEntries,
  signal: v.optional(expected<Signal>("'traces', 'metrics' or 'logs'", isSignal)),
  onDamage: v.optional(callback<(damage: Damage) => void>()),
}

const log = diag.createComponentLogger({ namespace: 'otel-tape/replay' })

/**
 * Streams a session's batches in the order in which they arrived: objects of
 * type `OtlpBatch`, read as they are consumed. Unlike `startReplay`, times stay
 * as they are and nothing is waited for, unless `timestampAdjustment` and
 * `speedMultiplier` ask for it. Destroy the stream to end it early.
 *
 * The stream ends with `ReplayError` when there is no such session, when its
 * store fails, and, with `onError: 'abort'`, at the first piece that is damaged.
 *
 * @throws ReplayError of reason `InvalidConfig` when an option is unknown or wrong
 *
 * @example
 * let spans = 0
 * for await (const batch of replayDataStream({ sessionId: 'debug-payment', signal: 'traces' })) {
 *   spans += batch.itemCount
 * }
 */
export function replayDataStream(config: ReplayDataStreamConfig): Readable {
  return replayDataStreamBy(createSystemClock(), config)
}

/** As `replayDataStream`, by another clock. */
export function replayDataStreamBy(clock: Clock, config: ReplayDataStreamConfig): Readable {
  const given = checkOptions(entries, config, 'replayDataStream')
  checkRange(given)
  const { signal, onDamage = warnOf } = given
  const { store, close } = openReplayStore(given.store)
  const plan: StagePlan = {
    ...given,
    store,
    signals: signal && [signal],
    timestampAdjustment: given.timestampAdjustment ?? 'none',
    speedMultiplier: given.speedMultiplier ?? Infinity,
  }
  const hooks: StageHooks = {
    onFiltered: () => undefined,
    onDamage,
    onMalformed: ({ signal, itemCount, key = '' }, { message, offsetBytes = 0 }) =>
      onDamage({ key, offsetBytes, reason: 'malformed', message, signal, itemCount }),
  }
  const stream = batchReadable(batches)
  // At once, so that whoever listens hears of a wrong name before asking for a batch.
  stream.read(0)
  return stream

  async function* batches(ending: AbortSignal): AsyncGenerator<ReplayBatch, void, undefined> {
    try {
      const timing = { clock, pacer: createPacer(plan.speedMultiplier, clock) }
      const { open } = await openStages(plan, timing, hooks, ending)
      yield* open(ending)
    } catch (error) {
      throw toReplayError(error, { sessionId: given.sessionId })
    } finally {
      await close()
    }
  }
}

function warnOf({ key, offsetBytes, message }: Damage): void {
  log.warn(`${key} is damaged at byte ${offsetBytes}, and that piece is left out: ${message}`)
}
