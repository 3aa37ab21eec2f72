// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { crc32, gunzipSync, gzipSync } from 'node:zlib'
import { MalformedOtlpError } from '../../../src/otlp/malformed-otlp-error'
import { SIGNALS } from '../../../src/otlp/signal'
import { summarizeRequest } from '../../../src/otlp/summarize-request'
import { encodeBlockHeader, findBlockHeader } from '../../../src/session/block-header'
import type { Damage } from '../../../src/session/damage'
import { readForeignObject } from '../../../src/session/reading/foreign-object'
import { ObjectBytes } from '../../../src/session/reading/object-bytes'
import { readSegment } from '../../../src/session/reading/segment-reader'
import { segmentKey } from '../../../src/session/session-keys'
import {
  decodeFrame,
  encodeBatchFrame,
  encodeKeyFrame,
} from '../../../src/session/on-disk/write-ahead-frame'
import type { ObjectInfo } from '../../../src/storage/object-store'
import { MemoryStore } from '../../../src/storage/memory-store'
import { makeBatch } from '../../support/recording'
import { type FuzzTarget, ensure, neverRefuses } from '../support/fuzz-target'
import { OTLP_JSON_WORDS, blockOf, bytesOf, jsonRequests, requestsOfAllSignals } from './seeds'

const DAMAGE_REASONS = ['decompression', 'malformed', 'truncated', 'foreign', 'unreadable']

/** An object of a store, as it is listed. */
async function storedObject(
  key: string,
  body: Uint8Array,
): Promise<{ store: MemoryStore; object: ObjectInfo }> {
  const store = new MemoryStore()
  return { store, object: await store.put(key, body) }
}

function ensureTold(damages: readonly Damage[]): void {
  for (const { key, message, offsetBytes, reason } of damages) {
    ensure(key !== '' && message !== '', 'damage says where and what')
    ensure(offsetBytes >= 0, 'damage lies within the object')
    ensure(DAMAGE_REASONS.includes(reason), 'damage has a reason that is known')
  }
}

/** Makes the checksum of a block header right, and the lengths in front of it. */
function repairedHeader(mutant: Uint8Array): Uint8Array {
  const bytes = Buffer.from(mutant)
  if (bytes.length < 18 + 38) return bytes
  // All but the last bytes is the extra field, in half of the cases by the lengths that it has.
  const contentBytes = Math.min(bytes.readUInt16LE(14), bytes.length - 16)
  bytes.writeUInt32BE(0x1f8b0804)
  bytes.writeUInt16LE(contentBytes + 4, 10)
  bytes.write('OT', 12)
  bytes.writeUInt16LE(contentBytes, 14)
  const content = bytes.subarray(16, 16 + contentBytes)
  if (content.length < 38) return bytes
  content.writeUInt32LE(crc32(content.subarray(10), crc32(content.subarray(0, 6))), 6)
  return bytes
}

function headersOfBlocks(): Buffer[] {
  const batch = { lengthBytes: 300, itemCount: 2, capturedAtUnixNano: 1_790_000_000_000_000_000n }
  const items = { firstItemTimeUnixNano: 1n, lastItemTimeUnixNano: 2n }
  const encode =
    (batches: number, serviceNames: string[] | undefined) => (_: unknown, at: number) =>
      encodeBlockHeader(
        { signal: SIGNALS[at], batches: Array(batches).fill(batch), serviceNames, ...items },
        1000,
      )
  return [...SIGNALS.map(encode(1, ['payment'])), ...SIGNALS.map(encode(40, undefined))]
}

/** Changes what is compressed, where there is one gzip member that can be read. */
function recompressed(mutant: Uint8Array): Uint8Array {
  try {
    return gzipSync(gunzipSync(mutant, { maxOutputLength: 65_536 }), { level: 1 })
  } catch {
    return gzipSync(mutant, { level: 1 })
  }
}

const JSON_LINES = [
  '{"resourceLogs":[]}\n{"resourceLogs":[{}]}\nnot JSON\n{"resourceSpans":[]}\n',
  '{\n  "resourceSpans": [\n    {\n    }\n  ]\n}\n',
  '\n\n { "resourceMetrics": [] }',
]

let blocks: readonly Buffer[] = []

/** Blocks are compressed off the thread: they have to be there before mutants are made of them. */
export async function prepareBlocks(): Promise<void> {
  blocks = await Promise.all(SIGNALS.map((signal, index) => blockOf(signal, 1 + index * 4)))
}

