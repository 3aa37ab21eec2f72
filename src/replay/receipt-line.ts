// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReplayStatus } from './replay-status'

/** What became of a batch that was sent. Items that arrived, were refused, and were left out before. */
export interface BatchOutcome {
  readonly position: number
  readonly sentItems: number
  readonly failedItems: number
  readonly filteredItems: number
}

/**
 * A line of a receipt, behind its header (docs/replay.md, "The receipt"):
 *
 * - `object`: from now on, this number stands for this key
 * - `batch`: what became of a batch of such an object
 * - `offset`: by how much the whole replay is moved
 * - `traces`: by how much traces are moved; their ids, 16 bytes each, end to end
 * - `run`: how a run ended
 */
export type ReceiptLine =
  | { readonly kind: 'object'; readonly object: number; readonly key: string }
  | ({ readonly kind: 'batch'; readonly object: number } & BatchOutcome)
  | { readonly kind: 'offset'; readonly offsetNanos: bigint }
  | { readonly kind: 'traces'; readonly offsetNanos: bigint; readonly traceIds: Buffer }
  | { readonly kind: 'run' }

export const TRACE_ID_BYTES = 16

export function formatObject(object: number, key: string): string {
  return JSON.stringify({ object, key })
}

/** `[object,position,sent]`, with `,failed` and `,filtered` where they are not 0. */
export function formatBatch(object: number, outcome: BatchOutcome): string {
  const { position, sentItems, failedItems, filteredItems } = outcome
  if (filteredItems > 0)
    return `[${object},${position},${sentItems},${failedItems},${filteredItems}]`
  if (failedItems > 0) return `[${object},${position},${sentItems},${failedItems}]`
  return `[${object},${position},${sentItems}]`
}

export function formatOffset(offsetNanos: bigint): string {
  return JSON.stringify({ offsetNanos: String(offsetNanos) })
}

export function formatTraces(offsetNanos: bigint, traceIds: Buffer): string {
  return JSON.stringify({
    offsetNanos: String(offsetNanos),
    traces: traceIds.toString('base64'),
  })
}

export function formatRun({ status, startedAt, completedAt, ...counts }: ReplayStatus): string {
  const { sentRecords, failedRecords, filteredRecords, skippedRecords, totalRecords } = counts
  return JSON.stringify({
    run: {
      ...{ status, startedAt, completedAt },
      ...{ sentRecords, failedRecords, filteredRecords, skippedRecords, totalRecords },
    },
  })
}

/** `undefined` if it is none. */
export function parseReceiptLine(text: string): ReceiptLine | undefined {
  const line = parseJson(text)
  if (Array.isArray(line)) return parseBatch(line)
  if (typeof line !== 'object' || line === null) return undefined
  const { object, key, offsetNanos, traces, run } = line as Record<string, unknown>
  if (typeof run === 'object' && run !== null) return { kind: 'run' }
  if (isCount(object) && typeof key === 'string') return { kind: 'object', object, key }
  const offset = parseOffset(offsetNanos)
  if (offset === undefined) return undefined
  if (traces === undefined) return { kind: 'offset', offsetNanos: offset }
  const traceIds = typeof traces === 'string' ? Buffer.from(traces, 'base64') : undefined
  if (!traceIds || traceIds.length % TRACE_ID_BYTES !== 0) return undefined
  return { kind: 'traces', offsetNanos: offset, traceIds }
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function parseBatch(line: readonly unknown[]): ReceiptLine | undefined {
  if (line.length < 3 || line.length > 5 || !line.every(isCount)) return undefined
  const [object, position, sentItems, failedItems = 0, filteredItems = 0] = line
  return { kind: 'batch', object, position, sentItems, failedItems, filteredItems }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Some 20 digits are all that an offset between two 64-bit times can have. */
function parseOffset(value: unknown): bigint | undefined {
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined
}
