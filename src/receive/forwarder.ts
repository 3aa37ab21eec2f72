// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import type { Signal } from '../otlp/signal'
import { holdProcess } from '../storage/hold-process'
import { forwardQueueSize, itemsNotForwarded } from '../telemetry/instruments'
import { type OtlpRequest, type OtlpSender, createOtlpSender } from '../transport/otlp-sender'
import { type RetryBudget, resolveSenderOptions } from '../transport/sender-options'
import { createRareFailures } from './rare-failures'
import type { ForwardingStatus } from './receiver'

export interface ForwarderOptions {
  /** `http(s)://…` or `grpc(s)://host:port`. */
  targetEndpoint: string
  /** Default: `OTEL_EXPORTER_OTLP_HEADERS`. */
  headers?: Readonly<Record<string, string>>
  /** Bytes that may wait to be forwarded. */
  maxQueueBytes: number
  /** How long one request is tried before it counts as missed. Default: a minute. */
  retry?: RetryBudget
  /** Told that the target failed, once a minute at the most. */
  onFailure: (error: Error) => void
}

/**
 * Passes requests on to another OTLP endpoint, beside what is done with them here: a target
 * that is down, slow or full neither holds that up nor takes memory beyond the queue. What it
 * did not get is counted. At any time, items offered = sent + missed + waiting.
 */
export interface Forwarder {
  /** Queues a request, or counts it as missed when there is no room. Never throws, never waits. */
  offer(signal: Signal, body: Uint8Array, itemCount: number): void
  status(): ForwardingStatus
  /**
   * Takes nothing further and sends what waits, until the signal fires: what is left then counts
   * as missed. Never rejects.
   */
  close(signal: AbortSignal): Promise<void>
}

/** A backend that restarts is back by then; one that stays down must not hold its queue for ever. */
const DEFAULT_RETRY = Object.freeze({
  totalTimeoutMillis: 60_000,
  maxAttempts: Number.MAX_SAFE_INTEGER,
})
const CONCURRENCY = 4
/** What a queued request takes besides its bytes: a million empty ones must not go uncounted. */
const OVERHEAD_BYTES = 256

/** Why the target did not get something, as it is told to whoever watches. */
type MissReason = 'queue_full' | 'refused' | 'unreachable' | 'ended'

const log = diag.createComponentLogger({ namespace: 'otel-tape/receive' })

/** @throws TransportError of reason `InvalidConfig` when the target or a header can't be used */
export function createForwarder(options: ForwarderOptions): Forwarder {
  return new QueueingForwarder(options)
}

class QueueingForwarder implements Forwarder {
  readonly #options: ForwarderOptions
  readonly #sender: OtlpSender
  readonly #failures: (message: string) => void
  readonly #abort = new AbortController()
  readonly #missedItems: Record<Signal, number> = { traces: 0, metrics: 0, logs: 0 }
  readonly #queue: OtlpRequest[] = []
  /** Where the queue begins: to shift it at each request takes long when it is long. */
  #head = 0
  #underWay = 0
  #waitingBytes = 0
  #usedBytes = 0
  #sentItems = 0
  #lastFailure?: string
  #isClosed = false
  #closing?: Promise<void>
  #onIdle?: () => void
  readonly #stopWatching: () => void

  constructor(options: ForwarderOptions) {
    const { targetEndpoint, headers } = options
    const retry = { ...DEFAULT_RETRY, ...options.retry }
    this.#options = options
    this.#failures = createRareFailures(options.onFailure)
    const sending = resolveSenderOptions(
      { targetEndpoint, headers, retry },
      { entryPoint: 'forward', endpointOption: 'forward', connections: CONCURRENCY },
    )
    const onRetry = (message: string): void => this.#fail(message)
    this.#sender = createOtlpSender({ ...sending, onRetry }, 'forward')
    this.#stopWatching = forwardQueueSize.watch(() => this.#waitingBytes)
  }

  offer(signal: Signal, body: Uint8Array, itemCount: number): void {
    const request = { signal, body, itemCount }
    if (this.#isClosed) return this.#miss(request, itemCount, 'ended', 'forwarding has ended')
    const { maxQueueBytes } = this.#options
    const bytes = body.length + OVERHEAD_BYTES
    // One always fits: else one larger than the queue could never be sent.
    if (this.#usedBytes > 0 && this.#usedBytes + bytes > maxQueueBytes) {
      const message = `the queue is full (${maxQueueBytes} bytes wait for the target)`
      return this.#miss(request, itemCount, 'queue_full', message)
    }
    this.#usedBytes += bytes
    this.#waitingBytes += body.length
    this.#queue.push(request)
    this.#sendNext()
  }

  status(): ForwardingStatus {
    return {
      targetEndpoint: this.#options.targetEndpoint.split('?', 1)[0],
      sentItems: this.#sentItems,
      missedItems: { ...this.#missedItems },
      waitingBytes: this.#waitingBytes,
      ...(this.#lastFailure !== undefined && { lastFailure: this.#lastFailure }),
    }
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#isClosed = true
    const giveUp = (): void => this.#abort.abort(new Error('forwarding has ended'))
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    await (this.#closing ??= this.#finish())
    signal.removeEventListener('abort', giveUp)
  }

  async #finish(): Promise<void> {
    const release = holdProcess()
    try {
      if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve))
      await this.#sender.close()
    } catch (error) {
      this.#fail((error as Error).message)
    } finally {
      this.#stopWatching()
      release()
    }
  }

  #sendNext(): void {
    if (this.#underWay >= CONCURRENCY) return
    const request = this.#dequeue()
    if (!request) {
      if (this.#underWay === 0) this.#onIdle?.()
      return
    }
    this.#underWay++
    void this.#send(request).finally(() => {
      this.#underWay--
      this.#waitingBytes -= request.body.length
      this.#usedBytes -= request.body.length + OVERHEAD_BYTES
      this.#sendNext()
    })
  }

  #dequeue(): OtlpRequest | undefined {
    const request = this.#queue.at(this.#head)
    if (!request) return undefined
    this.#head++
    // What was taken out must be free to go, and so must its place in the array.
    if (this.#head >= 1024 || this.#head === this.#queue.length) {
      this.#queue.splice(0, this.#head)
      this.#head = 0
    }
    return request
  }

  /** Never rejects. */
  async #send(request: OtlpRequest): Promise<void> {
    try {
      this.#abort.signal.throwIfAborted()
      const refusal = await this.#sender.send(request, this.#abort.signal)
      const refusedItems = refusal?.itemCount ?? 0
      this.#sentItems += request.itemCount - refusedItems
      if (refusal) this.#miss(request, refusedItems, 'refused', refusal.message)
    } catch (error) {
      // That we gave up at the end says less than what made us wait.
      const { aborted: isGivenUp } = this.#abort.signal
      const message = isGivenUp ? this.#lastFailure : undefined
      const reason = isGivenUp ? 'ended' : 'unreachable'
      this.#miss(request, request.itemCount, reason, message ?? (error as Error).message)
    }
  }

  #miss({ signal }: OtlpRequest, itemCount: number, reason: MissReason, message: string): void {
    this.#missedItems[signal] += itemCount
    itemsNotForwarded.series({ 'otel_tape.signal': signal, 'error.type': reason }).add(itemCount)
    this.#fail(message)
  }

  #fail(message: string): void {
    this.#lastFailure = message
    try {
      this.#failures(`forwarding: ${message}`)
    } catch (error) {
      // A listener that throws must hurt neither the request that is being taken nor the queue.
      log.error(`a listener to failures failed itself: ${(error as Error).message}`)
    }
  }
}
