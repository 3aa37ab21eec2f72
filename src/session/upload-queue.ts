// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../otlp/signal'
import type { ObjectStore } from '../storage/object-store'
import type { SegmentSpool } from './on-disk/segment-spool'
import type { SignalTotals } from './totals'
import { WriteAheadError } from './on-disk/write-ahead-error'

/** A finished segment, ready to be stored. */
export interface BuiltSegment {
  readonly key: string
  readonly signal: Signal
  readonly bytes: Buffer
  /** What lies in it, its stored size included. */
  readonly totals: SignalTotals
}

/** A segment that is not stored yet. */
export interface QueuedSegment extends Omit<BuiltSegment, 'bytes'> {
  readonly sizeBytes: number
  /** Where it lies if not in memory. */
  readonly isSpooled: boolean
  readonly bytes: Buffer | undefined
}

export interface UploadQueueOptions {
  store: ObjectStore
  /** Where segments come from that were moved out of memory. Default: none are. */
  spool?: SegmentSpool
  onStored: (segment: QueuedSegment) => void
  /** Called for every attempt that failed; the segment stays in the queue. */
  onFailure: (error: unknown) => void
  /** Called for a segment that is not in the spool any more, as it was put there. */
  onLost?: (segment: QueuedSegment, error: unknown) => void
  /** Told how many more (or, negative, fewer) bytes of segments are in memory, from `push` on. */
  onBytesHeld?: (deltaBytes: number) => void
}

/** Segments on their way at once: enough to hide a store's latency, few beside its other clients. */
const MAX_UPLOADS = 4
const FIRST_WAIT_MILLIS = 1_000
const LONGEST_WAIT_MILLIS = 30_000
/** A store that has taken nothing for so long, though something is under way, hangs. */
const HANGING_MILLIS = 5_000
/** A segment that is refused so often while others are taken is refused for a reason of its own. */
const OWN_FAULT_REFUSALS = 2

/** The marks that the queue makes are its own. */
interface Entry extends QueuedSegment {
  isSpooled: boolean
  bytes: Buffer | undefined
  /** The least goes first. */
  rank: number
  /** While the store took others. */
  refusals: number
}

/**
 * Stores segments, several at a time, oldest first, and keeps at it: a store that
 * is down for an hour delays them, nothing more. After a failure nothing is begun
 * for a while, then one upload at a time, until the store takes one again; a
 * segment that was refused lets those go first that were not. It holds the process
 * up by no timer; whoever ends it says for how long to go on trying.
 *
 * What waits in memory can be taken out, moved to a spool, and put back: then it
 * is read from there when its turn comes, one segment at a time.
 */
export class UploadQueue {
  readonly #options: UploadQueueOptions
  /** By rank. */
  readonly #waiting: Entry[] = []
  readonly #uploading = new Set<Entry>()
  /** Refused since the store last took one. */
  readonly #refused: Entry[] = []
  /** Taken out for a while. */
  readonly #aside = new Set<QueuedSegment>()
  readonly #idleWaiters: (() => void)[] = []
  readonly #abort = new AbortController()
  #nextRank = 0
  #waitingBytes = 0
  #spooledBytes = 0
  /** Rests since the store last took a segment. */
  #rests = 0
  #endRest: (() => void) | undefined
  #isOpen = false
  /** When the store last took something, or was given something after it had nothing. */
  #lastProgress = 0

  constructor(options: UploadQueueOptions) {
    this.#options = options
  }

  get isIdle(): boolean {
    const { size } = this.#uploading
    return this.#waiting.length + size + this.#refused.length + this.#aside.size === 0
  }

