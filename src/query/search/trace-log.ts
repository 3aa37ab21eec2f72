// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import { open, rm } from 'node:fs/promises'
import {
  type Presence,
  announcePresence,
  judgePresence,
} from '../../session/on-disk/write-ahead-presence'
import { type AppendLog, createAppendLog } from '../../storage/append-log'
import { LOG_MAGIC, RECORD_HEADER_BYTES, isIntact } from '../../storage/append-log-format'
import { type UnreadEnd, readAppendLog } from '../../storage/append-log-reader'
import { acquireFileLock } from '../../storage/file-lock'
import { QueryError } from '../query-error'

/** What a record of an index's file is: a trace, or spans that came later; or a content's vector. */
export type RecordKind = 'T' | 'V'

/** The file of an index: what was ingested, in that order. One process has it at a time. */
export interface TraceLog {
  /** Resolves when it survives a crash. Rejects with `IndexUnusable`; the next one may succeed. */
  append(kind: RecordKind, payload: Uint8Array): Promise<void>
  close(): Promise<void>
}

export interface OpenTraceLogOptions {
  readonly path: string
  /** Gets what is in the file, in the order in which it was appended. */
  readonly onRecord: (kind: RecordKind, payload: Buffer) => void | Promise<void>
  readonly signal: AbortSignal
}

const VERSION = 1
const HEADER = Object.freeze({ format: 'otel-tape trace index', version: VERSION })
const HEADER_KIND = 'H'
const LOCK_LIMIT_MILLIS = 10_000
/** Longer than any record: such an end is not what a crash left of one. */
const MAX_TORN_BYTES = 64 * 1024 * 1024

const ADVICE = 'move it away and ingest the sessions again: they still hold all that was in it'

const log = diag.createComponentLogger({ namespace: 'otel-tape/search' })

/** Opens the file of an index, or makes it. Rejects with `QueryError` of reason `IndexUnusable`. */
export async function openTraceLog(options: OpenTraceLogOptions): Promise<TraceLog> {
  const { path, signal } = options
  try {
    const presence = await takeOver(path, signal)
    try {
      return new ContinuedTraceLog(path, presence, await readRecords(options))
    } catch (error) {
      await presence.withdraw()
      throw error
    }
  } catch (error) {
    throw toIndexError(error, path, signal)
  }
}

/** Makes this process the one that has the file, unless another has it and lives. */
async function takeOver(path: string, signal: AbortSignal): Promise<Presence> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LOCK_LIMIT_MILLIS)])
  const lock = await acquireFileLock(`${path}.lock`, limit)
  try {
    const owner = `${path}.owner`
    if ((await judgePresence(owner)) !== 'dead') {
      const advice = 'close it there, or give this one a file of its own'
      throw unusable(`'${path}' is in use by another index, or process: ${advice}`)
    }
    return await announcePresence(owner)
  } finally {
    await lock.release()
  }
}

/** How many bytes of the file hold records; `undefined` if there is no file to go on with. */
async function readRecords(options: OpenTraceLogOptions): Promise<number | undefined> {
  const { path, onRecord, signal } = options
  const beginning = await readBeginning(path)
  if (beginning === undefined) return undefined
  if (!LOG_MAGIC.subarray(0, beginning.length).equals(beginning)) {
    throw unusable(`'${path}' is no index of otel-tape: give another path, or move it away`)
  }
  if (beginning.length < LOG_MAGIC.length) {
    await rm(path) // Its maker was killed before it had written anything.
    return undefined
  }
  let bytes = LOG_MAGIC.length
  let unread: UnreadEnd | undefined
  for await (const record of readAppendLog(path, (end) => (unread = end))) {
    signal.throwIfAborted()
    const kind = String.fromCharCode(record[0])
    if (bytes === LOG_MAGIC.length) checkHeader(path, record)
    else await onRecord(checkedKind(path, kind), record.subarray(1))
    bytes += RECORD_HEADER_BYTES + record.length
  }
  if (unread) await checkTorn(path, unread)
  return bytes
}

