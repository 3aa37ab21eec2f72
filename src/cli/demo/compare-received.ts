// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../../otlp/signal'
import type { ReceivedRequest } from './otlp-backend'
import { type ReceivedItem, receivedItems } from './received-items'

/** How what one backend received differs from what the other did. */
export interface Comparison {
  readonly signals: Readonly<Record<Signal, SignalComparison>>
  /** Spans, data points and log records that differ in more than their times, or are in one only. */
  readonly differingItems: number
  /** Times that were compared. */
  readonly times: number
  /** By how much a time moved at the least, in nanoseconds; `undefined` without any time. */
  readonly leastShiftNanos: bigint | undefined
  /** By how much a time moved at the most. */
  readonly mostShiftNanos: bigint | undefined
  /** By how much the distance of any two times has changed at the most, in nanoseconds. */
  readonly largestChangeNanos: bigint
}

export interface SignalComparison {
  readonly capturedItems: number
  readonly replayedItems: number
}

/**
 * Compares two backends' requests item by item. Items are the same if they are
 * so in all but their times; among equal ones, the earlier belongs to the earlier.
 */
export function compareReceived(
  captured: readonly ReceivedRequest[],
  replayed: readonly ReceivedRequest[],
): Comparison {
  const [before, after] = [receivedItems(captured), receivedItems(replayed)]
  const shifts: bigint[] = []
  let differingItems = 0
  for (const signal of SIGNALS) {
    const { pairs, alone } = pair(before[signal], after[signal])
    differingItems += alone
    for (const [from, to] of pairs) {
      shifts.push(...to.times.map((time, index) => time - from.times[index]))
    }
  }
  const least = shifts.reduce(lesser, shifts[0])
  const most = shifts.reduce(greater, shifts[0])
  const countsOf = (signal: Signal): SignalComparison => ({
    capturedItems: before[signal].length,
    replayedItems: after[signal].length,
  })
  return {
    signals: { traces: countsOf('traces'), metrics: countsOf('metrics'), logs: countsOf('logs') },
    differingItems,
    times: shifts.length,
    leastShiftNanos: least,
    mostShiftNanos: most,
    // Two times move apart by the difference of their shifts.
    largestChangeNanos: shifts.length === 0 ? 0n : most - least,
  }
}

function pair(
  before: readonly ReceivedItem[],
  after: readonly ReceivedItem[],
): { pairs: [ReceivedItem, ReceivedItem][]; alone: number } {
  const [left, right] = [byContent(before), byContent(after)]
  const pairs: [ReceivedItem, ReceivedItem][] = []
  for (const [content, items] of left) {
    const others = right.get(content) ?? []
    for (const [index, other] of others.slice(0, items.length).entries()) {
      pairs.push([items[index], other])
    }
  }
  return { pairs, alone: before.length + after.length - 2 * pairs.length }
}

function byContent(items: readonly ReceivedItem[]): Map<string, ReceivedItem[]> {
  const groups = new Map<string, ReceivedItem[]>()
  for (const item of items) {
    const group = groups.get(item.content)
    if (group) group.push(item)
    else groups.set(item.content, [item])
  }
  for (const group of groups.values()) group.sort(byTimes)
  return groups
}

function byTimes(a: ReceivedItem, b: ReceivedItem): number {
  for (const [index, time] of a.times.entries()) {
    if (time !== b.times[index]) return time < b.times[index] ? -1 : 1
  }
  return 0
}

function lesser(a: bigint, b: bigint): bigint {
  return b < a ? b : a
}

function greater(a: bigint, b: bigint): bigint {
  return b > a ? b : a
}
