// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Remembers by how much each trace was moved, so that its later spans move by as much. */
export interface TraceOffsets {
  /** The trace's offset; `offsetNanos`, from now on, if it has none yet. */
  offsetOf(traceId: string, offsetNanos: bigint): bigint
}

/**
 * Remembers the `maxTraces` traces that were asked for last, and at most twice
 * as many.
 *
 * Two generations instead of an order by use: a trace found in the old one moves
 * to the new one, and when the new one is full, the old one is dropped whole. A
 * span costs a lookup, and a trace that is still being sent is not forgotten,
 * however long it lasts and however many others come and go meanwhile.
 */
export function createTraceOffsets(maxTraces: number): TraceOffsets {
  let recent = new Map<string, bigint>()
  let older = new Map<string, bigint>()
  return {
    offsetOf(traceId, offsetNanos) {
      const known = recent.get(traceId)
      if (known !== undefined) return known
      const offset = older.get(traceId) ?? offsetNanos
      if (recent.size >= maxTraces) {
        older = recent
        recent = new Map()
      }
      recent.set(traceId, offset)
      return offset
    },
  }
}
