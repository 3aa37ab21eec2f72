// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { OtlpBatch } from '../../otlp/otlp-batch'
import type { Signal } from '../../otlp/signal'
import { summarizeRequest } from '../../otlp/summarize-request'
import { type UnreadEnd, readAppendLog } from '../../storage/append-log-reader'
import type { ObjectStore, OperationOptions } from '../../storage/object-store'
import { isStorageError } from '../../storage/storage-error'
import type { CountedBatch } from '../counted-batch'
import { SegmentBuilder } from '../segment-builder'
import { readSegment } from '../reading/segment-reader'
import { parseSegmentKey, rawPrefix } from '../session-keys'
import { EMPTY_TOTALS, type SignalTotals, addTotals, totalsOfBatch } from '../totals'
import { WriteAheadError } from './write-ahead-error'
import { decodeFrame } from './write-ahead-frame'

/** A segment as a killed writer left it on disk, or at least its name. */
export interface JournaledSegment {
  readonly kind: 'log' | 'spooled' | 'noted'
  readonly path: string
  /** Where the writer would have stored it. */
  readonly key: string
  readonly signal: Signal
}

/** What a store has of a segment. */
export interface SegmentContent {
  readonly totals: SignalTotals
  readonly serviceNames: readonly string[]
}

const NAME =
  /^\d{4}-\d\d-\d\d\/\d\d\/(?:traces|metrics|logs)-\d{1,16}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.otlp\.gz$/
/** As the writer's default: recovery is no time to try hard. */
const COMPRESSION_LEVEL = 1
/** Read and not compressed yet, at the most. */
const READ_AHEAD_BYTES = 1024 * 1024

/**
 * Which segment a file holds; `undefined` if its writer was killed before it had
 * put anything into it. Throws `WriteAheadError` if the file is not one of that
 * session: its content comes from a disk, and goes into a key.
 */
export async function openJournaledSegment(
  path: string,
  sessionId: string,
  onProblem: (problem: WriteAheadError) => void,
): Promise<JournaledSegment | undefined> {
  for await (const record of readRecords(path, onProblem)) {
    const key = decodeFrame(record)?.key
    const prefix = rawPrefix(sessionId)
    if (key?.startsWith(prefix) && NAME.test(key.slice(prefix.length))) {
      const { signal } = parseSegmentKey(key)
      if (signal) return { kind: 'log', path, key, signal }
    }
    throw foreign(path, `it does not begin with the key of a segment of session '${sessionId}'`)
  }
  return undefined
}

export interface StoreJournaledOptions extends OperationOptions {
  store: ObjectStore
  sessionId: string
  /** Told of what is in the file and could not be read. */
  onProblem: (problem: WriteAheadError) => void
}

/**
 * Builds a segment again and stores it under `key`, unless it is there: then the
 * writer had stored it, or an earlier recovery. Gives what the store has of it
 * then; `undefined` if there was no batch in the file.
 */
export async function storeJournaledSegment(
  segment: JournaledSegment,
  key: string,
  options: StoreJournaledOptions,
): Promise<SegmentContent | undefined> {
  return rebuildSegment(readBatches(segment, options), segment.signal, key, options)
}

/** Stores these batches as one segment, unless it is there. */
export async function rebuildSegment(
  batches: AsyncIterable<CountedBatch>,
  signal: Signal,
  key: string,
  options: StoreJournaledOptions,
): Promise<SegmentContent | undefined> {
  const { sessionId, signal: abortSignal } = options
  const serviceNames = new Set<string>()
  let heldBytes = 0
  const builder = new SegmentBuilder({
    key,
    sessionId,
    signal,
    compressionLevel: COMPRESSION_LEVEL,
    onBytesHeld: (deltaBytes) => (heldBytes += deltaBytes),
  })
  for await (const batch of batches) {
    builder.add(batch)
    for (const name of batch.summary.serviceNames) serviceNames.add(name)
    if (heldBytes < READ_AHEAD_BYTES) continue
    await builder.compressed()
    heldBytes = 0
    abortSignal?.throwIfAborted()
  }
  const cut = builder.cut()
  if (cut === undefined) return undefined
  const bytes = await cut.bytes
  const content = { totals: cut.totals, serviceNames: [...serviceNames] }
  return putSegment(key, bytes, content, options)
}

