// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { OtlpBatch } from '../otlp/otlp-batch'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import { summarizeRequest } from '../otlp/summarize-request'

/** A batch on its way through a replay: what the stages it has passed know of it. */
export interface ReplayBatch extends OtlpBatch {
  /** Spans, metric data points or log records. Absent: nobody has counted them yet. */
  readonly itemCount?: number
  /** The object it was read from. */
  readonly key?: string
  /** Which one it is of those in that object. */
  readonly position?: number
  /** How many items it held before filters and transforms, where a receipt is kept. */
  readonly storedItemCount?: number
  /** When `pace` let it through, in nanoseconds since the Unix epoch. */
  readonly replayTimeUnixNano?: bigint
  /**
   * By how much a shift moved its times. After `shiftCurrent`: those of its items that
   * belong to no trace.
   */
  readonly offsetNanos?: bigint
}

/** How many items a batch holds, counted if nobody did so before; 0 if it can't be read. */
export function itemsOf(batch: ReplayBatch): number {
  if (batch.itemCount !== undefined) return batch.itemCount
  try {
    return summarizeRequest(batch.body, batch.signal).itemCount
  } catch (error) {
    if (error instanceof MalformedOtlpError) return 0
    throw error
  }
}
