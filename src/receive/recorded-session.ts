// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { OtlpBatch } from '../otlp/otlp-batch'
import type { Signal } from '../otlp/signal'
import type { RequestSummary } from '../otlp/summarize-request'
import type { EndingLimits } from '../session/ending-limits'
import type { SessionMetadata } from '../session/metadata'
import {
  type AcceptedBatch,
  SessionWriter,
  type SessionWriterOptions,
} from '../session/session-writer'

/** One session that a receiver records into. */
export class RecordedSession {
  readonly sessionId: string
  readonly startedAtMillis = Date.now()
  readonly #writer: SessionWriter
  #lastTakenAtMillis = Date.now()
  #closing: Promise<SessionMetadata> | undefined

  constructor(options: SessionWriterOptions) {
    this.sessionId = options.description.sessionId
    this.#writer = new SessionWriter(options)
    // Who does not wait for it is told of a failure by `onStoreFailure`.
    this.#writer.ready.catch(() => undefined)
  }

  /** See `SessionWriter.ready`. */
  get ready(): Promise<void> {
    return this.#writer.ready
  }

  /** Whether it takes batches: it has neither ended nor been refused by the store. */
  get isOpen(): boolean {
    return this.#closing === undefined && this.#writer.refusal === undefined
  }

  get waitingBytes(): number {
    return this.#writer.waitingBytes
  }

  get storedBytes(): number {
    return this.#writer.storedBytes
  }

  /** Compressed bytes in the store or on the way there. */
  get keptBytes(): number {
    return this.#writer.keptBytes
  }

  idleMillis(nowMillis: number): number {
    return nowMillis - this.#lastTakenAtMillis
  }

  /** Room for a batch; without, `take` must not be called: it would drop the batch. */
  hasRoomFor(bytes: number): boolean {
    return this.#writer.hasRoomFor(bytes)
  }

  take(batch: OtlpBatch, summary?: RequestSummary): AcceptedBatch | undefined {
    this.#lastTakenAtMillis = Date.now()
    return this.#writer.write(batch, summary)
  }

  /** Counts what sampling left out of a batch. */
  countSampledOut(signal: Signal, items: number): void {
    this.#lastTakenAtMillis = Date.now()
    this.#writer.countSampledOut(signal, items)
  }

  /**
   * Stores the rest and leaves the session. Never rejects: one that could not be
   * stored in time says `failed`.
   */
  close(
    { signal, storing }: EndingLimits,
    onFailure: (error: Error) => void,
  ): Promise<SessionMetadata> {
    this.#closing ??= this.#writer.close(signal, storing).catch((error: Error) => {
      onFailure(error)
      const endTime = new Date().toISOString()
      return { ...this.#writer.localMetadata('failed'), endTime }
    })
    return this.#closing
  }
}
