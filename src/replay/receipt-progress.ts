// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { PositionRanges } from './position-ranges'
import { type BatchOutcome, type ReceiptLine, TRACE_ID_BYTES } from './receipt-line'
import type { TraceOffsets } from './trace-offsets'

/** Items of the batches that are done. */
export interface DoneItems {
  readonly sentItems: number
  readonly failedItems: number
  readonly filteredItems: number
}

/** What the lines of a receipt say together, in the order in which they stand there. */
export class ReceiptProgress {
  offsetNanos?: bigint
  readonly #traceOffsets: TraceOffsets
  readonly #keys: string[] = []
  readonly #numbers = new Map<string, number>()
  readonly #done = new Map<string, PositionRanges>()
  #items: DoneItems = { sentItems: 0, failedItems: 0, filteredItems: 0 }

  constructor(traceOffsets: TraceOffsets) {
    this.#traceOffsets = traceOffsets
  }

  get doneItems(): DoneItems {
    return this.#items
  }

  isDone(key: string, position: number): boolean {
    return this.#done.get(key)?.has(position) ?? false
  }

  numberOf(key: string): number | undefined {
    return this.#numbers.get(key)
  }

  /** Gives a key the next number. */
  addKey(key: string): number {
    const number = this.#keys.push(key) - 1
    this.#numbers.set(key, number)
    return number
  }

  /** Whether the line makes sense behind those before it. */
  read(line: ReceiptLine): boolean {
    switch (line.kind) {
      case 'run':
        return true
      case 'object':
        return line.object === this.#keys.length && this.addKey(line.key) === line.object
      case 'offset':
        this.offsetNanos ??= line.offsetNanos
        return true
      case 'traces':
        for (let start = 0; start < line.traceIds.length; start += TRACE_ID_BYTES) {
          this.#traceOffsets.offsetOf(line.traceIds, start, line.offsetNanos)
        }
        return true
      case 'batch': {
        const key = this.#keys[line.object] as string | undefined
        if (key !== undefined) this.#readBatch(key, line)
        return key !== undefined
      }
    }
  }

  #readBatch(key: string, outcome: BatchOutcome): void {
    if (!isSettled(outcome)) return
    const done = this.#done.get(key) ?? new PositionRanges()
    this.#done.set(key, done)
    if (!done.add(outcome.position)) return
    const { sentItems, failedItems, filteredItems } = this.#items
    this.#items = {
      sentItems: sentItems + outcome.sentItems,
      failedItems: failedItems + outcome.failedItems,
      filteredItems: filteredItems + outcome.filteredItems,
    }
  }
}

/**
 * Whether a batch must not be sent again. One that was refused whole is tried again by the next
 * run; of one that was refused in part, the rest has arrived and would arrive twice.
 */
function isSettled({ sentItems, failedItems }: BatchOutcome): boolean {
  return sentItems > 0 || failedItems === 0
}
