// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBearerTokens } from '../../../src/receive/bearer-tokens'
import { inflateBody, contentCodingOf } from '../../../src/receive/http-content-coding'
import { HttpRefusal } from '../../../src/receive/http-refusal'
import { Reservation } from '../../../src/receive/http-reservation'
import { MemoryBudget } from '../../../src/receive/memory-budget'
import {
  type SessionMetadata,
  emptyMetadata,
  parseMetadata,
  serializeMetadata,
  withTotals,
} from '../../../src/session/metadata'
import { parseHeader } from '../../../src/replay/receipt-header'
import { parseReceiptLine } from '../../../src/replay/receipt-line'
import { SessionError } from '../../../src/session/session-error'
import { sessionPrefix, writerKey } from '../../../src/session/session-keys'
import { EMPTY_TOTALS } from '../../../src/session/totals'
import { OWNER_FILE, readOwner } from '../../../src/session/on-disk/write-ahead-owner'
import { WriteAheadError } from '../../../src/session/on-disk/write-ahead-error'
import {
  isLiving,
  readWriterSummary,
  serializeWriterSummary,
} from '../../../src/session/writer-summary'
import { readAppendLog } from '../../../src/storage/append-log-reader'
import { LOG_MAGIC, encodeRecordHeader } from '../../../src/storage/append-log-format'
import { MemoryStore } from '../../../src/storage/memory-store'
import { StorageError } from '../../../src/storage/storage-error'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import {
  BrokenPromiseError,
  type FuzzTarget,
  ensure,
  neverRefuses,
  refusesWith,
} from '../support/fuzz-target'
import { ensureNothingInherited } from '../support/prototypes'
import { bytesOf } from './seeds'

const SESSION_ID = 'fuzz'
const WRITER_ID = '3f0c9a52-6f0e-4d0c-9c2b-0d8f1a2b3c4d'
const TOTALS = { ...EMPTY_TOTALS, items: 3, firstArrivalUnixNano: '1790000000000000000' }
const SIGNALS = { traces: TOTALS, metrics: EMPTY_TOTALS, logs: TOTALS }

const description = { sessionId: SESSION_ID, createdBy: 'a test', enabledFlags: ['paymentFailure'] }
const metadata = withTotals(emptyMetadata(description, '2026-11-21T00:00:00.000Z'), [
  { signals: SIGNALS, serviceNames: ['payment'] },
])

const summary = {
  writerId: WRITER_ID,
  state: 'active' as const,
  startTime: '2026-11-21T00:00:00.000Z',
  updatedAt: '2026-11-21T00:00:01.000Z',
  heartbeatMillis: 10_000,
  process: { host: 'a', pid: 1 },
  signals: SIGNALS,
  serviceNames: ['payment'],
}

const owner = { version: 1, writerId: WRITER_ID, storeUrl: 'memory:', description }
const MAX_INFLATED_BYTES = 100_000

/** Made when it is needed: whoever imports this table need not fuzz. */
let folder: string | undefined

function scratchFolder(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'otel-tape-fuzz-'))
    process.once('exit', () => rmSync(made, { recursive: true, force: true }))
    mkdirSync(join(made, WRITER_ID))
    folder = made
  }
  return folder
}

function ensureReadable(written: SessionMetadata): void {
  try {
    parseMetadata(serializeMetadata(written), SESSION_ID)
  } catch (error) {
    throw new BrokenPromiseError(`what is written can be read again: ${(error as Error).message}`)
  }
}

function appendLog(...records: readonly string[]): Uint8Array {
  const parts = records.flatMap((text) => {
    const record = Buffer.from(text)
    return [encodeRecordHeader([record]), record]
  })
  return Buffer.concat([LOG_MAGIC, ...parts])
}

const TOKEN = 'a-token-of-this-receiver'
const tokens = createBearerTokens([TOKEN])

const COMPRESSED = Buffer.from('a request that is compressed '.repeat(20))

