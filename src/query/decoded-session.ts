// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { decodeLogRecords } from '../otlp/decode-log-records'
import { decodeSpans } from '../otlp/decode-spans'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import { requestToJson } from '../otlp/protobuf-to-json'
import type { ReadableLogRecord, ReadableSpan } from '../otlp/sdk-types'
import type { Damage } from '../session/damage'
import {
  type ReadSessionOptions,
  type RecordedBatch,
  readSessionRuns,
} from '../session/reading/session-reader'
import { malformedBatch } from './malformed-batch'
import type { MetricsRequestJson } from './metrics-json'

/** A batch whose items can be looked at. Spans of one resource share the object that describes it. */
export type DecodedBatch =
  | (ArrivedBatch & { readonly signal: 'traces'; readonly spans: readonly ReadableSpan[] })
  | (ArrivedBatch & { readonly signal: 'logs'; readonly logRecords: readonly ReadableLogRecord[] })
  /** As OTLP/JSON: the SDK's objects have no summaries, and no exemplars. */
  | (ArrivedBatch & { readonly signal: 'metrics'; readonly request: MetricsRequestJson })

interface ArrivedBatch {
  readonly capturedAtUnixNano: bigint
  /** Of the batch as it is stored, uncompressed. */
  readonly sizeBytes: number
}

export type ReadDecodedOptions = Omit<ReadSessionOptions, 'onLeftOut' | 'isDone'>

/**
 * A session's batches in the order of their arrival, decoded, a run of them at a time. What
 * can't be read or decoded is reported as damage, and reading goes on behind it.
 */
export async function* readDecodedSession(
  options: ReadDecodedOptions,
): AsyncGenerator<DecodedBatch, void, undefined> {
  for await (const run of readSessionRuns(options)) {
    for (const batch of run) {
      const decoded = decodeBatch(batch, options.onDamage)
      if (decoded) yield decoded
    }
  }
}

function decodeBatch(
  batch: RecordedBatch,
  onDamage?: (damage: Damage) => void,
): DecodedBatch | undefined {
  const { signal, body, capturedAtUnixNano } = batch
  const arrived = { capturedAtUnixNano, sizeBytes: body.length }
  try {
    switch (signal) {
      case 'traces':
        return { ...arrived, signal, spans: decodeSpans(body) }
      case 'logs':
        return { ...arrived, signal, logRecords: decodeLogRecords(body) }
      case 'metrics':
        // The mapping writes what the type describes.
        return { ...arrived, signal, request: requestToJson(body, signal) }
    }
  } catch (error) {
    if (!(error instanceof MalformedOtlpError)) throw error
    onDamage?.(malformedBatch(batch, error))
    return undefined
  }
}
