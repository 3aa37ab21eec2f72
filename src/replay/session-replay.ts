// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { EventEmitter } from 'node:events'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Damage } from '../session/damage'
import type { ObjectStore } from '../storage/object-store'
import { batchReadable } from './batch-readable'
import {
  type BatchTarget,
  type RejectedBatch,
  createBatchSink,
  refusalError,
  rejectedBatch,
} from './batch-sink'
import type { Clock } from './clock'
import { holdProcess } from '../storage/hold-process'
import { type Pacer, createPacer } from './pacer'
import type { Receipt } from './receipt'
import type { Replay, ReplayEvents, ScheduledBatch } from './replay'
import { type ReplayBatch, itemsOf } from './replay-batch'
import type { ResolvedReplayConfig } from './replay-config'
import { messageOf, toReplayError } from './replay-error'
import { type StageHooks, openStages } from './replay-stages'
import type { ReplayStatus } from './replay-status'
import { ReplayTally } from './replay-tally'
import { watchReplay } from './watch-replay'

export interface SessionReplayParts {
  readonly config: ResolvedReplayConfig
  readonly store: ObjectStore
  readonly target: BatchTarget
  readonly clock: Clock
  /** Where account is to be kept, for another run to go on with. */
  readonly openReceipt?: (signal: AbortSignal) => Promise<Receipt | undefined>
  /** Called when the replay is over, before `finished` settles. */
  readonly onEnd: () => Promise<void>
}

const PROGRESS_INTERVAL_MILLIS = 100

/** Runs one replay. It begins when whoever made it had the chance to listen. */
export class SessionReplay implements Replay {
  readonly sessionId: string
  readonly finished: Promise<ReplayStatus>
  readonly #parts: SessionReplayParts
  readonly #events = new EventEmitter()
  readonly #pacer: Pacer
  readonly #tally: ReplayTally
  readonly #abort = new AbortController()
  #progressTimer?: NodeJS.Timeout
  #sequenceNumber = 0
  #prefix = ''
  #receipt?: Receipt

