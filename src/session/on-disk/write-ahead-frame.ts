// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { OtlpBatch } from '../../otlp/otlp-batch'
import type { Signal } from '../../otlp/signal'

/** What a record of a write-ahead file says: whose batches follow, or one batch. */
export type WriteAheadFrame =
  | { readonly key: string; readonly batch: undefined }
  | { readonly key: undefined; readonly batch: OtlpBatch }

const KEY = 0
const CODES: Readonly<Record<Signal, number>> = { traces: 1, metrics: 2, logs: 3 }
const SIGNALS: readonly (Signal | undefined)[] = [undefined, 'traces', 'metrics', 'logs']
const ARRIVAL_AT = 1
const BODY_AT = ARRIVAL_AT + 8

/** The first record of a file: the key of the segment whose batches follow. */
export function encodeKeyFrame(key: string): Uint8Array[] {
  return [Buffer.from([KEY]), Buffer.from(key)]
}

/** The body is not copied: the batch must stay as it is until it is written. */
export function encodeBatchFrame({ signal, body, capturedAtUnixNano }: OtlpBatch): Uint8Array[] {
  const head = Buffer.alloc(BODY_AT)
  head[0] = CODES[signal]
  head.writeBigUInt64LE(BigInt.asUintN(64, capturedAtUnixNano), ARRIVAL_AT)
  return [head, body]
}

/** `undefined` if the record is none of ours. */
export function decodeFrame(record: Buffer): WriteAheadFrame | undefined {
  if (record[0] === KEY) return { key: record.toString('utf8', 1), batch: undefined }
  const signal = SIGNALS[record[0]]
  if (signal === undefined || record.length < BODY_AT) return undefined
  const capturedAtUnixNano = record.readBigUInt64LE(ARRIVAL_AT)
  const batch = { signal, body: record.subarray(BODY_AT), capturedAtUnixNano }
  return { key: undefined, batch }
}
