// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { AnomalyPlace } from './anomaly'
import { placeOf } from './comparison'
import type { TraceFacts } from './trace-facts'

/** Which traces have something, of those that could. */
export interface Presence {
  readonly what: 'service' | 'edge' | 'operation'
  readonly place: AnomalyPlace
  /** Positions in `TraceFacts.order`, ascending, each once. */
  readonly seen: readonly number[]
  readonly exposed: readonly number[]
  /** The key of the presence whose traces these are. */
  readonly exposedBy: string
}

const EVERY_TRACE = 'trace'

/**
 * A service could be in any trace; its operations and the calls it makes in those that it is in:
 * when it goes, they go for that reason and not for one of their own.
 */
export function findPresences(facts: TraceFacts): Map<string, Presence> {
  const everyTrace = Array.from(facts.order, (_, position) => position)
  const services = new Places()
  const edges = new Places()
  const operations = new Places()
  for (const operation of facts.operations.values()) {
    const { service, key, positions } = operation
    services.add(service, { service }, positions)
    operations.add(key, placeOf(operation), positions)
    const { kind, peer } = operation.operation
    if (peer && (kind === 'client' || kind === 'producer')) {
      const place = { service, peer: peer.name }
      edges.add(edgeKey(service, peer.name), place, positions)
    }
  }
  for (const { caller, callee, indexes } of facts.calls.values()) {
    if (caller.service === callee.service) continue
    const place = { service: caller.service, peer: callee.service }
    const positions = indexes.map((index) => caller.positions[index])
    edges.add(edgeKey(caller.service, callee.service), place, positions)
  }
  const found = new Map<string, Presence>()
  const everywhere = { what: 'service', place: { service: '' }, exposedBy: EVERY_TRACE } as const
  found.set(EVERY_TRACE, { ...everywhere, seen: everyTrace, exposed: everyTrace })
  const add = (what: Presence['what'], places: Places): void => {
    for (const [key, { place, positions }] of places.all) {
      const exposedBy = what === 'service' ? EVERY_TRACE : serviceKey(place.service)
      // Of one array for all of a service: there may be many operations, and many traces.
      const exposed = found.get(exposedBy)?.seen ?? []
      found.set(`${what} ${key}`, { what, place, seen: ascending(positions), exposed, exposedBy })
    }
  }
  add('service', services)
  add('edge', edges)
  add('operation', operations)
  return found
}

function serviceKey(service: string): string {
  return `service ${service}`
}

class Places {
  readonly all = new Map<string, { place: AnomalyPlace; positions: Set<number> }>()

  add(key: string, place: AnomalyPlace, positions: readonly number[]): void {
    let known = this.all.get(key)
    if (!known) this.all.set(key, (known = { place, positions: new Set() }))
    for (const position of positions) known.positions.add(position)
  }
}

function edgeKey(from: string, to: string): string {
  return `${from}\t${to}`
}

function ascending(positions: Iterable<number>): number[] {
  return [...positions].sort((left, right) => left - right)
}
