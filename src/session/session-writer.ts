// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { OtlpBatch } from '../otlp/otlp-batch'
import { SIGNALS, type Signal } from '../otlp/signal'
import { summarizeRequest } from '../otlp/summarize-request'
import type { ObjectStore } from '../storage/object-store'
import { Membership } from './membership'
import {
  type SessionDescription,
  type SessionMetadata,
  type SessionStatus,
  emptyMetadata,
  withTotals,
} from './metadata'
import { SegmentBuilder } from './segment-builder'
import { SessionError } from './session-error'
import { type BuiltSegment, UploadQueue } from './upload-queue'
import { WriterLedger } from './writer-ledger'

export interface SessionWriterOptions {
  store: ObjectStore
  description: SessionDescription
  /** Whether to record into a session that exists and is not completed. Default true. */
  join?: boolean
  /** zlib level, 0 (stored) to 9. Default 1. */
  compressionLevel?: number
  /** How long a batch may wait before it is stored. Default 5,000. */
  flushIntervalMillis?: number
  /** Bytes that may wait in memory; what comes beyond is dropped. Default 32 MiB. */
  maxQueueBytes?: number
  /** How often the writer shows that it lives. Default 15,000. */
  heartbeatMillis?: number
  /** Told of every attempt to reach the store that failed; recording goes on. */
  onStoreFailure?: (error: unknown) => void
}

const DEFAULTS = Object.freeze({
  join: true,
  compressionLevel: 1,
  flushIntervalMillis: 5_000,
  maxQueueBytes: 32 * 1024 * 1024,
  heartbeatMillis: 15_000,
  onStoreFailure: () => undefined,
})

/** Compressed bytes at which a segment is cut, well below what a store takes in one request. */
const SEGMENT_BYTES = 8 * 1024 * 1024
const REENTER_MILLIS = 5_000

/** What became of a batch that was accepted. */
export interface AcceptedBatch {
  /** The segment that it goes into. */
  readonly key: string
  readonly itemCount: number
}

/**
 * Records batches into a session: the one writer that capture and receive share.
 *
 * `write` is synchronous and never waits for the store. Batches gather in blocks
 * and segments, segments wait in a queue, and the queue's bytes are bounded: past
 * the bound, batches are dropped and counted. A store that is down at the start
 * is asked again until the writer is closed.
 *
 * @example
 * const writer = new SessionWriter({ store, description: { sessionId: 'x', … } })
 * writer.write({ signal: 'traces', body, capturedAtUnixNano })
 * const metadata = await writer.close(AbortSignal.timeout(10_000))
 */
export class SessionWriter {
  /**
   * Resolves when the session exists in the store. Rejects with `SessionError`
   * when it must not be written, or with `StorageError` when the first attempt
   * to reach the store failed; in the latter case recording goes on.
   */
  readonly ready: Promise<void>
  readonly #options: Required<SessionWriterOptions>
  readonly #membership: Membership
  readonly #ledger = new WriterLedger()
  readonly #uploads: UploadQueue
  readonly #builders: Record<Signal, SegmentBuilder>
  readonly #startTime = new Date().toISOString()
  readonly #abort = new AbortController()
  readonly #timers: NodeJS.Timeout[]
  readonly #cutting = new Set<Promise<void>>()
  #heldBytes = 0
  #storedBytes = 0
  #hasEntered = false
  #entering: Promise<void>
  #reporting: Promise<void> = Promise.resolve()
  #isReporting = false
  #refusal: SessionError | undefined
  #closing: Promise<SessionMetadata> | undefined

