// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { closeSync, ftruncateSync, openSync, renameSync, writeSync } from 'node:fs'
import { mkdir, open, stat } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import {
  type Presence,
  announcePresence,
  judgePresence,
} from '../session/on-disk/write-ahead-presence'
import { acquireFileLock } from '../storage/file-lock'
import { type KeptReceipt, readReceipt } from './read-receipt'
import { RECEIPT_START, formatHeader } from './receipt-header'
import {
  TRACE_ID_BYTES,
  formatBatch,
  formatObject,
  formatOffset,
  formatRun,
  formatTraces,
} from './receipt-line'
import { type DoneItems, ReceiptProgress } from './receipt-progress'
import { type ReplayBatch, itemsOf } from './replay-batch'
import { ReplayError, messageOf } from './replay-error'
import { type ReplayIdentity, differencesOf } from './replay-identity'
import type { ReplayStatus } from './replay-status'
import { DEFAULT_MAX_TRACES } from './shift-current'
import { type TraceOffsets, createTraceOffsets } from './trace-offsets'

/**
 * What has become of each batch of a replay, kept in a file so that another run can go on where
 * this one stops, however it stops. What is told here is handed to the system before the call
 * returns: the end of the process, by SIGKILL even, loses none of it.
 */
export interface Receipt {
  readonly path: string
  /** What earlier runs are done with. */
  readonly doneItems: DoneItems
  /** By how much an earlier run has moved all times, if it did. */
  readonly offsetNanos?: bigint
  /** By how much traces are moved; those that come to it are kept. */
  readonly traceOffsets: TraceOffsets
  /** From which other ids are derived where the options don't say so. */
  readonly idSeed: string

  /** Whether an earlier run is done with a batch. */
  isDone(key: string, position: number): boolean

  keepOffset(offsetNanos: bigint): void

  /** Keeps what the batch was changed by, before anything of it leaves. */
  sending(): void

  /** The target has answered: what of the batch it took, and what it refused. */
  delivered(batch: ReplayBatch, sentItems: number, failedItems: number): void

  /** Closes it, with how the run ended. Never rejects. */
  close(status: ReplayStatus): Promise<void>
}

export interface ReceiptOptions {
  readonly path: string
  readonly identity: ReplayIdentity
  /** Go on with what is there, which then must be of the same replay. */
  readonly isResumed: boolean
}

/** Ids that are kept in a line, which then has some 22 KB. */
const IDS_IN_LINE = 1024

/**
 * Opens a receipt for one replay at a time. Rejects with `ReplayError`: of reason
 * `ReceiptMismatch` when it is of another replay, else `ReceiptUnusable`.
 */
export async function openReceipt(options: ReceiptOptions, signal: AbortSignal): Promise<Receipt> {
  const { path } = options
  try {
    await mkdir(dirname(path), { recursive: true })
    await checkReplaceable(path)
    // Two that begin at the same moment must not both find that nobody is using it.
    const lock = await acquireFileLock(`${path}.lock`, signal)
    try {
      return await openLocked(path, options)
    } finally {
      await lock.release()
    }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ReplayError) throw error
    throw unusable(path, `can't be opened: ${messageOf(error)}`, error)
  }
}

/** A wrong path must cost nobody a device, a folder or a file of his own. */
async function checkReplaceable(path: string): Promise<void> {
  const known = await stat(path).catch(() => undefined)
  if (known === undefined) return
  if (!known.isFile()) throw unusable(path, 'is no file')
  const file = await open(path, 'r')
  try {
    const { buffer } = await file.read(Buffer.alloc(RECEIPT_START.length), 0)
    if (known.size > 0 && !RECEIPT_START.equals(buffer)) {
      throw unusable(path, 'is a file with something else in it; name another one')
    }
  } finally {
    await file.close()
  }
}

async function openLocked(path: string, options: ReceiptOptions): Promise<Receipt> {
  const { identity, isResumed } = options
  const presencePath = `${path}.presence`
  if ((await judgePresence(presencePath)) !== 'dead') {
    throw unusable(path, 'is in use by another replay; wait for its end, or name another file')
  }
  const ids = new PendingIds()
  let isReading = true
  const traceOffsets = createTraceOffsets(DEFAULT_MAX_TRACES, (bytes, start, offsetNanos) => {
    if (!isReading) ids.add(bytes, start, offsetNanos)
  })
  const kept = isResumed
    ? await readReceipt(path, traceOffsets)
    : { ...begin(path, identity), progress: new ReceiptProgress(traceOffsets) }
  isReading = false
  checkSame(path, kept, identity)
  const file = openSync(path, 'r+')
  let presence: Presence
  try {
    ftruncateSync(file, kept.endBytes)
    presence = await announcePresence(presencePath)
  } catch (error) {
    closeSync(file)
    throw error
  }
  return new FileReceipt({ path, file, presence, kept, traceOffsets, ids })
}

