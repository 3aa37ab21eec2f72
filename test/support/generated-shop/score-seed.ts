// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Anomaly } from '../../../src/query/analysis/anomalies/anomaly'
import { findAnomalies } from '../../../src/query/analysis/anomalies/find-anomalies'
import { readSessionModel } from '../../../src/query/analysis/read-session-model'
import type { SessionModel } from '../../../src/query/analysis/session-model'
import { MemoryStore } from '../../../src/storage/memory-store'
import { judgeFindings } from './judge-findings'
import { recordShop } from './record-shop'
import {
  faultyScenarios,
  healthyKindOf,
  healthyScenarios,
  type Scenario,
  type ScenarioOptions,
} from './scenario'

/** With nothing to compare with but the rest of the session; or beside a healthy session. */
export type Mode = (typeof MODES)[number]

export const MODES = ['within', 'baseline'] as const

export interface Score {
  readonly kind: string
  readonly mode: Mode
  /** Of a faulty session: whether its fault was found. Of a healthy one: whether nothing was. */
  readonly isRight: boolean
  /** Whether it is the very first of what was found. */
  readonly isFirst: boolean
  /** What the session had, and what was found: for whoever has to understand a wrong one. */
  readonly story: string
}

/** A fault counts as found if it is among so many, of the right kind, at the right place … */
const TOP = 3
/** … and so many of the traces that are named to show it were hit by it. */
const LEAST_EVIDENCE = 0.8

/**
 * A session with a fault in a part of it, by itself; and, beside a healthy one, the same or, of odd
 * seeds, one with the fault from its first to its last moment, which only a better one can tell.
 */
export async function scoreFaultySeed(seed: number, options?: ScenarioOptions): Promise<Score[]> {
  const { kind, baseline, faultyInPart, faultyThroughout } = faultyScenarios(seed, options)
  const part = { seed, kind, scenario: faultyInPart, session: await record(faultyInPart) }
  const whole =
    seed % 2 === 0
      ? part
      : { ...part, scenario: faultyThroughout, session: await record(faultyThroughout) }
  const [compared] = await record(baseline)
  return [
    scoreFault({ ...part, mode: 'within' }),
    scoreFault({ ...whole, mode: 'baseline', compared }),
  ]
}

interface Case {
  readonly seed: number
  readonly kind: string
  readonly mode: Mode
  readonly scenario: Scenario
  readonly session: Recorded
  readonly compared?: SessionModel
}

function scoreFault({ seed, kind, mode, scenario, session, compared }: Case): Score {
  const { plan, fault } = scenario
  if (!fault) throw new Error('the scenario has no fault')
  const [model, hitTraceIds] = session
  const found = findAnomalies(model, compared)
  const { rank, evidence } = judgeFindings(found, fault, plan, hitTraceIds)
  const isRight = rank !== undefined && rank <= TOP && evidence >= LEAST_EVIDENCE
  const place = JSON.stringify({ ...fault, rank, evidence })
  const story = `seed ${seed} ${mode}: ${place}\n${storyOf(found)}`
  return { kind, mode, isRight, isFirst: isRight && rank === 1, story }
}

/** A healthy session, by itself and beside another. */
export async function scoreHealthySeed(seed: number, options?: ScenarioOptions): Promise<Score[]> {
  const scenarios = healthyScenarios(seed, options)
  const [baseline] = await record(scenarios.baseline)
  const [model] = await record(scenarios.session)
  const score = (mode: Mode, compared?: SessionModel): Score => {
    const found = findAnomalies(model, compared)
    const isRight = found.length === 0
    const story = `seed ${seed} ${mode}, healthy:\n${storyOf(found)}`
    return { kind: healthyKindOf(seed), mode, isRight, isFirst: isRight, story }
  }
  return [score('within'), score('baseline', baseline)]
}

/** `slow-peer        11 of 11   11 of 11   10 of 11`, a line a kind and a column a mode. */
export function tableOf(scores: readonly Score[]): string {
  const kinds = [...new Set(scores.map(({ kind }) => kind))].sort()
  const line = (name: string, own: readonly Score[]): string =>
    [
      name.padEnd(18),
      ...MODES.map((mode) => {
        const all = own.filter((score) => score.mode === mode)
        return `${all.filter(({ isRight }) => isRight).length} of ${all.length}`.padStart(18)
      }),
    ].join('')
  return [
    ['kind'.padEnd(18), ...MODES.map((mode) => mode.padStart(18))].join(''),
    ...kinds.map((kind) =>
      line(
        kind,
        scores.filter((score) => score.kind === kind),
      ),
    ),
    line('all', scores),
  ].join('\n')
}

export function shareRight(scores: readonly Score[], mode: Mode): number {
  const all = scores.filter((score) => score.mode === mode)
  return all.filter(({ isRight }) => isRight).length / all.length
}

type Recorded = readonly [model: SessionModel, hitTraceIds: ReadonlySet<string>]

async function record(scenario: Scenario): Promise<Recorded> {
  const store = new MemoryStore()
  const sessionId = 'generated'
  const { hitTraceIds } = await recordShop(store, sessionId, scenario)
  return [await readSessionModel({ store, sessionId }), hitTraceIds]
}

function storyOf(found: readonly Anomaly[]): string {
  const lines = found.slice(0, 5).map(({ kind, summary }) => `  ${kind}: ${summary}`)
  return lines.length === 0 ? '  nothing found' : lines.join('\n')
}