export const documentTargets: readonly FuzzTarget[] = [
  {
    name: 'metadata.json',
    shape: 'json',
    seeds: () => [serializeMetadata(metadata)],
    words: ['sessionId', 'signals', 'traces', 'items', 's3Prefix', 'completed', 'formatVersion'],
    weight: 2,
    parse: (input) => {
      const parsed = parseMetadata(input, SESSION_ID)
      ensureNothingInherited(parsed)
      ensure(parsed.sessionId === SESSION_ID, 'metadata is of the session that it lies in')
      ensure(parsed.s3Prefix === sessionPrefix(SESSION_ID), 'metadata leads into its own session')
      ensureReadable(withTotals(parsed, [parsed, parsed]))
    },
    isRefusal: refusesWith(SessionError),
  },
  {
    name: 'writer summaries',
    shape: 'json',
    seeds: () => [serializeWriterSummary(summary)],
    words: [
      'writerId',
      'state',
      'stopped',
      'process',
      'pid',
      'heartbeatMillis',
      'journaledSegments',
    ],
    weight: 0.3,
    parse: async (input) => {
      const store = new MemoryStore()
      await store.put(writerKey(SESSION_ID, WRITER_ID), input)
      const read = await readWriterSummary(store, SESSION_ID, WRITER_ID)
      ensureNothingInherited(read)
      if (read === undefined) return
      isLiving(read)
      ensureReadable(withTotals(metadata, [read, read]))
    },
    isRefusal: neverRefuses,
  },
  {
    name: 'receipts of replays',
    shape: 'json',
    seeds: () =>
      [
        '{"otelTapeReceipt":1,"createdAt":"2026-11-21T00:00:00Z","replay":{"a":"b"},"idSeed":"x"}',
        '{"object":0,"key":"sessions/a/raw/2026-11-21/00/traces-1.otlp.gz"}',
        '[0,1,2]',
        '[0,1,2,3,4]',
        '{"offsetNanos":"-12"}',
        '{"offsetNanos":"12","traces":"AAAAAAAAAAAAAAAAAAAAAA=="}',
        '{"run":{"status":"completed"}}',
      ].map((text) => bytesOf(text)),
    words: ['otelTapeReceipt', 'replay', 'object', 'key', 'offsetNanos', 'traces', 'run'],
    weight: 3,
    parse: (input) => {
      const text = Buffer.from(input).toString('utf8')
      ensureNothingInherited(parseHeader(text))
      const line = parseReceiptLine(text)
      ensureNothingInherited(line)
      if (line?.kind !== 'batch') return
      const counts = [line.object, line.position, line.sentItems, line.failedItems]
      ensure([...counts, line.filteredItems].every(Number.isSafeInteger), 'counts are numbers')
    },
    isRefusal: neverRefuses,
  },
  {
    name: 'authorization headers',
    shape: 'text',
    seeds: () => [bytesOf(`Bearer ${TOKEN}x`), bytesOf(`bearer  ${TOKEN.slice(1)} `)],
    words: ['Bearer ', 'Basic ', TOKEN.slice(0, 8), ','],
    weight: 3,
    parse: (input) => {
      const header = Buffer.from(input).toString('latin1')
      const words = header.split(' ').filter((word) => word !== '')
      const isRight =
        words.length === 2 && words[0].toLowerCase() === 'bearer' && words[1] === TOKEN
      ensure(tokens.allow(header) === isRight, 'no other token is let in')
    },
    isRefusal: neverRefuses,
  },
  {
    name: 'owners of write-ahead folders',
    shape: 'json',
    seeds: () => [bytesOf(JSON.stringify({ ...owner, startTime: summary.startTime }))],
    words: ['writerId', 'description', 'sessionId', '../../etc', 'startTime'],
    weight: 0.05,
    parse: async (input) => {
      const writerFolder = join(scratchFolder(), WRITER_ID)
      writeFileSync(join(writerFolder, OWNER_FILE), input)
      const read = await readOwner(writerFolder, WRITER_ID)
      ensureNothingInherited(read)
      ensure(read?.writerId === WRITER_ID, 'an owner is the one that the folder is named after')
      sessionPrefix(read.description.sessionId)
    },
    isRefusal: refusesWith(WriteAheadError),
  },
  {
    name: 'append logs',
    shape: 'bytes',
    seeds: () => [appendLog('one', 'two', ''), appendLog('x'.repeat(300)), appendLog()],
    weight: 0.05,
    parse: async (input) => {
      const path = join(scratchFolder(), 'log')
      writeFileSync(path, input)
      let readBytes = 0
      let unreadBytes = 0
      const onUnread = (end: { lengthBytes: number }) => void (unreadBytes += end.lengthBytes)
      for await (const record of readAppendLog(path, onUnread)) readBytes += 8 + record.length
      if (LOG_MAGIC.equals(input.subarray(0, LOG_MAGIC.length))) readBytes += LOG_MAGIC.length
      ensure(readBytes + unreadBytes === input.length, 'what is not read is told')
    },
    isRefusal: refusesWith(StorageError),
  },
  {
    name: 'compressed bodies',
    shape: 'bytes',
    seeds: () => [gzipSync(COMPRESSED), deflateSync(COMPRESSED), deflateRawSync(COMPRESSED)],
    weight: 0.1,
    parse: async (input) => {
      const coding = contentCodingOf(input.length % 2 === 0 ? 'gzip' : 'deflate')
      if (coding === undefined) return
      const budget = new MemoryBudget(MAX_INFLATED_BYTES)
      const reservation = new Reservation(budget)
      const inflated = await inflateBody(input as Buffer, coding, MAX_INFLATED_BYTES, reservation)
      ensure(inflated.length <= MAX_INFLATED_BYTES, 'a body stops at the limit')
      reservation.release()
      ensure(budget.usedBytes === 0, 'what was set aside is given back')
    },
    isRefusal: refusesWith(HttpRefusal),
  },
]
