// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { OtlpBatch } from '../otlp/otlp-batch'
import { SIGNALS, type Signal } from '../otlp/signal'
import { type RequestSummary, summarizeRequest } from '../otlp/summarize-request'
import type { ObjectStore } from '../storage/object-store'
import { Membership, type WriterProgress } from './membership'
import {
  type SessionDescription,
  type SessionMetadata,
  type SessionStatus,
  emptyMetadata,
  withTotals,
} from './metadata'
import { SegmentBuilder } from './segment-builder'
import { SessionError } from './session-error'
import { untilAborted } from './until-aborted'
import { type BuiltSegment, UploadQueue } from './upload-queue'
import type { SegmentJournal } from './write-ahead-journal'
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
  /** Makes the journal that keeps batches until they are stored. Default: none is kept. */
  createJournal?: (writerId: string) => SegmentJournal
}

type CompleteOptions = Required<Omit<SessionWriterOptions, 'createJournal'>> &
  Pick<SessionWriterOptions, 'createJournal'>

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
/** How long a journal that failed is given before it is tried again. */
const JOURNAL_REST_MILLIS = 1_000
/** A disk that hangs must not keep a writer from ending. */
const JOURNAL_LIMIT_MILLIS = 5_000

/** What became of a batch that was accepted. */
export interface AcceptedBatch {
  /** The segment that it goes into. */
  readonly key: string
  readonly itemCount: number
  /**
   * Resolves when the batch is in the journal and survives a crash; at once if
   * there is no journal. Rejects with `StorageError` if the journal could not
   * take it: then the batch may still get stored, or not.
   */
  readonly durable: Promise<void>
}

