// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { resolve } from 'node:path'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import type { OtlpBatch } from '../otlp/otlp-batch'
import type { Signal } from '../otlp/signal'
import { type RequestSummary, summarizeRequest } from '../otlp/summarize-request'
import { hasBlocks } from '../session/reading/block-walker'
import type { Damage } from '../session/damage'
import { readForeignObject } from '../session/reading/foreign-object'
import { ObjectBytes } from '../session/reading/object-bytes'
import { readSegment } from '../session/reading/segment-reader'
import { parseSegmentKey } from '../session/session-keys'
import type { FoundFile } from './find-files'

export interface ReadFileOptions {
  /** What the file is expected to hold. Default: what its name says. */
  expectedSignal?: Signal
  onDamage: (damage: Damage) => void
  signal: AbortSignal
}

/**
 * The batches of a file, with the time at which each arrived: a segment of ours
 * knows it. A file of another tool has one time for all its requests, which
 * would be replayed in one moment; there a request arrives at its last item's time.
 */
export async function* readImportedFile(
  file: FoundFile,
  { expectedSignal, onDamage, signal: abortSignal }: ReadFileOptions,
): AsyncGenerator<OtlpBatch, void, undefined> {
  const { store, object, path } = file
  const bytes = new ObjectBytes(store, object, abortSignal)
  if (await hasBlocks(bytes)) {
    yield* readSegment(object, { store, onDamage, signal: abortSignal })
    return
  }
  const named = parseSegmentKey(resolve(path).replaceAll('\\', '/'))
  const expected = expectedSignal ?? named.signal
  for await (const { signal, body } of readForeignObject(bytes, expected, onDamage)) {
    try {
      const summary = summarizeRequest(body, signal)
      const arrival = arrivalOf(summary, named.arrivalMillis, object.lastModified)
      yield { signal, body, capturedAtUnixNano: arrival }
    } catch (error) {
      if (!(error instanceof MalformedOtlpError)) throw error
      const { message } = error
      onDamage({ key: object.key, offsetBytes: 0, reason: 'malformed', message, signal })
    }
  }
}

const DAY_NANOS = 86_400_000_000_000n

function arrivalOf(
  { lastItemTimeUnixNano: last }: RequestSummary,
  namedMillis: number | undefined,
  lastModified: Date,
): bigint {
  if (namedMillis === undefined) return last ?? unixNanoOf(lastModified.getTime())
  // The path knows the minute or the hour at best. An item's time says it better,
  // unless the item is much older or newer than the file, as one sent again is.
  const named = unixNanoOf(namedMillis)
  return last !== undefined && last >= named && last < named + DAY_NANOS ? last : named
}

function unixNanoOf(millis: number): bigint {
  return BigInt(Math.floor(millis)) * 1_000_000n
}