  constructor(options: SessionWriterOptions) {
    this.#options = { ...DEFAULTS, ...options }
    const { store, description, join, heartbeatMillis, flushIntervalMillis } = this.#options
    this.#membership = new Membership({ store, description, join, heartbeatMillis })
    this.#uploads = new UploadQueue({
      store,
      onStored: (segment) => this.#onStored(segment),
      onFailure: this.#options.onStoreFailure,
    })
    this.#builders = {
      traces: this.#createBuilder('traces'),
      metrics: this.#createBuilder('metrics'),
      logs: this.#createBuilder('logs'),
    }
    this.#timers = [
      setInterval(() => this.#cutIdle(), flushIntervalMillis).unref(),
      setInterval(() => this.#beat(), heartbeatMillis).unref(),
    ]
    this.ready = this.#enter()
    this.#entering = this.ready.catch((error: unknown) => this.#onEnterFailed(error))
  }

  /** Compressed bytes in the store or on the way there. */
  get keptBytes(): number {
    const { traces, metrics, logs } = this.#builders
    const openBytes = traces.compressedBytes + metrics.compressedBytes + logs.compressedBytes
    return this.#storedBytes + this.#uploads.waitingBytes + openBytes
  }

  /** Takes a batch, or drops and counts it: `undefined`. Throws `MalformedOtlpError`. */
  write(batch: OtlpBatch): AcceptedBatch | undefined {
    const summary = summarizeRequest(batch.body, batch.signal)
    const isFull = this.#heldBytes + batch.body.length > this.#options.maxQueueBytes
    if (isFull || this.#closing || this.#refusal) {
      this.#ledger.drop(batch.signal, summary.itemCount, 1)
      return undefined
    }
    const counted = { ...batch, summary }
    const builder = this.#builders[batch.signal]
    const key = builder.add(counted)
    this.#ledger.accept(counted)
    if (builder.compressedBytes >= SEGMENT_BYTES) this.#cut(builder)
    return { key, itemCount: summary.itemCount }
  }

  /** Stores everything written so far. Rejects with the signal's reason when that takes too long. */
  async flush(signal: AbortSignal): Promise<void> {
    await untilAborted(this.#entering, signal)
    if (this.#refusal) throw this.#refusal
    await this.#store(signal)
    await this.#report(signal)
  }

  /**
   * Stores the rest and leaves the session, completing it when no other writer
   * lives. Rejects when that could not be done before the signal fired: what was
   * not stored is then counted as dropped.
   */
  close(signal: AbortSignal): Promise<SessionMetadata> {
    this.#closing ??= this.#close(signal).finally(() => {
      this.#abort.abort()
      for (const segment of this.#uploads.abandon()) {
        this.#ledger.abandon(segment.signal, segment.totals)
      }
      this.#ledger.abandonAll()
    })
    for (const timer of this.#timers) clearInterval(timer)
    return this.#closing
  }

  /** The session as this writer alone sees it, without asking the store. */
  localMetadata(status: SessionStatus): SessionMetadata {
    const fresh = emptyMetadata(this.#options.description, this.#startTime)
    return { ...withTotals(fresh, [this.#ledger.accepted()]), status }
  }

  async #close(signal: AbortSignal): Promise<SessionMetadata> {
    if (!this.#hasEntered && !this.#refusal) {
      await untilAborted(this.#entering, signal)
      // The store was down when last asked: it gets one more chance.
      if (!this.#hasEntered && !this.#refusal) await this.#enter(signal)
    }
    if (this.#refusal) throw this.#refusal
    await this.#store(signal)
    await this.#reporting
    return this.#membership.leave(this.#ledger.stored(), { signal })
  }

  async #enter(signal: AbortSignal = this.#abort.signal): Promise<void> {
    try {
      await this.#membership.enter({ signal })
      this.#hasEntered = true
      this.#uploads.open()
    } catch (error) {
      if (error instanceof SessionError) this.#refuse(error)
      throw error
    }
  }

  #onEnterFailed(error: unknown): void {
    if (this.#refusal || this.#abort.signal.aborted) return
    this.#options.onStoreFailure(error)
    const timer = setTimeout(() => {
      if (this.#closing) return
      this.#entering = this.#enter().catch((again: unknown) => this.#onEnterFailed(again))
    }, REENTER_MILLIS)
    this.#timers.push(timer.unref())
  }

  /** What was taken in before the session turned out not to be ours is dropped. */
  #refuse(error: SessionError): void {
    this.#refusal = error
    for (const timer of this.#timers) clearInterval(timer)
    this.#uploads.abandon()
    for (const signal of SIGNALS) this.#builders[signal] = this.#createBuilder(signal)
    this.#ledger.abandonAll()
  }

  async #store(signal: AbortSignal): Promise<void> {
    for (const builder of Object.values(this.#builders)) this.#cut(builder)
    await Promise.all(this.#cutting)
    await this.#uploads.drained(signal)
  }

  /** Cuts on the timer only what can go out: a store that is down must not make crumbs. */
  #cutIdle(): void {
    if (!this.#hasEntered || !this.#uploads.isIdle) return
    for (const builder of Object.values(this.#builders)) this.#cut(builder)
  }

  #cut(builder: SegmentBuilder): void {
    const segment = builder.cut()
    if (segment === undefined) return
    const { key, signal, totals } = segment
    const cutting = segment.bytes
      .then((bytes) => {
        const stored = { ...totals, segments: 1, storedBytes: bytes.length }
        this.#uploads.push({ key, signal, bytes, totals: stored })
      })
      .catch((error: unknown) => {
        this.#ledger.abandon(signal, totals)
        this.#options.onStoreFailure(error)
      })
      .finally(() => this.#cutting.delete(cutting))
    this.#cutting.add(cutting)
  }

  #onStored(segment: BuiltSegment): void {
    this.#heldBytes -= segment.bytes.length
    this.#storedBytes += segment.bytes.length
    this.#ledger.store(segment.signal, segment.totals)
  }

  #beat(): void {
    // A slow store must not be sent a second report while the first is under way.
    if (!this.#hasEntered || this.#isReporting) return
    this.#isReporting = true
    this.#report(this.#abort.signal)
      .catch(this.#options.onStoreFailure)
      .finally(() => (this.#isReporting = false))
  }

  /** One report at a time: an older one must not overwrite a newer one. */
  #report(signal: AbortSignal): Promise<void> {
    const report = this.#reporting.then(() =>
      this.#membership.report(this.#ledger.stored(), 'active', { signal }),
    )
    this.#reporting = report.catch(() => undefined)
    return report
  }

  #createBuilder(signal: Signal): SegmentBuilder {
    return new SegmentBuilder({
      sessionId: this.#options.description.sessionId,
      signal,
      compressionLevel: this.#options.compressionLevel,
      onBytesHeld: (deltaBytes) => {
        this.#heldBytes += deltaBytes
      },
    })
  }
}

async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let onAbort: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    await Promise.race([work, aborted])
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort)
  }
}
