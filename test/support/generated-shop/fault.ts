// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { SeededRandom } from './seeded-random'
import { expectedCalls, type PlannedCall, type ShopPlan } from './shop-plan'

export const FAULT_KINDS = [
  'slow-operation',
  'slow-peer',
  'error-burst',
  'n-plus-one',
  'retry-storm',
  'new-edge',
  'vanished-service',
  'log-burst',
  'metric-shift',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

/** What was done to a shop, and where: what the analysis has to find. */
export interface Fault {
  readonly kind: FaultKind
  /** Whose fault it is. Of a call, who calls. */
  readonly service: string
  /** Of the plan; absent where the whole service is at fault. */
  readonly operation?: string
  /** The call of the plan that goes wrong. */
  readonly call?: string
  /** What is called, where that is a database or a service. */
  readonly peer?: string
  /** Of the session, from 0 to 1. */
  readonly from: number
  readonly to: number
  /** Milliseconds, times, or a share: what the kind asks for. */
  readonly strength: number
  /** Of the calls while it lasts, how many it hits. */
  readonly share: number
}

/** While a fault lasts and while it doesn't, its place is called at least so often. */
const LEAST_CALLS = 40

interface Window {
  readonly from: number
  readonly to: number
}

/**
 * A fault at a random place that somebody would notice: called often enough, and hit hard enough
 * to stand out from what is usual there.
 */
export function injectFault(
  kind: FaultKind,
  plan: ShopPlan,
  traces: number,
  window: Window | undefined,
  random: SeededRandom,
): Fault {
  const from = window?.from ?? 0
  const to = window?.to ?? 1
  // A shop that changes for good has no later "again as before".
  const lasting = kind === 'vanished-service' || kind === 'new-edge'
  const span = { from, to: lasting && window ? 1 : to }
  const least = window
    ? LEAST_CALLS / Math.min(span.to - span.from, 1 - (span.to - span.from))
    : LEAST_CALLS
  return { ...span, ...place(kind, plan, new Places(plan, least / traces), random) }
}

/** Where a fault would show, the busiest first. */
class Places {
  readonly #plan: ShopPlan
  readonly #expected: Map<string, number>
  readonly #least: number

  constructor(plan: ShopPlan, leastPerTrace: number) {
    this.#plan = plan
    this.#expected = expectedCalls(plan)
    this.#least = leastPerTrace
  }

  operations(): string[] {
    return this.#busiest([...this.#expected.keys()], (id) => this.#expected.get(id) ?? 0)
  }

  calls(isWanted: (call: PlannedCall) => boolean): PlacedCall[] {
    const calls = [...this.#plan.operations.values()].flatMap((caller) =>
      caller.calls.filter(isWanted).map((call) => ({ caller: caller.id, call })),
    )
    return this.#busiest(
      calls,
      ({ caller, call }) => (this.#expected.get(caller) ?? 0) * call.probability,
    )
  }

  /** Those with calls enough; in a small session the two that have most. */
  #busiest<Place>(places: readonly Place[], rateOf: (place: Place) => number): Place[] {
    const sorted = [...places].sort((left, right) => rateOf(right) - rateOf(left))
    return sorted.filter((place, rank) => rank < 2 || rateOf(place) >= this.#least)
  }
}

interface PlacedCall {
  readonly caller: string
  readonly call: PlannedCall
}

type Placed = Omit<Fault, 'from' | 'to'>

function place(kind: FaultKind, plan: ShopPlan, places: Places, random: SeededRandom): Placed {
  const serviceOf = (id: string): string => plan.operations.get(id)?.service ?? ''
  const operation = random.pick(places.operations())
  const service = serviceOf(operation)
  const toPeer = places.calls((call) => 'peer' in call.to)
  const toService = places.calls((call) => 'operation' in call.to)
  const at = ({
    caller,
    call,
  }: PlacedCall): Pick<Placed, 'service' | 'operation' | 'call' | 'peer'> => ({
    service: serviceOf(caller),
    operation: caller,
    call: call.id,
    peer: 'peer' in call.to ? call.to.peer : serviceOf(call.to.operation),
  })
  switch (kind) {
    case 'slow-operation': {
      const usual = plan.operations.get(operation)?.selfMillis ?? 0
      const strength = Math.max(10, usual * random.logBetween(2, 10))
      return { kind, service, operation, strength, share: random.between(0.5, 1) }
    }
    case 'slow-peer': {
      const found = random.pick(toPeer)
      const usual = 'peer' in found.call.to ? found.call.to.millis : 0
      const strength = Math.max(10, usual * random.logBetween(2, 10))
      return { kind, ...at(found), strength, share: random.between(0.5, 1) }
    }
    case 'error-burst':
      return { kind, service, operation, strength: 1, share: random.between(0.3, 0.9) }
    case 'n-plus-one': {
      const strength = random.whole(6, 30)
      return { kind, ...at(random.pick(toPeer)), strength, share: random.between(0.6, 1) }
    }
    case 'retry-storm': {
      const strength = random.whole(3, 6)
      return { kind, ...at(random.pick(toService)), strength, share: random.between(0.5, 0.95) }
    }
    case 'new-edge': {
      const peer = newPeer(plan, service, random)
      return { kind, service, operation, peer, strength: 1, share: random.between(0.4, 1) }
    }
    case 'vanished-service': {
      const { peer } = at(random.pick(toService))
      return { kind, service: peer ?? '', strength: random.chance(0.5) ? 1 : 0, share: 1 }
    }
    case 'log-burst':
      return { kind, service, operation, strength: 1, share: random.between(0.3, 1) }
    case 'metric-shift':
      return { kind, service, strength: random.logBetween(2, 5), share: 1 }
  }
}

/** A service that this one has never called, or a database nobody has. */
function newPeer(plan: ShopPlan, service: string, random: SeededRandom): string {
  if (random.chance(0.4)) return 'mongodb'
  const called = new Set([service, 'frontend', 'reporting'])
  for (const operation of plan.operations.values()) {
    if (operation.service !== service) continue
    for (const { to } of operation.calls) {
      if ('operation' in to) called.add(plan.operations.get(to.operation)?.service ?? '')
    }
  }
  const others = [...plan.operations.values()].map((operation) => operation.service)
  return random.pick(others.filter((other) => !called.has(other)))
}
