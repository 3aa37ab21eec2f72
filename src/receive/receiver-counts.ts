// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { groupByResource } from '../otlp/group-by-resource'
import type { Signal } from '../otlp/signal'
import { type RequestSummary, summarizeRequest } from '../otlp/summarize-request'
import type { ReceivedCounts, ReceiverStatus } from './receiver'

const MAX_SERVICES = 1_000

/** What stands in for the name of what comes from no service. */
const UNNAMED = 'unknown_service'

const NOTHING: ReceivedCounts = Object.freeze({ requests: 0, items: 0, bytes: 0 })

/** Keeps count of what was received, and of what was not. */
export class ReceiverCounts {
  readonly #received = { traces: NOTHING, metrics: NOTHING, logs: NOTHING }
  readonly #itemsByService = new Map<string, number>()
  readonly #refusedRequests = new Map<number | string, number>()
  #rejectedItems = 0

  receive(signal: Signal, body: Uint8Array, summary: RequestSummary): void {
    const { requests, items, bytes } = this.#received[signal]
    this.#received[signal] = {
      requests: requests + 1,
      items: items + summary.itemCount,
      bytes: bytes + body.length,
    }
    const [name, ...others] = summary.serviceNames
    if (others.length === 0) return this.#addService(name, summary.itemCount)
    for (const group of groupByResource(body, signal, 'service.name')) {
      this.#addService(group.value, summarizeRequest(group.body, signal).itemCount)
    }
  }

  refuse(status: number | string): void {
    this.#refusedRequests.set(status, (this.#refusedRequests.get(status) ?? 0) + 1)
  }

  reject(items: number): void {
    this.#rejectedItems += items
  }

  snapshot(): Pick<
    ReceiverStatus,
    'received' | 'itemsByService' | 'refusedRequests' | 'rejectedItems'
  > {
    return {
      received: { ...this.#received },
      itemsByService: new Map(this.#itemsByService),
      refusedRequests: new Map(this.#refusedRequests),
      rejectedItems: this.#rejectedItems,
    }
  }

  #addService(name: string | undefined, items: number): void {
    const key = name ?? UNNAMED
    const known = this.#itemsByService.get(key)
    if (known === undefined && this.#itemsByService.size >= MAX_SERVICES) return
    this.#itemsByService.set(key, (known ?? 0) + items)
  }
}
