// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { TraceFacts } from './trace-facts'

/** Who calls whom, by the names of services and of what they call. */
export class ServiceReach {
  readonly #callees = new Map<string, Set<string>>()

  /** @param sessions what one of them has no call of, another may have */
  constructor(sessions: Iterable<TraceFacts>) {
    for (const { operations, calls } of sessions) {
      for (const { service, operation } of operations.values()) {
        const calls = operation.kind === 'client' || operation.kind === 'producer'
        if (calls && operation.peer) this.#add(service, operation.peer.name)
      }
      for (const { caller, callee } of calls.values()) this.#add(caller.service, callee.service)
    }
  }

  /** Whether it calls it, or calls somebody who does, and so on; nothing reaches itself. */
  reaches(from: string, to: string): boolean {
    const seen = new Set([from])
    const pending = [from]
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      for (const next of this.#callees.get(at) ?? []) {
        if (seen.has(next)) continue
        if (next === to) return true
        seen.add(next)
        pending.push(next)
      }
    }
    return false
  }

  #add(from: string, to: string): void {
    if (from === to) return
    const callees = this.#callees.get(from) ?? new Set()
    this.#callees.set(from, callees.add(to))
  }
}
