// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setMaxListeners } from 'node:events'
import { Writable } from 'node:stream'
import * as v from 'valibot'
import type { Signal } from '../otlp/signal'
import { holdProcess } from '../storage/hold-process'
import { callback, expected } from './check-options'
import { type ReplayBatch, itemsOf } from './replay-batch'
import { ReplayError } from './replay-error'
import { STAGE_HIGH_WATER_MARK } from './transform-batches'

/** Where batches go. */
export interface BatchTarget {
  /**
   * Delivers a batch, and tells what was refused of it for good. Rejects when
   * no further batch could arrive either, or when the signal fires.
   */
  deliver(batch: ReplayBatch, signal: AbortSignal): Promise<Refusal | undefined>

  /** Called once behind the last batch. */
  flush?(): Promise<void>

  /** Told why a batch is going to be delivered again. Set by whoever wants to know. */
  onRetry?: (message: string) => void

  /** Frees what the target holds, at the end and after a failure. */
  close(): Promise<void>
}

export interface Refusal {
  itemCount: number
  /** HTTP status of the answer, where there was one. */
  statusCode?: number
  message: string
}

/** A batch, or a part of one, that did not arrive. */
export interface RejectedBatch extends Refusal {
  signal: Signal
  /** The object that the batch lies in. */
  key?: string
}

export interface SinkOptions {
  /** How many batches may be under way at a time, 256 at the most. Default 3. */
  concurrency?: number
  /**
   * Called with what the target refused for good; the rest is still sent. Throw to end the stream.
   * Default: it ends with `ReplayError` of reason `IngestionFailure` at the first refusal.
   */
  onRejected?: (rejected: RejectedBatch) => void
}

const MAX_CONCURRENCY = 256

export const sinkEntries = {
  concurrency: v.optional(
    expected<number>(
      `a whole number from 1 to ${MAX_CONCURRENCY}`,
      (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_CONCURRENCY,
    ),
  ),
  onRejected: v.optional(callback<NonNullable<SinkOptions['onRejected']>>()),
}

/** How a replay takes part in what its sink does. */
export interface SinkHooks {
  /** Resolves when a batch may be sent; `undefined` if it may be at once. */
  gate?: (signal: AbortSignal) => Promise<void> | undefined
  onSend?: (batch: ReplayBatch) => void
  /** Told how many items of a batch were accepted, and how many refused. */
  onDelivered?: (itemCount: number, batch: ReplayBatch, refusedItems: number) => void
}

export const DEFAULT_CONCURRENCY = 3

/** An object-mode `Writable` that hands batches to `target`, several at a time. */
export function createBatchSink(
  target: BatchTarget,
  options: SinkOptions,
  hooks: SinkHooks = {},
): Writable {
  return new BatchSink(target, options, hooks)
}

type WriteCallback = (error?: Error | null) => void

class BatchSink extends Writable {
  readonly #target: BatchTarget
  readonly #concurrency: number
  readonly #onRejected: SinkOptions['onRejected']
  readonly #hooks: SinkHooks
  readonly #underWay = new Set<Promise<void>>()
  readonly #abort = new AbortController()
  #whenThereIsRoom?: WriteCallback
  /** Lets the process end, as far as we are concerned. */
  #release?: () => void

  constructor(target: BatchTarget, options: SinkOptions, hooks: SinkHooks) {
    super({ objectMode: true, highWaterMark: STAGE_HIGH_WATER_MARK })
    this.#target = target
    this.#concurrency = options.concurrency ?? DEFAULT_CONCURRENCY
    this.#onRejected = options.onRejected
    this.#hooks = hooks
    // Each delivery under way listens, and so does the gate. From the eleventh
    // listener on, Node would warn of a leak that is none.
    setMaxListeners(this.#concurrency + 1, this.#abort.signal)
  }

  override _write(batch: ReplayBatch, _encoding: BufferEncoding, callback: WriteCallback): void {
    const gate = this.#hooks.gate?.(this.#abort.signal)
    if (gate) gate.then(() => this.#send(batch, callback), callback)
    else this.#send(batch, callback)
  }

  override _final(callback: (error?: Error | null) => void): void {
    Promise.all(this.#underWay)
      .then(() => (this.destroyed ? undefined : this.#target.flush?.()))
      .then(() => callback(), callback)
  }

  // Deliveries under way are waited for, aborted as they are: when the stream
  // has closed, nothing arrives any more and no count changes.
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#abort.abort()
    Promise.allSettled(this.#underWay)
      .then(() => this.#target.close())
      .then(
        () => callback(error),
        (closeError: Error) => callback(error ?? closeError),
      )
  }

  /** Sends a batch, and calls back when there is room to send another one. */
  #send(batch: ReplayBatch, callback: WriteCallback): void {
    this.#release ??= holdProcess()
    const delivery: Promise<void> = this.#deliver(batch).then(
      () => this.#settled(delivery),
      (error: Error) => {
        this.destroy(error)
        this.#settled(delivery)
      },
    )
    this.#underWay.add(delivery)
    if (this.#underWay.size < this.#concurrency) callback()
    else this.#whenThereIsRoom = callback
  }

  #settled(delivery: Promise<void>): void {
    this.#underWay.delete(delivery)
    if (this.#underWay.size === 0) {
      this.#release?.()
      this.#release = undefined
    }
    const callback = this.#whenThereIsRoom
    this.#whenThereIsRoom = undefined
    callback?.()
  }

  async #deliver(batch: ReplayBatch): Promise<void> {
    const itemCount = itemsOf(batch)
    this.#hooks.onSend?.(batch)
    const refusal = await this.#target.deliver(batch, this.#abort.signal)
    // A target that claims to have refused more than it was sent is not believed.
    const refusedItems = Math.min(refusal?.itemCount ?? 0, itemCount)
    this.#hooks.onDelivered?.(itemCount - refusedItems, batch, refusedItems)
    if (refusal) this.#reject(rejectedBatch(batch, { ...refusal, itemCount: refusedItems }))
  }

  #reject(rejected: RejectedBatch): void {
    if (!this.#onRejected) throw refusalError(rejected)
    this.#onRejected(rejected)
  }
}

/** Which batch it is that was refused. */
export function rejectedBatch({ signal, key }: ReplayBatch, refusal: Refusal): RejectedBatch {
  return { ...refusal, signal, ...(key !== undefined && { key }) }
}

const ITEM_NAMES = Object.freeze({ traces: 'span', metrics: 'data point', logs: 'log record' })

/** The error to end with, where a refusal is to end a replay. */
export function refusalError({ itemCount, signal, message }: RejectedBatch): ReplayError {
  const items = `${itemCount} ${ITEM_NAMES[signal]}${itemCount === 1 ? '' : 's'}`
  return new ReplayError('IngestionFailure', `${items} did not arrive: ${message}`)
}