/** Puts a new receipt in the place of what is there, which whoever reads it sees whole until then. */
function begin(path: string, replay: ReplayIdentity): Omit<KeptReceipt, 'progress'> {
  const header = { createdAt: new Date().toISOString(), replay, idSeed: randomUUID() }
  const line = Buffer.from(`${formatHeader(header)}\n`)
  const unfinished = `${path}.${randomUUID()}`
  const file = openSync(unfinished, 'wx', 0o600)
  try {
    writeAll(file, line, 0)
  } finally {
    closeSync(file)
  }
  renameSync(unfinished, path)
  return { header, endBytes: line.length }
}

function checkSame(path: string, { header }: KeptReceipt, identity: ReplayIdentity): void {
  const differences = differencesOf(header.replay, identity)
  if (differences.length === 0) return
  throw new ReplayError(
    'ReceiptMismatch',
    `the receipt '${path}' is of another replay: ${differences.join(', ')}; ` +
      'give the same options as before, or replay without resuming to begin at the start',
  )
}

interface ReceiptParts {
  readonly path: string
  readonly file: number
  readonly presence: Presence
  readonly kept: KeptReceipt
  readonly traceOffsets: TraceOffsets
  readonly ids: PendingIds
}

class FileReceipt implements Receipt {
  readonly doneItems: DoneItems
  readonly idSeed: string
  readonly #parts: ReceiptParts
  #endBytes: number

  constructor(parts: ReceiptParts) {
    const { header, progress, endBytes } = parts.kept
    this.#parts = parts
    this.#endBytes = endBytes
    this.doneItems = progress.doneItems
    this.idSeed = header.idSeed
  }

  get path(): string {
    return this.#parts.path
  }

  get offsetNanos(): bigint | undefined {
    return this.#parts.kept.progress.offsetNanos
  }

  get traceOffsets(): TraceOffsets {
    return this.#parts.traceOffsets
  }

  isDone(key: string, position: number): boolean {
    return this.#parts.kept.progress.isDone(key, position)
  }

  keepOffset(offsetNanos: bigint): void {
    this.#write(formatOffset(offsetNanos))
  }

  sending(): void {
    for (const line of this.#parts.ids.take()) this.#write(line)
  }

  delivered(batch: ReplayBatch, sentItems: number, failedItems: number): void {
    const { key, position, storedItemCount } = batch
    // Nothing but a batch of a session is ever sent with a receipt.
    if (key === undefined || position === undefined) return
    const itemCount = itemsOf(batch)
    const filteredItems = Math.max(0, (storedItemCount ?? itemCount) - itemCount)
    const object = this.#numberOf(key)
    this.#write(formatBatch(object, { position, sentItems, failedItems, filteredItems }))
  }

  async close(status: ReplayStatus): Promise<void> {
    const { file, presence } = this.#parts
    try {
      this.#write(formatRun(status))
    } catch {
      // It tells people how the run ended; no other run needs it.
    } finally {
      closeSync(file)
    }
    // Who finds it still there sees that its process is gone.
    await presence.withdraw().catch(() => undefined)
  }

  #numberOf(key: string): number {
    const { progress } = this.#parts.kept
    const known = progress.numberOf(key)
    if (known !== undefined) return known
    const number = progress.addKey(key)
    this.#write(formatObject(number, key))
    return number
  }

  #write(line: string): void {
    const { file, path } = this.#parts
    const bytes = Buffer.from(`${line}\n`)
    try {
      writeAll(file, bytes, this.#endBytes)
    } catch (error) {
      const advice = 'make room and resume, or replay without a receipt'
      throw unusable(path, `can't be written: ${messageOf(error)}; ${advice}`, error)
    }
    this.#endBytes += bytes.length
  }
}

/** Ids of traces that came to be known since the last batch left, and their offsets. */
class PendingIds {
  readonly #ids = Buffer.alloc(IDS_IN_LINE * TRACE_ID_BYTES)
  #length = 0
  #offsetNanos = 0n
  #lines: string[] = []

  add(bytes: Uint8Array, start: number, offsetNanos: bigint): void {
    if (offsetNanos !== this.#offsetNanos || this.#length === this.#ids.length) this.#endLine()
    this.#offsetNanos = offsetNanos
    this.#ids.set(bytes.subarray(start, start + TRACE_ID_BYTES), this.#length)
    this.#length += TRACE_ID_BYTES
  }

  take(): readonly string[] {
    if (this.#length === 0 && this.#lines.length === 0) return NO_LINES
    this.#endLine()
    const lines = this.#lines
    this.#lines = []
    return lines
  }

  #endLine(): void {
    if (this.#length === 0) return
    this.#lines.push(formatTraces(this.#offsetNanos, this.#ids.subarray(0, this.#length)))
    this.#length = 0
  }
}

const NO_LINES: readonly string[] = Object.freeze([])

/** A disk that is nearly full takes a part of what it is given and says so by a number alone. */
function writeAll(file: number, bytes: Buffer, at: number): void {
  for (let written = 0; written < bytes.length;) {
    written += writeSync(file, bytes, written, bytes.length - written, at + written)
  }
}

function unusable(path: string, problem: string, cause?: unknown): ReplayError {
  return new ReplayError('ReceiptUnusable', `the receipt '${path}' ${problem}`, { cause })
}