export const objectTargets: readonly FuzzTarget[] = [
  {
    name: 'block headers',
    shape: 'bytes',
    seeds: headersOfBlocks,
    words: ['OT', 'service'],
    weight: 6,
    repair: repairedHeader,
    parse: (input) => {
      const found = findBlockHeader(input as Buffer)
      if (found === undefined) return
      const { header, headerBytes } = found
      ensure(headerBytes <= input.length, 'a header lies within its bytes')
      ensure(header.batches.length > 0, 'a block has a batch')
      for (const { capturedAtUnixNano, itemCount, lengthBytes } of header.batches) {
        ensure(itemCount >= 0 && lengthBytes >= 0, 'counts are not negative')
        // It goes into keys and dates.
        new Date(Number(capturedAtUnixNano / 1_000_000n)).toISOString()
        ensure(BigInt.asUintN(64, capturedAtUnixNano) === capturedAtUnixNano, 'times have 64 bits')
      }
    },
    isRefusal: neverRefuses,
  },
  {
    name: 'segments',
    shape: 'bytes',
    seeds: () => [...blocks, Buffer.concat(blocks), Buffer.concat([...blocks].reverse())],
    words: ['\u001f'],
    weight: 0.1,
    parse: async (input) => {
      const signal = SIGNALS[input.length % 3]
      const { store, object } = await storedObject(segmentKey('fuzz', signal, 1.79e12), input)
      const damages: Damage[] = []
      const options = { store, onDamage: (damage: Damage) => void damages.push(damage) }
      for await (const { body, itemCount, capturedAtUnixNano } of readSegment(object, options)) {
        ensure(itemCount >= 0 && body.length >= 0, 'a batch has a body and a count')
        new Date(Number(capturedAtUnixNano / 1_000_000n)).toISOString()
      }
      ensureTold(damages)
    },
    isRefusal: neverRefuses,
  },
  {
    name: 'foreign objects, JSON',
    shape: 'json',
    seeds: () => [...jsonRequests(), ...JSON_LINES.map((text) => bytesOf(text))],
    words: OTLP_JSON_WORDS,
    weight: 0.1,
    parse: readForeign,
    isRefusal: neverRefuses,
  },
  {
    name: 'foreign objects, protobuf',
    shape: 'protobuf',
    seeds: requestsOfAllSignals,
    weight: 0.1,
    parse: readForeign,
    isRefusal: neverRefuses,
  },
  {
    name: 'foreign objects, compressed',
    shape: 'bytes',
    seeds: () =>
      [...requestsOfAllSignals().slice(0, 6), ...JSON_LINES.map((text) => bytesOf(text))].map(
        (content) => gzipSync(content),
      ),
    weight: 0.05,
    repair: recompressed,
    parse: readForeign,
    isRefusal: neverRefuses,
  },
  {
    name: 'write-ahead frames',
    shape: 'bytes',
    seeds: () => [
      Buffer.concat(encodeKeyFrame(segmentKey('fuzz', 'logs', 1.79e12))),
      Buffer.concat(encodeBatchFrame(makeBatch('logs', { names: ['a'] }))),
    ],
    weight: 2,
    parse: (input) => {
      const frame = decodeFrame(input as Buffer)
      if (!frame?.batch) return
      const { signal, body, capturedAtUnixNano } = frame.batch
      ensure(SIGNALS.includes(signal), 'a batch is of a signal')
      ensure(body.length < input.length, 'a body lies within its frame')
      ensure(capturedAtUnixNano >= 0n, 'a batch arrived after 1970')
    },
    isRefusal: neverRefuses,
  },
]

async function readForeign(input: Uint8Array): Promise<void> {
  const { store, object } = await storedObject('captures/some-file', input)
  const damages: Damage[] = []
  const bytes = new ObjectBytes(store, object)
  const named = input.length % 2 === 0 ? undefined : SIGNALS[input.length % 3]
  const onDamage = (damage: Damage) => void damages.push(damage)
  for await (const { signal, body } of readForeignObject(bytes, named, onDamage)) {
    ensure(named === undefined || signal === named, 'a request is of the signal that is expected')
    try {
      summarizeRequest(body, signal)
    } catch (error) {
      if (!(error instanceof MalformedOtlpError)) throw error
    }
  }
  ensureTold(damages)
}
