// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../otlp/signal'
import type { Series } from '../telemetry/counter'
import { bytesReceived, itemsReceived, requestsReceived } from '../telemetry/instruments'

type BySignal = Readonly<Record<Signal, Series>>

/** Measures what comes over one protocol, over all receivers of the process. */
export class EndpointMeter {
  readonly #protocol: 'http' | 'grpc'
  readonly #requests: BySignal
  readonly #items: BySignal
  readonly #bytes: BySignal

  constructor(protocol: 'http' | 'grpc') {
    const shared = { 'otel_tape.protocol': protocol } as const
    this.#protocol = protocol
    this.#requests = requestsReceived.seriesBy('otel_tape.signal', SIGNALS, shared)
    this.#items = itemsReceived.seriesBy('otel_tape.signal', SIGNALS, shared)
    this.#bytes = bytesReceived.seriesBy('otel_tape.signal', SIGNALS, shared)
  }

  /** A request was taken, all of it but for items that are refused for good. */
  take(signal: Signal, bytes: number, itemCount: number, rejectedItems: number): void {
    this.#requests[signal].add(1)
    this.#bytes[signal].add(bytes)
    this.#items[signal].add(itemCount - rejectedItems)
    if (rejectedItems === 0) return
    const rejected = { ...this.#sharedWith(signal), 'error.type': 'rejected' } as const
    itemsReceived.series(rejected).add(rejectedItems)
  }

  /** @param signal absent when the request was for none that there is */
  refuse(status: number | string, signal: Signal | undefined): void {
    const errorType = String(status)
    requestsReceived.series({ ...this.#sharedWith(signal), 'error.type': errorType }).add(1)
  }

  #sharedWith(signal: Signal | undefined) {
    return {
      'otel_tape.protocol': this.#protocol,
      ...(signal !== undefined && { 'otel_tape.signal': signal }),
    }
  }
}
