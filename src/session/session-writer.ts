// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { OtlpBatch } from '../otlp/otlp-batch'
import type { Signal } from '../otlp/signal'
import { type RequestSummary, summarizeRequest } from '../otlp/summarize-request'
import { KeptSegments } from './on-disk/kept-segments'
import { Membership, type WriterProgress } from './membership'
import { type SessionMetadata, type SessionStatus, emptyMetadata, withTotals } from './metadata'
import { OpenSegments } from './open-segments'
import { SegmentSpiller } from './on-disk/segment-spiller'
import type { SegmentSpool } from './on-disk/segment-spool'
import { SessionError } from './session-error'
import {
  type CompleteWriterOptions,
  type SessionWriterOptions,
  WRITER_DEFAULTS,
} from './session-writer-options'
import { untilAborted } from './until-aborted'
import { type QueuedSegment, UploadQueue } from './upload-queue'
import type { SegmentJournal } from './on-disk/write-ahead-journal'
import { watchWriter } from './watch-writer'
import { WriterLedger } from './writer-ledger'

export type { SessionWriterOptions } from './session-writer-options'

const REENTER_MILLIS = 5_000
/** How long a journal that failed is given before it is tried again. */
const JOURNAL_REST_MILLIS = 1_000
/** How much of the memory waits before the disk is asked to take some of it. */
const SPILL_SHARE = 0.5

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
  /** Resolves when the session was entered or turned out not to be ours, however late. */
  readonly decided: Promise<void>
  readonly #options: CompleteWriterOptions
  readonly #membership: Membership
  readonly #journal: SegmentJournal | undefined
  readonly #spiller: SegmentSpiller | undefined
  readonly #spillBytes: number
  readonly #kept: KeptSegments
  readonly #ledger = new WriterLedger()
  readonly #uploads: UploadQueue
  readonly #segments: OpenSegments
  readonly #startTime = new Date().toISOString()
  readonly #abort = new AbortController()
  readonly #timers: NodeJS.Timeout[]
  readonly #stopWatching: () => void
  #decide: () => void = () => undefined
  #journalRestsUntil = 0
  #heldBytes = 0
  #storedBytes = 0
  #hasEntered = false
  #hasLeft = false
  #entering: Promise<void>
  #reporting: Promise<void> = Promise.resolve()
  #isReporting = false
  #refusal: SessionError | undefined
  #closing: Promise<SessionMetadata> | undefined

  constructor(options: SessionWriterOptions) {
    this.#options = { ...WRITER_DEFAULTS, ...options }
    const { store, description, join, heartbeatMillis, flushIntervalMillis } = this.#options
    const { onStoreFailure, maxQueueBytes } = this.#options
    this.#membership = new Membership({ store, description, join, heartbeatMillis })
    this.#journal = this.#options.createJournal?.(this.#membership.writerId)
    const spool = this.#options.createSpool?.(this.#membership.writerId)
    this.#kept = new KeptSegments([this.#journal, spool], onStoreFailure)
    this.#uploads = new UploadQueue({
      store,
      spool,
      onStored: (segment) => this.#onStored(segment),
      onFailure: (error) => this.#onUploadFailed(error),
      onLost: (segment, error) => this.#onLost(segment, error),
      onBytesHeld: (deltaBytes) => this.#hold(deltaBytes),
    })
    this.#segments = this.#createSegments()
    this.#spiller = spool && this.#createSpiller(spool)
    this.#spillBytes = spool ? maxQueueBytes * SPILL_SHARE : Infinity
    this.#timers = [
      setInterval(() => this.#cutIdle(), flushIntervalMillis).unref(),
      setInterval(() => this.#beat(), heartbeatMillis).unref(),
    ]
    this.#stopWatching = watchWriter(this, maxQueueBytes, spool !== undefined)
    this.decided = new Promise((resolve) => (this.#decide = resolve))
    this.ready = this.#enter()
    this.#entering = this.ready.catch((error: unknown) => this.#onEnterFailed(error))
  }

  /** Compressed bytes in the store or on the way there. */
  get keptBytes(): number {
    return this.#storedBytes + this.#uploads.waitingBytes + this.#segments.compressedBytes
  }

  /** Bytes that are accepted and not in the store yet, as they are held in memory. */
  get waitingBytes(): number {
    return this.#refusal || this.#abort.signal.aborted ? 0 : this.#heldBytes
  }

  /** Compressed bytes on this machine's disk, which the store did not take yet. */
  get spooledBytes(): number {
    return this.#uploads.spooledBytes
  }

  /** Items that are accepted, and would be lost if the process ended now. */
  get waitingItems(): Record<Signal, number> {
    return this.#ledger.waitingItems()
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
      const reason = this.#refusal || this.#closing ? 'session_ended' : 'queue_full'
      this.#ledger.drop(batch.signal, summary.itemCount, 1, reason)
      return undefined
    }
    const counted = { ...batch, summary }
    const key = this.#segments.add(counted)
    this.#ledger.accept(counted)
    const durable = this.#keep(key, batch)
    if (this.#heldBytes > this.#spillBytes) this.#spiller?.relieve()
    return { key, itemCount: summary.itemCount, durable }
  }

  /** Counts items that sampling left out of a batch. */
  countSampledOut(signal: Signal, items: number): void {
    this.#ledger.sampleOut(signal, items)
  }

  /** Counts a batch as dropped that must not be stored as it is. */
  drop(signal: Signal, items: number): void {
    this.#ledger.drop(signal, items, 1, 'redaction_failed')
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
   * not stored is then counted as dropped, unless it lies in the journal or the
   * spool, for which a few more seconds are taken if the disk is slow.
   *
   * @param storing until when to store; the session is then left without the rest, which
   *   is counted in it as dropped. Default: until the signal fires
   */
  close(signal: AbortSignal, storing: AbortSignal = signal): Promise<SessionMetadata> {
    this.#closing ??= this.#close(signal, storing).finally(() => this.#end())
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

  async #close(signal: AbortSignal, storing: AbortSignal): Promise<SessionMetadata> {
    if (!this.#hasEntered && !this.#refusal) {
      await untilAborted(this.#entering, signal)
      // The store was down when last asked: it gets one more chance.
      if (!this.#hasEntered && !this.#refusal) await this.#enter(signal)
    }
    if (this.#refusal) throw this.#refusal
    await this.#store(storing).catch((error: unknown) => this.#giveUp(error, signal))
    await this.#reporting
    const progress = this.#progress()
    const metadata = await this.#membership.leave(progress, { signal })
    await this.#kept.release(progress.journaledSegments)
    this.#hasLeft = true
    return metadata
  }

  /** Counts as dropped what was not stored, if that is the end of it: on disk it is not. */
  #giveUp(error: unknown, signal: AbortSignal): void {
    if (signal.aborted || this.#journal || this.#spiller) throw error
    this.#options.onStoreFailure(error)
    this.#uploads.abandon()
    this.#ledger.abandonAll()
  }

  async #end(): Promise<void> {
    this.#stopWatching()
    this.#abort.abort()
    await this.#spiller?.end()
    this.#uploads.abandon()
    // Whoever recovers the journal stores it, and counts it then.
    if (this.#journal) return this.#kept.waitFor(this.#journal.close())
    this.#ledger.abandonAll()
    if (this.#spiller === undefined) return
    const account = { ...this.#ledger.stored(), hasEntered: this.#hasEntered }
    await this.#kept.waitFor(this.#spiller.close(this.#hasLeft ? undefined : account))
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
      this.#segments.cut(batch.signal, key)
    })
    return kept
  }

  /** What is stored, and which of it is on disk still: of one moment, both. */
  #progress(): WriterProgress {
    return { ...this.#ledger.stored(), journaledSegments: this.#kept.keys }
  }

  async #enter(signal: AbortSignal = this.#abort.signal): Promise<void> {
    try {
      await this.#membership.enter({ signal })
      this.#hasEntered = true
      this.#decide()
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
    this.#decide()
    for (const timer of this.#timers) clearInterval(timer)
    this.#uploads.abandon()
    this.#segments.discard()
    if (!this.#journal) this.#ledger.abandonAll('session_refused')
  }

  async #store(signal: AbortSignal): Promise<void> {
    await this.#segments.cutAll()
    await this.#uploads.drained(signal)
  }

  /**
   * Cuts on the timer only what can go out: a store that is down must not make crumbs. By
   * signal, as one that takes some keys and not others must not keep those from going.
   */
  #cutIdle(): void {
    if (this.#hasEntered) this.#segments.cutUnless((signal) => this.#uploads.holds(signal))
  }

  #onStored({ key, signal, totals, sizeBytes, isSpooled }: QueuedSegment): void {
    this.#storedBytes += sizeBytes
    if (isSpooled) this.#ledger.unspool(signal, totals)
    this.#ledger.store(signal, totals)
    this.#kept.add(key)
    // Else the disk would hold for a heartbeat what nobody needs there any more.
    const isOnDisk = this.#journal !== undefined || isSpooled
    if (isOnDisk && this.#uploads.isIdle && !this.#closing) this.#beat()
  }

  #onUploadFailed(error: unknown): void {
    this.#options.onStoreFailure(error)
    // Only now it is known that the store does not take what memory waits to be rid of.
    if (this.#heldBytes > this.#spillBytes) this.#spiller?.relieve()
  }

  /** Somebody took it from the spool, or altered it there. */
  #onLost({ signal, totals }: QueuedSegment, error: unknown): void {
    this.#ledger.unspool(signal, totals)
    this.#ledger.abandon(signal, totals, 'spool_lost')
    this.#options.onStoreFailure(error)
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
      await this.#kept.release(progress.journaledSegments)
    })
    this.#reporting = report.catch(() => undefined)
    return report
  }

  #createSegments(): OpenSegments {
    const { description, compressionLevel, onStoreFailure } = this.#options
    return new OpenSegments({
      sessionId: description.sessionId,
      compressionLevel,
      onBytesHeld: (deltaBytes) => this.#hold(deltaBytes),
      onBuilt: (segment) => this.#uploads.push(segment),
      onFailed: (signal, totals, error) => {
        if (!this.#journal) this.#ledger.abandon(signal, totals, 'compression_failed')
        onStoreFailure(error)
      },
    })
  }

  #createSpiller(spool: SegmentSpool): SegmentSpiller {
    return new SegmentSpiller({
      spool,
      segments: this.#segments,
      queue: this.#uploads,
      onSpooled: ({ signal, totals }) => this.#ledger.spool(signal, totals),
    })
  }

  #hold(deltaBytes: number): void {
    this.#heldBytes += deltaBytes
  }
}