const AT_ONCE: Promise<void> = Promise.resolve()

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
  readonly #options: CompleteOptions
  readonly #membership: Membership
  readonly #journal: SegmentJournal | undefined
  /** Segments that are stored and may still lie in the journal. */
  readonly #journaled = new Set<string>()
  readonly #ledger = new WriterLedger()
  readonly #uploads: UploadQueue
  readonly #builders: Record<Signal, SegmentBuilder>
  readonly #startTime = new Date().toISOString()
  readonly #abort = new AbortController()
  readonly #timers: NodeJS.Timeout[]
  readonly #cutting = new Set<Promise<void>>()
  #journalRestsUntil = 0
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
    this.#journal = this.#options.createJournal?.(this.#membership.writerId)
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

  /** Bytes that are accepted and not in the store yet, as they are held in memory. */
  get waitingBytes(): number {
    return this.#refusal || this.#abort.signal.aborted ? 0 : this.#heldBytes
  }

  /** Compressed bytes in the store. */
  get storedBytes(): number {
    return this.#storedBytes
  }

  /** Why the session must not be written; `undefined` if it may, or if that is not known yet. */
  get refusal(): SessionError | undefined {
    return this.#refusal
  }

  /**
   * Whether `write` would take a batch of so many bytes now. For those who can
   * refuse it and be asked again; what `write` does not take is counted as dropped.
   */
  hasRoomFor(bytes: number): boolean {
    // Senders come again: while the journal fails, each time would be stored once more.
    return this.#canTake(bytes) && performance.now() >= this.#journalRestsUntil
  }

  /**
   * Takes a batch, or drops and counts it: `undefined`. Throws `MalformedOtlpError`.
   *
   * @param summary what `summarizeRequest` says of it, from whoever has asked already
   */
  write(
    batch: OtlpBatch,
    summary: RequestSummary = summarizeRequest(batch.body, batch.signal),
  ): AcceptedBatch | undefined {
    if (!this.#canTake(batch.body.length)) {
      this.#ledger.drop(batch.signal, summary.itemCount, 1)
      return undefined
    }
    const counted = { ...batch, summary }
    const builder = this.#builders[batch.signal]
    const key = builder.add(counted)
    this.#ledger.accept(counted)
    const durable = this.#keep(key, batch)
    if (builder.compressedBytes >= SEGMENT_BYTES) this.#cut(builder)
    return { key, itemCount: summary.itemCount, durable }
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
   * not stored is then counted as dropped, unless it lies in the journal.
   */
  close(signal: AbortSignal): Promise<SessionMetadata> {
    this.#closing ??= this.#close(signal).finally(() => this.#end())
    for (const timer of this.#timers) clearInterval(timer)
    return this.#closing
  }

  /** The session as this writer alone sees it, without asking the store. */
  localMetadata(status: SessionStatus): SessionMetadata {
    const fresh = emptyMetadata(this.#options.description, this.#startTime)
    return { ...withTotals(fresh, [this.#ledger.accepted()]), status }
  }

  #canTake(bytes: number): boolean {
    const isFull = this.#heldBytes + bytes > this.#options.maxQueueBytes
    return !isFull && !this.#closing && !this.#refusal
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
    const progress = this.#progress()
    const metadata = await this.#membership.leave(progress, { signal })
    await this.#release(progress)
    return metadata
  }

  async #end(): Promise<void> {
    this.#abort.abort()
    const unstored = this.#uploads.abandon()
    // Whoever recovers the journal stores it, and counts it then.
    if (this.#journal) return this.#waitFor(this.#journal.close())
    for (const { signal, totals } of unstored) this.#ledger.abandon(signal, totals)
    this.#ledger.abandonAll()
  }

  /** Puts a batch into the journal, if there is one. */
  #keep(key: string, batch: OtlpBatch): Promise<void> {
    if (this.#journal === undefined) return AT_ONCE
    const kept = this.#journal.append(key, batch)
    // Whether or not the caller waits for it.
    kept.catch((error: unknown) => {
      this.#journalRestsUntil = performance.now() + JOURNAL_REST_MILLIS
      this.#options.onStoreFailure(error)
      // Its log takes nothing more; the next segment has a log of its own.
      const builder = this.#builders[batch.signal]
      if (builder.openKey === key) this.#cut(builder)
    })
    return kept
  }

  /** What is stored, and which of it is in the journal still: of one moment, both. */
  #progress(): WriterProgress {
    const journaledSegments = this.#journal && [...this.#journaled]
    return { ...this.#ledger.stored(), journaledSegments }
  }

  /** Lets the journal forget what is stored and, now that it was reported, counted. */
  async #release({ journaledSegments = [] }: WriterProgress): Promise<void> {
    if (this.#journal === undefined || journaledSegments.length === 0) return
    const forgotten = this.#journal.release(journaledSegments).then(() => {
      for (const key of journaledSegments) this.#journaled.delete(key)
    })
    await this.#waitFor(forgotten)
  }

  /** Waits for the journal; what fails there is told, and does no other harm. */
  async #waitFor(work: Promise<void>): Promise<void> {
    const limit = AbortSignal.timeout(JOURNAL_LIMIT_MILLIS)
    await untilAborted(work, limit).catch(this.#options.onStoreFailure)
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
    if (!this.#journal) this.#ledger.abandonAll()
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
        if (!this.#journal) this.#ledger.abandon(signal, totals)
        this.#options.onStoreFailure(error)
      })
      .finally(() => this.#cutting.delete(cutting))
    this.#cutting.add(cutting)
  }

  #onStored(segment: BuiltSegment): void {
    this.#heldBytes -= segment.bytes.length
    this.#storedBytes += segment.bytes.length
    this.#ledger.store(segment.signal, segment.totals)
    if (this.#journal === undefined) return
    this.#journaled.add(segment.key)
    // Else the journal would hold for a heartbeat what nobody needs there any more.
    if (this.#uploads.isIdle && !this.#closing) this.#beat()
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
    const report = this.#reporting.then(async () => {
      const progress = this.#progress()
      await this.#membership.report(progress, 'active', { signal })
      await this.#release(progress)
    })
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
