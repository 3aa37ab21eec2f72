// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Readable, Transform } from 'node:stream'
import type { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import type { Signal } from '../otlp/signal'
import type { Damage } from '../session/damage'
import { type ReadSessionOptions, readSession } from '../session/session-reader'
import { locateSession } from '../session/session-location'
import { type SessionSurvey, surveySession } from '../session/survey'
import type { ObjectStore } from '../storage/object-store'
import type { Clock } from './clock'
import { filterBatches } from './filter-batches'
import { modifyBatches } from './modify-batches'
import { paceBy } from './pace'
import type { Pacer } from './pacer'
import type { ReplayBatch } from './replay-batch'
import { ReplayError } from './replay-error'
import { type ReplaySelection, unixNanoOf } from './replay-selection'
import { rewriteBatchIds } from './rewrite-batch-ids'
import { shiftCurrentBy } from './shift-current'
import { shiftRelativeBy } from './shift-relative'

/** A selection whose store is open and whose defaults are filled in. */
export interface StagePlan extends ReplaySelection {
  readonly store: ObjectStore
  readonly signals?: readonly Signal[]
  readonly speedMultiplier: number
  readonly timestampAdjustment: NonNullable<ReplaySelection['timestampAdjustment']>
}

/** What is told to whoever keeps count. */
export interface StageHooks {
  readonly onFiltered: (itemCount: number) => void
  readonly onDamage: (damage: Damage) => void
  /** Bytes that no stage could follow. */
  readonly onMalformed: (batch: ReplayBatch, error: MalformedOtlpError) => void
}

export interface Stages {
  readonly survey: SessionSurvey
  /** Under which the session's objects lie. */
  readonly prefix: string
  /** Source and transforms, in the order in which a batch meets them. */
  readonly streams: readonly [Readable, ...Transform[]]
}

/**
 * All that lies between the store and the sink: source, filter, changes, ids,
 * pace, shift. The shift comes behind the pace, because it goes by the time at
 * which a batch is sent.
 */
export async function openStages(
  plan: StagePlan,
  timing: { clock: Clock; pacer: Pacer },
  hooks: StageHooks,
  signal: AbortSignal,
): Promise<Stages> {
  const { store, sessionId, signals } = plan
  const { layout, prefix } = await locateSession(store, sessionId, { layout: plan.layout, signal })
  const selection: ReadSessionOptions = {
    store,
    sessionId,
    layout,
    signals,
    fromUnixNano: plan.from === undefined ? undefined : unixNanoOf(plan.from),
    toUnixNano: plan.to === undefined ? undefined : unixNanoOf(plan.to),
    signal,
  }
  const survey = await surveySession(selection)
  const source = readSession({
    ...selection,
    onDamage: (damage) => {
      hooks.onDamage(damage)
      if (plan.onError === 'abort') source.destroy(errorFor(damage))
    },
  })
  const streams: [Readable, ...Transform[]] = [source, ...changes(plan, hooks)]
  streams.push(paceBy(timing.pacer, timing.clock), ...shift(plan, timing.clock, survey, hooks))
  return { survey, streams, prefix }
}

function errorFor({ key, offsetBytes, message, reason }: Damage): ReplayError {
  return new ReplayError(
    reason === 'decompression' ? 'DecompressionFailure' : 'DataCorrupted',
    `${key} is damaged at byte ${offsetBytes}: ${message}`,
  )
}

function changes(plan: StagePlan, hooks: StageHooks): Transform[] {
  const { filterServices, transforms = [], rewriteIds = false } = plan
  const { onFiltered } = hooks
  const onMalformed = malformedListener(plan, hooks)
  const streams: Transform[] = []
  if (filterServices) {
    streams.push(filterBatches({ services: filterServices, onFiltered, onMalformed }))
  }
  for (const [index, modify] of transforms.entries()) {
    streams.push(modifyBatches(modify, `transforms[${index}]`, { onFiltered, onMalformed }))
  }
  if (rewriteIds !== false) {
    const seed = rewriteIds === true ? undefined : rewriteIds
    streams.push(rewriteBatchIds({ seed, onMalformed }))
  }
  return streams
}

function shift(
  plan: StagePlan,
  clock: Clock,
  { lastArrivalUnixNano }: SessionSurvey,
  hooks: StageHooks,
): Transform[] {
  const onMalformed = malformedListener(plan, hooks)
  switch (plan.timestampAdjustment) {
    case 'none':
      return []
    case 'current':
      return [shiftCurrentBy(clock, { onMalformed })]
    case 'relative': {
      // An empty selection has no last batch, and none that would ask for it.
      const last = lastArrivalUnixNano ?? 0n
      const { speedMultiplier } = plan
      return [shiftRelativeBy(clock, { speedMultiplier, lastArrivalUnixNano: last, onMalformed })]
    }
  }
}

function malformedListener({ onError }: StagePlan, hooks: StageHooks): StageHooks['onMalformed'] {
  return (batch, error) => {
    hooks.onMalformed(batch, error)
    if (onError !== 'abort') return
    const { signal, key = 'the session' } = batch
    const message = `a batch of ${signal} in ${key} is no OTLP: ${error.message}`
    throw new ReplayError('DataCorrupted', message, { cause: error })
  }
}
