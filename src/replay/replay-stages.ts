// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import type { Signal } from '../otlp/signal'
import type { Damage } from '../session/damage'
import { type ReadSessionOptions, readSessionRuns } from '../session/reading/session-reader'
import { locateSession } from '../session/session-location'
import { type SessionSurvey, surveySession } from '../session/reading/survey'
import type { ObjectStore } from '../storage/object-store'
import type { OpenBatches } from './batch-readable'
import type { Clock } from './clock'
import { keepServicesStep } from './filter-batches'
import { modifyStep } from './modify-batches'
import { paceStep } from './pace'
import type { Pacer } from './pacer'
import type { Receipt } from './receipt'
import { type ReplayBatch, itemsOf } from './replay-batch'
import { ReplayError } from './replay-error'
import { type ReplaySelection, unixNanoOf } from './replay-selection'
import { rewriteIdsStep } from './rewrite-batch-ids'
import { currentShiftStep } from './shift-current'
import { relativeShiftStep } from './shift-relative'
import { takeSteps } from './take-steps'
import type { BatchStep } from './transform-batches'

/** A selection whose store is open and whose defaults are filled in. */
export interface StagePlan extends ReplaySelection {
  readonly store: ObjectStore
  readonly signals?: readonly Signal[]
  readonly speedMultiplier: number
  readonly timestampAdjustment: NonNullable<ReplaySelection['timestampAdjustment']>
  /** Of what earlier runs sent, and how they changed it. */
  readonly openedReceipt?: Receipt
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
  /** What is to be sent, when it is to be sent. To be opened once. */
  readonly open: OpenBatches
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
  }
  const survey = await surveySession({ ...selection, signal })
  const services = plan.filterServices && new Set(plan.filterServices)
  const receipt = plan.openedReceipt
  const steps = [
    ...(receipt ? [countStored] : []),
    ...changes(plan, services, hooks),
    paceStep(timing.pacer, timing.clock),
    ...shift(plan, timing.clock, survey),
  ]
  const onDamage = (damage: Damage): void => {
    hooks.onDamage(damage)
    if (plan.onError === 'abort') throw errorFor(damage)
  }
  const open: OpenBatches = (ending) => {
    const isDone: ReadSessionOptions['isDone'] = receipt && ((...at) => receipt.isDone(...at))
    const reading = { ...selection, services, onLeftOut: hooks.onFiltered, onDamage, isDone }
    const runs = readSessionRuns({ ...reading, signal: ending })
    return takeSteps(runs, steps, malformedListener(plan, hooks), ending)
  }
  return { survey, prefix, open }
}

/** Ahead of whatever leaves something out. */
const countStored: BatchStep = (batch) => ({ ...batch, storedItemCount: itemsOf(batch) })

function errorFor({ key, offsetBytes, message, reason }: Damage): ReplayError {
  return new ReplayError(
    reason === 'decompression' ? 'DecompressionFailure' : 'DataCorrupted',
    `${key} is damaged at byte ${offsetBytes}: ${message}`,
  )
}

function changes(
  { transforms = [], rewriteIds = false, openedReceipt: receipt }: StagePlan,
  services: ReadonlySet<string> | undefined,
  { onFiltered }: StageHooks,
): BatchStep[] {
  const steps: BatchStep[] = []
  if (services) steps.push(keepServicesStep(services, onFiltered))
  for (const [index, modify] of transforms.entries()) {
    steps.push(modifyStep(modify, `transforms[${index}]`, onFiltered))
  }
  if (rewriteIds !== false) {
    steps.push(rewriteIdsStep(rewriteIds === true ? receipt?.idSeed : rewriteIds))
  }
  return steps
}

function shift(plan: StagePlan, clock: Clock, { lastArrivalUnixNano }: SessionSurvey): BatchStep[] {
  const { timestampAdjustment, speedMultiplier, transforms = [], rewriteIds = false } = plan
  const receipt = plan.openedReceipt
  // Bodies are the reader's own, or a copy with other ids, unless somebody's transform saw them.
  const inPlace = transforms.length === 0 || rewriteIds !== false
  switch (timestampAdjustment) {
    case 'none':
      return []
    case 'current':
      return [currentShiftStep(clock, { inPlace, offsets: receipt?.traceOffsets })]
    case 'relative': {
      // An empty selection has no last batch, and none that would ask for it.
      const last = lastArrivalUnixNano ?? 0n
      return [
        relativeShiftStep(clock, {
          ...{ speedMultiplier, lastArrivalUnixNano: last, inPlace },
          offsetNanos: receipt?.offsetNanos,
          onOffset: (offsetNanos) => receipt?.keepOffset(offsetNanos),
        }),
      ]
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