/** Stores a segment, unless it is there. Gives what the store has of it then. */
export async function putSegment(
  key: string,
  bytes: Buffer,
  { totals, serviceNames }: SegmentContent,
  options: StoreJournaledOptions,
): Promise<SegmentContent> {
  const { store, signal } = options
  try {
    await store.put(key, bytes, { ifAbsent: true, signal })
  } catch (error) {
    if (isStorageError(error, 'PRECONDITION_FAILED')) return countStored(key, options)
    throw error
  }
  return { totals: { ...totals, segments: 1, storedBytes: bytes.length }, serviceNames }
}

async function* readBatches(
  { path, signal }: JournaledSegment,
  { onProblem }: StoreJournaledOptions,
): AsyncGenerator<CountedBatch, void, undefined> {
  let isFirst = true
  for await (const record of readRecords(path, onProblem)) {
    const batch = isFirst ? undefined : decodeFrame(record)?.batch
    if (batch) yield count(batch, signal, path)
    else if (!isFirst) throw foreign(path, `it holds a record of an unknown kind`)
    isFirst = false
  }
}

async function* readRecords(
  path: string,
  onProblem: (problem: WriteAheadError) => void,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* readAppendLog(path, (end) => onProblem(damaged(path, end)))
  } catch (error) {
    if (!isStorageError(error)) throw error
    const message = `'${path}' can't be read and was left alone: ${error.message}`
    throw new WriteAheadError('UNREADABLE', message, path, { cause: error })
  }
}

function count(batch: OtlpBatch, signal: Signal, path: string): CountedBatch {
  try {
    if (batch.signal === signal) return { ...batch, summary: summarizeRequest(batch.body, signal) }
  } catch (error) {
    throw foreign(path, `it holds a batch that is no OTLP: ${(error as Error).message}`)
  }
  throw foreign(path, `it holds a batch of ${batch.signal} among ${signal}`)
}

/**
 * What lies in the store counts, not what lies in the file: a writer stores what
 * it took, also when it is killed before the last of it was on disk.
 */
export async function countStored(
  key: string,
  { store, signal }: Pick<StoreJournaledOptions, 'store' | 'signal'>,
): Promise<SegmentContent> {
  const info = await store.head(key, { signal })
  if (info === undefined) return { totals: EMPTY_TOTALS, serviceNames: [] }
  const read = { store, signal, onDamage: () => undefined }
  const { totals, serviceNames } = await countBatches(countedBatches(readSegment(info, read)))
  return { totals: { ...totals, segments: 1, storedBytes: info.sizeBytes }, serviceNames }
}

export async function countBatches(batches: AsyncIterable<CountedBatch>): Promise<SegmentContent> {
  const serviceNames = new Set<string>()
  let totals: SignalTotals = EMPTY_TOTALS
  for await (const batch of batches) {
    totals = addTotals(totals, totalsOfBatch(batch))
    for (const name of batch.summary.serviceNames) serviceNames.add(name)
  }
  return { totals, serviceNames: [...serviceNames] }
}

export async function* countedBatches(
  batches: AsyncIterable<OtlpBatch>,
): AsyncGenerator<CountedBatch, void, undefined> {
  for await (const batch of batches) {
    yield { ...batch, summary: summarizeRequest(batch.body, batch.signal) }
  }
}

function foreign(path: string, problem: string): WriteAheadError {
  return new WriteAheadError(
    'FOREIGN',
    `'${path}' was left alone: ${problem}; remove it if you know what it is.`,
    path,
  )
}

function damaged(path: string, { offsetBytes, lengthBytes }: UnreadEnd): WriteAheadError {
  return new WriteAheadError(
    'DAMAGED',
    `the last ${lengthBytes} bytes of '${path}', from byte ${offsetBytes} on, can't be read: a write ` +
      `that a crash cut short, which nobody was told was kept, or damage to the disk. ` +
      `What came before is recovered; the file is kept in the folder 'damaged'.`,
    path,
  )
}