  constructor(parts: SessionReplayParts) {
    const { config, clock } = parts
    this.#parts = parts
    this.sessionId = config.sessionId
    this.#pacer = createPacer(config.speedMultiplier, clock)
    this.#tally = new ReplayTally(config.sessionId, dateOf(clock))
    this.finished = Promise.resolve().then(() => this.#run())
    // Who listens to events alone must not be ended by a rejection that he does not await.
    this.finished.catch(() => undefined)
  }

  status(): ReplayStatus {
    const status = this.#tally.status()
    return status.status === 'running' && this.#pacer.isPaused
      ? { ...status, status: 'paused' }
      : status
  }

  pause(): void {
    if (this.#isOver) return
    this.#pacer.pause()
    this.#progressed()
  }

  resume(): void {
    if (this.#isOver) return
    this.#pacer.resume()
    this.#progressed()
  }

  cancel(): void {
    this.#abort.abort()
  }

  on<E extends keyof ReplayEvents>(event: E, listener: (...args: ReplayEvents[E]) => void): this {
    this.#events.on(event, listener)
    return this
  }

  once<E extends keyof ReplayEvents>(event: E, listener: (...args: ReplayEvents[E]) => void): this {
    this.#events.once(event, listener)
    return this
  }

  off<E extends keyof ReplayEvents>(event: E, listener: (...args: ReplayEvents[E]) => void): this {
    this.#events.off(event, listener)
    return this
  }

  get #isOver(): boolean {
    return this.#tally.completedAt !== undefined
  }

  async #run(): Promise<ReplayStatus> {
    const { config, onEnd } = this.#parts
    const release = holdProcess()
    const cancel = () => this.cancel()
    config.signal?.addEventListener('abort', cancel, { once: true })
    const stopWatching = watchReplay(this.#pacer, this.#tally, this.#parts.clock)
    let failure: unknown
    try {
      if (config.signal?.aborted) this.cancel()
      await this.#replay()
      this.#accountForMissing()
      this.#tally.state = 'completed'
    } catch (error) {
      failure = this.#abort.signal.aborted ? undefined : error
      this.#tally.state = failure === undefined ? 'cancelled' : 'failed'
    } finally {
      config.signal?.removeEventListener('abort', cancel)
      stopWatching()
      await onEnd()
      release()
    }
    return this.#finish(failure)
  }

  /** What earlier runs are done with counts from the beginning. */
  async #openReceipt(): Promise<void> {
    const receipt = await this.#parts.openReceipt?.(this.#abort.signal)
    if (!receipt) return
    this.#receipt = receipt
    this.#tally.receipt = receipt.path
    this.#tally.resume(receipt.doneItems)
    const { failedItems } = receipt.doneItems
    if (failedItems > 0) this.#tally.error = `items refused in an earlier run: ${failedItems}`
  }

  async #replay(): Promise<void> {
    const { config, store, target, clock } = this.#parts
    const { signal } = this.#abort
    const sink = this.#createSink(target)
    // What goes wrong in it reaches us through the pipeline, as long as there is one.
    sink.on('error', () => undefined)
    try {
      signal.throwIfAborted()
      await this.#openReceipt()
      const timing = { clock, pacer: this.#pacer }
      const plan = { ...config, store, openedReceipt: this.#receipt }
      const stages = await openStages(plan, timing, this.#stageHooks(), signal)
      const { survey, open, prefix } = stages
      this.#tally.expect(survey.itemCount)
      this.#prefix = prefix
      this.#tally.state = 'running'
      this.#progressed()
      await pipeline(batchReadable(open), sink, { signal })
    } finally {
      sink.destroy()
      // Only then is nothing under way any more, and no count changes.
      if (!sink.closed) await new Promise((resolve) => sink.once('close', resolve))
    }
  }

  async #finish(failure: unknown): Promise<ReplayStatus> {
    this.#tally.completedAt = dateOf(this.#parts.clock)
    if (failure !== undefined) this.#tally.error = messageOf(failure)
    clearTimeout(this.#progressTimer)
    const status = this.status()
    await this.#receipt?.close(status)
    this.#emit('progress', status)
    if (failure === undefined) return status
    throw toReplayError(failure, { sessionId: this.sessionId, status })
  }

  #createSink(target: BatchTarget): Writable {
    const { onError, concurrency } = this.#parts.config
    const onRejected = (rejected: RejectedBatch): void => {
      this.#rejected(rejected)
      if (onError === 'abort') throw refusalError(rejected)
    }
    const options = { concurrency, onRejected }
    target.onRetry = (message) => this.#waits(message)
    return createBatchSink(target, options, {
      gate: (signal) => this.#pacer.open(signal),
      onSend: (batch) => {
        this.#receipt?.sending()
        this.#sent(batch)
      },
      onDelivered: (itemCount, batch, refusedItems) => {
        this.#receipt?.delivered(batch, itemCount, refusedItems)
        this.#tally.send(itemCount)
        this.#tally.waiting = undefined
        this.#progressed()
      },
    })
  }

  #stageHooks(): StageHooks {
    return {
      onFiltered: (itemCount) => {
        this.#tally.filter(itemCount)
        this.#progressed()
      },
      onDamage: (damage) => this.#damaged(damage),
      onMalformed: (batch, { message }) => {
        this.#rejected(rejectedBatch(batch, { itemCount: itemsOf(batch), message }))
      },
    }
  }

  #sent(batch: ReplayBatch): void {
    const { signal, capturedAtUnixNano, replayTimeUnixNano = 0n, offsetNanos } = batch
    this.#tally.currentFile = batch.key
    const scheduled: ScheduledBatch = {
      sequenceNumber: this.#sequenceNumber++,
      signal,
      itemCount: itemsOf(batch),
      originalTimeUnixNano: capturedAtUnixNano,
      replayTimeUnixNano,
      ...(offsetNanos !== undefined && { offsetNanos }),
    }
    this.#emit('batch', scheduled)
  }

  #waits(message: string): void {
    const since = this.#tally.waiting?.since ?? dateOf(this.#parts.clock).toISOString()
    this.#tally.waiting = { since, message }
    this.#progressed()
  }

  #rejected(rejected: RejectedBatch): void {
    this.#tally.fail(rejected.itemCount)
    this.#tally.error ??= rejected.message
    this.#emit('rejected', rejected)
    this.#progressed()
  }

  #damaged(damage: Damage): void {
    this.#tally.damage(damage)
    this.#emit('damage', damage)
    this.#progressed()
  }

  /**
   * What the session's totals count and nobody found: in blocks so damaged that they
   * no longer tell how much was in them, or in objects that somebody removed.
   */
  #accountForMissing(): void {
    const itemCount = this.#tally.missing
    if (itemCount === 0) return
    if (this.#tally.status().damaged > 0) return this.#tally.fail(itemCount)
    this.#damaged({
      key: this.#prefix,
      offsetBytes: 0,
      reason: 'unreadable',
      message: `${itemCount} items that the session's totals count are in none of its objects`,
      itemCount,
    })
  }

  /** Reports what changed, soon, and not more often than somebody can watch. */
  #progressed(): void {
    if (this.#progressTimer || this.#isOver) return
    const report = (): void => {
      this.#progressTimer = undefined
      this.#emit('progress', this.status())
    }
    this.#progressTimer = setTimeout(report, PROGRESS_INTERVAL_MILLIS).unref()
  }

  /** A listener that throws is its owner's bug to see, and must not end up as ours to survive. */
  #emit<E extends keyof ReplayEvents>(event: E, ...args: ReplayEvents[E]): void {
    try {
      this.#events.emit(event, ...args)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

function dateOf(clock: Clock): Date {
  return new Date(Number(clock.nowUnixNano() / 1_000_000n))
}