  /** Whether a segment of that signal is not stored yet. */
  holds(signal: Signal): boolean {
    const isOf = (segment: QueuedSegment): boolean => segment.signal === signal
    if (this.#waiting.some(isOf) || this.#refused.some(isOf)) return true
    return [...this.#uploading, ...this.#aside].some(isOf)
  }

  /** Of all segments that are not stored, in memory or not, those on their way included. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Those of them that lie in the spool. */
  get spooledBytes(): number {
    return this.#spooledBytes
  }

  /** Whether the store does not take what it is given: it fails, hangs, or was not reached yet. */
  get isRefused(): boolean {
    return !this.#isOpen || this.#rests > 0 || this.#isHanging
  }

  get #isHanging(): boolean {
    return this.#uploading.size > 0 && performance.now() - this.#lastProgress > HANGING_MILLIS
  }

  /** Lets uploads begin: until the session exists in the store, segments wait. */
  open(): void {
    this.#isOpen = true
    this.#beginUploads()
  }

  push(segment: BuiltSegment): void {
    const sizeBytes = segment.bytes.length
    const mark = { sizeBytes, isSpooled: false, rank: this.#nextRank++, refusals: 0 }
    this.#waiting.push({ ...segment, ...mark })
    this.#waitingBytes += sizeBytes
    this.#beginUploads()
  }

  /** Takes out the oldest segment that lies in memory and is not on its way. */
  takeOldest(): QueuedSegment | undefined {
    const [oldest] = [...this.#waiting, ...this.#refused]
      .filter((entry) => !entry.isSpooled)
      .sort(byRank)
    if (oldest === undefined) return undefined
    for (const entries of [this.#waiting, this.#refused]) {
      const at = entries.indexOf(oldest)
      if (at >= 0) entries.splice(at, 1)
    }
    this.#aside.add(oldest)
    return oldest
  }

  /** Puts back what was taken out, now in the spool or not. False if everything was abandoned. */
  putBack(segment: QueuedSegment, isSpooled: boolean): boolean {
    if (!this.#aside.delete(segment)) return false
    // It came from here.
    const entry = segment as Entry
    if (isSpooled) {
      entry.isSpooled = true
      entry.bytes = undefined
      this.#spooledBytes += entry.sizeBytes
      this.#options.onBytesHeld?.(-entry.sizeBytes)
    }
    this.#waiting.push(entry)
    this.#waiting.sort(byRank)
    this.#beginUploads()
    return true
  }

  /** Resolves when everything pushed so far is stored, rejects with the signal's reason. */
  async drained(signal: AbortSignal): Promise<void> {
    this.#endRest?.()
    if (this.isIdle) return
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason as Error)
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#idleWaiters.push(() => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
    })
  }

  /** Gives up on what is left and returns it, the oldest first. */
  abandon(): QueuedSegment[] {
    this.#abort.abort()
    this.#endRest?.()
    const left = [...this.#uploading, ...this.#refused.splice(0), ...this.#waiting.splice(0)]
    this.#uploading.clear()
    this.#aside.clear()
    this.#waitingBytes = 0
    return left.sort(byRank)
  }

  #beginUploads(): void {
    if (!this.#isOpen || this.#abort.signal.aborted) return
    // What is on its way stays in memory until it is given up; the rest can go to the spool.
    if (this.#options.spool && this.#isHanging) return
    // Four at a time would be four times the load on a store that is in trouble.
    const most = this.#rests > 0 ? 1 : MAX_UPLOADS
    while (this.#endRest === undefined && this.#uploading.size < most) {
      const from = this.#waiting.length > 0 ? this.#waiting : this.#refused
      // Each of them is read into memory: one at a time.
      if (from[0]?.isSpooled && this.#isUploadingSpooled()) return
      const segment = from.shift()
      if (segment === undefined) return
      void this.#upload(segment)
    }
  }

  #isUploadingSpooled(): boolean {
    return [...this.#uploading].some(({ isSpooled }) => isSpooled)
  }

  async #upload(segment: Entry): Promise<void> {
    const { onStored, onFailure, onLost } = this.#options
    if (this.#uploading.size === 0) this.#lastProgress = performance.now()
    this.#uploading.add(segment)
    const wasTaking = this.#rests === 0
    const failure = await this.#put(segment)
    // Abandoned meanwhile, it was handed back as not stored.
    if (!this.#uploading.delete(segment)) return
    if (failure === undefined) {
      this.#forget(segment)
      this.#settle()
      onStored(segment)
    } else if (failure.reason instanceof WriteAheadError) {
      this.#forget(segment)
      onLost?.(segment, failure.reason)
    } else {
      this.#refuse(segment, wasTaking)
      onFailure(failure.reason)
    }
    this.#beginUploads()
    if (this.isIdle) for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  async #put(segment: Entry): Promise<{ reason: unknown } | undefined> {
    const { store, spool, onBytesHeld } = this.#options
    let readBytes = 0
    try {
      if (spool && !segment.isSpooled) await spool.note(segment.key)
      const bytes = segment.bytes ?? (await this.#read(segment))
      readBytes = segment.isSpooled ? bytes.length : 0
      onBytesHeld?.(readBytes)
      await store.put(segment.key, bytes, { signal: this.#abort.signal })
      return undefined
    } catch (reason) {
      return { reason }
    } finally {
      onBytesHeld?.(-readBytes)
    }
  }

  async #read({ key, sizeBytes }: Entry): Promise<Buffer> {
    const { spool } = this.#options
    if (spool === undefined) throw new RangeError(`segment '${key}' lies in no spool`)
    return spool.read(key, sizeBytes)
  }

  #forget({ sizeBytes, isSpooled }: Entry): void {
    this.#waitingBytes -= sizeBytes
    if (isSpooled) this.#spooledBytes -= sizeBytes
    else this.#options.onBytesHeld?.(-sizeBytes)
  }

  #settle(): void {
    this.#rests = 0
    this.#lastProgress = performance.now()
    if (this.#refused.length > 0) {
      this.#waiting.push(...this.#refused.splice(0))
      this.#waiting.sort(byRank)
    }
    this.#endRest?.()
  }

  #refuse(segment: Entry, wasTaking: boolean): void {
    if (wasTaking && ++segment.refusals >= OWN_FAULT_REFUSALS) segment.rank = this.#nextRank++
    this.#refused.push(segment)
    this.#rest()
  }

  /** Uploads that fail together are one failure of the store. */
  #rest(): void {
    if (this.#endRest) return
    const ceilingMillis = Math.min(LONGEST_WAIT_MILLIS, FIRST_WAIT_MILLIS * 2 ** this.#rests++)
    const end = (): void => {
      clearTimeout(timer)
      this.#endRest = undefined
      this.#beginUploads()
    }
    const timer = setTimeout(end, ceilingMillis * (0.5 + Math.random() / 2)).unref()
    this.#endRest = end
  }
}

function byRank(a: QueuedSegment, b: QueuedSegment): number {
  // All of them are the queue's own.
  return (a as Entry).rank - (b as Entry).rank
}