/** As many bytes as there are, of those that say what the file is. */
async function readBeginning(path: string): Promise<Buffer | undefined> {
  try {
    const file = await open(path, 'r')
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(LOG_MAGIC.length), 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function checkHeader(path: string, record: Buffer): void {
  const text = record.toString()
  if (!text.startsWith(`${HEADER_KIND}{`))
    throw damaged(path, 'it does not say of what version it is')
  const header = JSON.parse(text.slice(1)) as { format?: unknown; version?: unknown }
  if (header.format !== HEADER.format) {
    throw unusable(`'${path}' is no index of otel-tape: give another path, or move it away`)
  }
  if (header.version === VERSION) return
  const found = `of version ${String(header.version)}, and this otel-tape reads ${VERSION}`
  throw unusable(`'${path}' is ${found}: ${ADVICE}`)
}

function checkedKind(path: string, kind: string): RecordKind {
  if (kind === 'T' || kind === 'V') return kind
  throw damaged(path, `there is no record of kind '${kind}'`)
}

/**
 * Tells an append that a crash cut short, which nobody was promised, from damage. Throws at
 * damage: what lies behind it would be cut off by the next append.
 */
async function checkTorn(path: string, { offsetBytes, lengthBytes }: UnreadEnd): Promise<void> {
  if (lengthBytes > MAX_TORN_BYTES) throw damaged(path, `from byte ${offsetBytes} on`)
  const file = await open(path, 'r')
  try {
    const { buffer: end } = await file.read(Buffer.alloc(lengthBytes), 0, lengthBytes, offsetBytes)
    for (let at = 0; at + RECORD_HEADER_BYTES <= end.length; at++) {
      const start = at + RECORD_HEADER_BYTES
      const length = end.readUInt32LE(at)
      if (start + length > end.length) continue
      const isWhole = isIntact(end.subarray(at, start), end.subarray(start, start + length))
      if (at === 0 || isWhole) throw damaged(path, `at byte ${offsetBytes}`)
    }
  } finally {
    await file.close()
  }
  log.warn(`the last ${lengthBytes} bytes of '${path}' were cut short by a crash, and are left out`)
}

function damaged(path: string, where: string): QueryError {
  return unusable(`'${path}' is damaged, ${where}: ${ADVICE}`)
}

function unusable(message: string, cause?: unknown): QueryError {
  return new QueryError('IndexUnusable', message, { cause })
}

function toIndexError(error: unknown, path: string, signal?: AbortSignal): unknown {
  if (error instanceof QueryError || signal?.aborted) return error
  const message = error instanceof Error ? error.message : String(error)
  return unusable(`the index '${path}' can't be read or written: ${message}`, error)
}

class ContinuedTraceLog implements TraceLog {
  readonly #path: string
  readonly #presence: Presence
  #bytes: number | undefined
  #log: AppendLog | undefined
  #starting: Promise<AppendLog> | undefined

  constructor(path: string, presence: Presence, bytes: number | undefined) {
    this.#path = path
    this.#presence = presence
    this.#bytes = bytes
  }

  async append(kind: RecordKind, payload: Uint8Array): Promise<void> {
    try {
      const current = await this.#start()
      await this.#appendTo(current, [Buffer.from(kind), payload])
    } catch (error) {
      throw toIndexError(error, this.#path)
    }
  }

  async close(): Promise<void> {
    await this.#starting?.catch(() => undefined)
    await this.#log?.close()
    await this.#presence.withdraw()
  }

  /** The log behind what is known to be whole: a log that has failed takes nothing more. */
  #start(): Promise<AppendLog> {
    this.#starting ??= this.#open().catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    return this.#starting
  }

  async #open(): Promise<AppendLog> {
    const bytes = this.#bytes ?? (await bytesAt(this.#path))
    const opened = createAppendLog(this.#path, { continueBehindBytes: bytes })
    this.#log = opened
    this.#bytes = bytes ?? LOG_MAGIC.length
    if (this.#bytes === LOG_MAGIC.length) {
      await this.#appendTo(opened, [Buffer.from(HEADER_KIND + JSON.stringify(HEADER))])
    }
    return opened
  }

  async #appendTo(to: AppendLog, parts: readonly Uint8Array[]): Promise<void> {
    try {
      await to.append(parts)
    } catch (error) {
      // Once: of those that failed with it, the first may have begun a new one by then.
      if (this.#log === to) {
        this.#log = undefined
        this.#starting = undefined
      }
      await to.close()
      throw error
    }
    const length = parts.reduce((sum, part) => sum + part.length, RECORD_HEADER_BYTES)
    this.#bytes = (this.#bytes ?? LOG_MAGIC.length) + length
  }
}

/** Of a file that a failed attempt has left, its first bytes, which are no record's. */
async function bytesAt(path: string): Promise<number | undefined> {
  const beginning = await readBeginning(path)
  if (beginning === undefined) return undefined
  if (beginning.equals(LOG_MAGIC)) return LOG_MAGIC.length
  await rm(path)
  return undefined
}
