// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS } from '../../otlp/signal'
import type { OpenSegments } from '../open-segments'
import type { SegmentSpool } from './segment-spool'
import type { QueuedSegment, UploadQueue } from '../upload-queue'
import type { WriterAccount } from '../writer-account'

export interface SegmentSpillerOptions {
  spool: SegmentSpool
  segments: OpenSegments
  queue: UploadQueue
  /** Told of each segment that is in the spool from now on. */
  onSpooled: (segment: QueuedSegment) => void
}

/** A disk that hangs is no place for segments, and must not keep a writer from ending. */
const DISK_LIMIT_MILLIS = 5_000

/** Moves what the store does not take from memory to disk, one segment at a time. */
export class SegmentSpiller {
  readonly #options: SegmentSpillerOptions
  #relieving: Promise<void> | undefined
  #isEnding = false

  constructor(options: SegmentSpillerOptions) {
    this.#options = options
  }

  /** Makes room in memory: gives to the store what it has not been given, and to the disk what it refused. */
  relieve(): void {
    const { spool, queue } = this.#options
    if (this.#relieving || (!queue.isRefused && !queue.isIdle)) return
    // With a disk that takes nothing either, segments would only get smaller.
    if (queue.isRefused && spool.isResting) return
    this.#relieving = this.#relieve().finally(() => (this.#relieving = undefined))
  }

  /** Ends the queue, and moves what is still in memory, as far as that can be done. */
  async end(): Promise<void> {
    const { spool, segments, queue, onSpooled } = this.#options
    this.#isEnding = true
    await this.#relieving
    await segments.cutAll()
    const limit = AbortSignal.timeout(DISK_LIMIT_MILLIS)
    for (const segment of queue.abandon()) {
      if (segment.bytes === undefined) continue
      try {
        await spool.put(segment.key, segment.bytes, limit)
        onSpooled(segment)
      } catch {
        // The spool tells of it. The next may be smaller, and find room.
      }
    }
  }

  /**
   * Leaves the spool to others, with what the store was not told; removes it if
   * there is nothing to tell.
   */
  async close(untold?: WriterAccount & { hasEntered: boolean }): Promise<void> {
    const { spool } = this.#options
    if (untold && (untold.hasEntered || hasCounted(untold))) await spool.leave(untold)
    else await spool.remove()
  }

  async #relieve(): Promise<void> {
    const { segments, queue } = this.#options
    await segments.cutAll()
    while (queue.isRefused && !this.#isEnding) {
      const segment = queue.takeOldest()
      if (segment === undefined || !(await this.#spillOne(segment))) return
    }
  }

  async #spillOne(segment: QueuedSegment): Promise<boolean> {
    const { spool, queue, onSpooled } = this.#options
    try {
      // What is taken out is in memory.
      const bytes = segment.bytes ?? Buffer.alloc(0)
      await spool.put(segment.key, bytes, AbortSignal.timeout(DISK_LIMIT_MILLIS))
    } catch {
      queue.putBack(segment, false)
      return false
    }
    if (queue.putBack(segment, true)) onSpooled(segment)
    // Given up meanwhile: it is counted as dropped, and must not come back.
    else await spool.release([segment.key]).catch(() => undefined)
    return true
  }
}

function hasCounted({ signals }: WriterAccount): boolean {
  return SIGNALS.some((signal) => {
    const { droppedItems, spooledItems = 0 } = signals[signal]
    return droppedItems + spooledItems > 0
  })
}
