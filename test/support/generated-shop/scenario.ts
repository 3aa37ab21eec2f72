// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Fault, FAULT_KINDS, type FaultKind, injectFault } from './fault'
import { SeededRandom } from './seeded-random'
import { type PlanOptions, planShop, type ShopPlan } from './shop-plan'

/** A shop, a while of its life, and what goes wrong in it, if anything. */
export interface Scenario {
  readonly plan: ShopPlan
  /** Another gives the same shop with other customers. */
  readonly seed: number
  readonly traces: number
  readonly durationMillis: number
  readonly load: Load
  /** How much slower everything is when the shop is busiest. */
  readonly drift: number
  readonly fault?: Fault
}

/** When customers come: always alike, more and more, or in waves. */
export type Load = 'steady' | 'growing' | 'waves'

export const HEALTHY_KINDS = [
  'plain',
  'few samples',
  'heavy tails',
  'growing load',
  'rare operations',
  'noisy errors',
  'drifting',
  'bursty logs',
] as const

export type HealthyKind = (typeof HEALTHY_KINDS)[number]

export interface ScenarioOptions {
  /** Fewer are quicker. Default 2,000. */
  readonly mostTraces?: number
}

const MOST_TRACES = 2_000

/** Of the three sessions of a seed, which have the shop in common. */
export interface Scenarios {
  readonly kind: FaultKind
  readonly baseline: Scenario
  /** With a fault that begins, and maybe ends, in it. */
  readonly faultyInPart: Scenario
  /** With the same kind of fault from its first to its last moment. */
  readonly faultyThroughout: Scenario
}

export function faultyScenarios(seed: number, options: ScenarioOptions = {}): Scenarios {
  const kind = faultKindOf(seed)
  const random = new SeededRandom(seed)
  const plan = planShop(seed, {
    tailSigma: random.between(0, 0.3),
    errorRate: random.between(0.001, 0.015),
    rareOperations: random.chance(0.5),
    burstyLogs: random.chance(0.5),
  })
  const describe = (part: number): Scenario => ({
    plan,
    seed: seed * 16 + part,
    traces: Math.round(random.logBetween(300, options.mostTraces ?? MOST_TRACES)),
    durationMillis: random.between(10, 40) * 60_000,
    load: random.pick(['steady', 'growing', 'waves']),
    drift: random.between(0, 0.3),
  })
  const from = random.between(0.25, 0.65)
  const window = { from, to: Math.min(1, from + random.between(0.2, 0.35)) }
  const baseline = describe(0)
  const inPart = describe(1)
  const throughout = describe(2)
  return {
    kind,
    baseline,
    faultyInPart: { ...inPart, fault: injectFault(kind, plan, inPart.traces, window, random) },
    faultyThroughout: {
      ...throughout,
      fault: injectFault(kind, plan, throughout.traces, undefined, random),
    },
  }
}

function faultKindOf(seed: number): FaultKind {
  return FAULT_KINDS[seed % FAULT_KINDS.length]
}

export function healthyKindOf(seed: number): HealthyKind {
  return HEALTHY_KINDS[seed % HEALTHY_KINDS.length]
}

/** Two sessions of one shop without any fault, as hard to tell from a faulty one as its kind says. */
export function healthyScenarios(
  seed: number,
  options: ScenarioOptions = {},
): { baseline: Scenario; session: Scenario } {
  const kind = healthyKindOf(seed)
  const random = new SeededRandom(seed + 500_000)
  const habits: PlanOptions = {
    tailSigma: kind === 'heavy tails' ? random.between(0.6, 1) : random.between(0, 0.3),
    errorRate: kind === 'noisy errors' ? random.between(0.03, 0.08) : random.between(0.001, 0.015),
    rareOperations: kind === 'rare operations' || random.chance(0.3),
    burstyLogs: kind === 'bursty logs' || random.chance(0.3),
  }
  const plan = planShop(seed + 500_000, habits)
  const describe = (part: number): Scenario => ({
    plan,
    seed: (seed + 500_000) * 16 + part,
    traces: Math.round(
      kind === 'few samples'
        ? random.logBetween(20, 150)
        : random.logBetween(300, options.mostTraces ?? MOST_TRACES),
    ),
    durationMillis: random.between(10, 40) * 60_000,
    load: kind === 'growing load' ? 'growing' : random.pick(['steady', 'growing', 'waves']),
    drift: kind === 'drifting' ? random.between(0.25, 0.4) : random.between(0, 0.3),
  })
  return { baseline: describe(0), session: describe(1) }
}
