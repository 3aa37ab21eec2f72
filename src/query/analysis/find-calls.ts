// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Peer } from './model/peer-of-span'
import { GrowingColumns } from './model/growing-columns'
import type { SessionModel } from './session-model'
import { type SpanTree, childrenOf } from './span-tree'

/** A service of the session, or something that its services call and that sent nothing itself. */
export interface CallNode {
  readonly kind: 'service' | Peer['kind']
  readonly name: string
}

/** Who calls whom. `async`: over a queue, or told by a link; the caller does not wait. */
export interface CallRoute {
  /** Into `CallColumns.nodes`. */
  readonly from: number
  readonly to: number
  readonly kind: 'call' | 'async'
}

export interface CallColumns {
  readonly nodes: readonly CallNode[]
  readonly routes: readonly CallRoute[]
  readonly count: number
  /** Into `routes`. */
  readonly route: Uint32Array
  /** The span whose duration is that of the call: the caller's if it has one for the call. */
  readonly row: Uint32Array
  /** The span at the other end, or -1 if that is not in the session. */
  readonly otherRow: Int32Array
}

/**
 * Finds all calls from one service to another, or to what is not instrumented:
 *
 * - a span whose parent is of another service, or that serves its own service's client span
 * - a consumer, or another span, with a link to a span that handed it its work
 * - a client or producer span that nothing in the session answers, by the peer that it names
 * - a consumer whose producer is not in the session, from the destination that it names
 */
export function findCalls(model: SessionModel, tree: SpanTree): CallColumns {
  const finder = new CallFinder(model, tree)
  for (let row = 0; row < model.spans.count; row++) finder.addFromParent(row)
  for (let link = 0; link < model.links.count; link++) finder.addLink(link)
  for (let row = 0; row < model.spans.count; row++) finder.addUnanswered(row)
  return finder.finished()
}

class CallFinder {
  readonly #model: SessionModel
  readonly #tree: SpanTree
  readonly #nodes: CallNode[] = []
  readonly #nodeNumbers = new Map<string, number>()
  readonly #routes: CallRoute[] = []
  readonly #routeNumbers = new Map<number, number>()
  readonly #calls = new GrowingColumns((capacity) => ({
    route: new Uint32Array(capacity),
    row: new Uint32Array(capacity),
    otherRow: new Int32Array(capacity),
  }))
  /** 1 where a span of the session tells of the call's other end. */
  readonly #isAnswered: Uint8Array

  constructor(model: SessionModel, tree: SpanTree) {
    this.#model = model
    this.#tree = tree
    // What `peer.service` names may be a service of the session, whose spans were not connected.
    for (const name of model.services) this.#numberOf({ kind: 'service', name })
    this.#isAnswered = new Uint8Array(model.spans.count)
  }

  addFromParent(row: number): void {
    const parent = this.#model.spans.parent[row]
    if (parent < 0) return
    const [above, below] = [this.#operationOf(parent), this.#operationOf(row)]
    const isServed = below.kind === 'server' && above.kind === 'client'
    const isConsumed = below.kind === 'consumer' && above.kind === 'producer'
    if (above.service === below.service && !isServed && !isConsumed) return
    if (above.kind === 'producer' || isConsumed) {
      this.#add(above.service, below.service, 'async', row, parent)
    } else {
      const isSeenByCaller = above.kind === 'client'
      const [seen, other] = isSeenByCaller ? [parent, row] : [row, parent]
      this.#add(above.service, below.service, 'call', seen, other)
    }
    this.#markAnswered(parent)
    this.#isAnswered[row] ||= Number(isConsumed)
  }

  addLink(link: number): void {
    const { links, spans } = this.#model
    const [row, to] = [links.from[link], links.to[link]]
    if (to < 0 || spans.parent[row] === to) return
    const [above, below] = [this.#operationOf(to), this.#operationOf(row)]
    if (above.service === below.service && above.kind !== 'producer') return
    this.#add(above.service, below.service, 'async', row, to)
    if (above.kind === 'producer') this.#markAnswered(to)
    this.#isAnswered[row] = 1
  }

  addUnanswered(row: number): void {
    const { service, kind, peer } = this.#operationOf(row)
    if (peer === undefined || this.#isAnswered[row] !== 0) return
    if (kind === 'consumer') {
      this.#add(this.#numberOf(peer), service, 'async', row, -1)
    } else if (!this.#isPartOfCall(row)) {
      this.#add(service, this.#numberOf(peer), kind === 'producer' ? 'async' : 'call', row, -1)
    }
  }

  finished(): CallColumns {
    return { nodes: this.#nodes, routes: this.#routes, ...this.#calls.finished() }
  }

  /** An SDK's span around the HTTP span of the same call is answered with it. */
  #markAnswered(caller: number): void {
    const { parent } = this.#model.spans
    const { service } = this.#operationOf(caller)
    for (let row = caller; row >= 0 && this.#isAnswered[row] === 0; row = parent[row]) {
      const operation = this.#operationOf(row)
      if (operation.service !== service || !isCalling(operation.kind)) return
      this.#isAnswered[row] = 1
    }
  }

  /**
   * Whether a span around it tells the same call better, as that of a database's client does
   * of the connection below it; a host alone is told best by the innermost.
   */
  #isPartOfCall(row: number): boolean {
    const { service, peer } = this.#operationOf(row)
    const parent = this.#model.spans.parent[row]
    if (parent >= 0) {
      const above = this.#operationOf(parent)
      const isSameCall = above.service === service && isCalling(above.kind)
      if (isSameCall && above.peer !== undefined && above.peer.kind !== 'host') return true
    }
    if (peer?.kind !== 'host') return false
    return childrenOf(this.#tree, row).some((child) => {
      const below = this.#operationOf(child)
      return below.service === service && isCalling(below.kind) && below.peer !== undefined
    })
  }

  #add(from: number, to: number, kind: CallRoute['kind'], row: number, otherRow: number): void {
    const route = this.#routeOf(from, to, kind)
    const call = this.#calls.add()
    const { columns } = this.#calls
    columns.route[call] = route
    columns.row[call] = row
    columns.otherRow[call] = otherRow
  }

  #routeOf(from: number, to: number, kind: CallRoute['kind']): number {
    const key = (from * 2 ** 25 + to) * 2 + (kind === 'async' ? 1 : 0)
    let number = this.#routeNumbers.get(key)
    if (number === undefined) {
      number = this.#routes.push({ from, to, kind }) - 1
      this.#routeNumbers.set(key, number)
    }
    return number
  }

  #numberOf({ kind, name }: Peer): number {
    const key = `${kind} ${name}`
    let number = this.#nodeNumbers.get(key)
    if (number === undefined) {
      number = this.#nodes.push({ kind, name }) - 1
      this.#nodeNumbers.set(key, number)
    }
    return number
  }

  #operationOf(row: number): SessionModel['operations'][number] {
    return this.#model.operations[this.#model.spans.operation[row]]
  }
}

function isCalling(kind: string): boolean {
  return kind === 'client' || kind === 'producer'
}
