// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import type { SpanColumns } from '../../../src/query/analysis/session-model'
import type { SpanTree } from '../../../src/query/analysis/span-tree'
import { accountForTime, isRootOfPath } from '../../../src/query/analysis/time-accounts'

interface Drawn {
  readonly parent: number
  readonly start: number
  readonly duration: number
}

/** Spans of whole milliseconds, each below an earlier one, or none; clocks may disagree. */
const trees = fc
  .array(fc.record({ above: fc.nat(), start: fc.nat(40), duration: fc.nat(30) }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((drafts) =>
    drafts.map(({ above, start, duration }, index): Drawn => ({
      parent: index === 0 || above % 9 === 0 ? -1 : above % index,
      start,
      duration,
    })),
  )

function columnsOf(drawn: readonly Drawn[]): SpanColumns {
  const none = new Uint32Array(drawn.length)
  return {
    count: drawn.length,
    operation: none,
    trace: none,
    parent: Int32Array.from(drawn, ({ parent }) => parent),
    startMillis: Float64Array.from(drawn, ({ start }) => start),
    durationMillis: Float64Array.from(drawn, ({ duration }) => duration),
    flags: new Uint8Array(drawn.length),
    statement: none,
    instance: none,
  }
}

function treeOf(drawn: readonly Drawn[]): SpanTree {
  const offsets = [0]
  const rows: number[] = []
  for (const row of drawn.keys()) {
    const children = [...drawn.keys()].filter((child) => drawn[child].parent === row)
    rows.push(...children.sort((a, b) => drawn[a].start - drawn[b].start))
    offsets.push(rows.length)
  }
  return { offsets: Uint32Array.from(offsets), rows: Uint32Array.from(rows) }
}

const isRunning = ({ start, duration }: Drawn, at: number) => start <= at && at < start + duration

/** Millisecond by millisecond: how many of them no child ran in. */
function plainSelfTime(drawn: readonly Drawn[], row: number): number {
  const { start, duration } = drawn[row]
  let self = 0
  for (let at = start; at < start + duration; at++) {
    if (!drawn.some((span) => span.parent === row && isRunning(span, at))) self++
  }
  return self
}

test('self time is the time in which no child runs, counted millisecond by millisecond', () => {
  fc.assert(
    fc.property(trees, (drawn) => {
      const { selfMillis } = accountForTime(columnsOf(drawn), treeOf(drawn))
      expect([...selfMillis]).toEqual(drawn.map((_, row) => plainSelfTime(drawn, row)))
    }),
  )
})

test('critical paths take exactly as long as what they lead through', () => {
  fc.assert(
    fc.property(trees, (drawn) => {
      const columns = columnsOf(drawn)
      const { criticalMillis, pathMillis } = accountForTime(columns, treeOf(drawn))
      const roots = drawn.filter((_, row) => isRootOfPath(columns, row))
      expect(pathMillis).toBe(roots.reduce((sum, { duration }) => sum + duration, 0))
      expect(criticalMillis.reduce((sum, millis) => sum + millis, 0)).toBe(pathMillis)
      for (const [row, { duration }] of drawn.entries()) {
        expect(criticalMillis[row]).toBeGreaterThanOrEqual(0)
        expect(criticalMillis[row]).toBeLessThanOrEqual(duration)
      }
    }),
  )
})

test.each<[what: string, drawn: Drawn[], critical: number[]]>([
  [
    'one after the other: both',
    [
      { parent: -1, start: 0, duration: 10 },
      { parent: 0, start: 1, duration: 3 },
      { parent: 0, start: 5, duration: 4 },
    ],
    [3, 3, 4],
  ],
  [
    'side by side: the one that ends last, with what it waits for',
    [
      { parent: -1, start: 0, duration: 10 },
      { parent: 0, start: 1, duration: 3 },
      { parent: 0, start: 1, duration: 8 },
      { parent: 2, start: 2, duration: 6 },
    ],
    [2, 0, 2, 6],
  ],
  [
    'what runs on behind its parent: as far as the parent runs',
    [
      { parent: -1, start: 0, duration: 10 },
      { parent: 0, start: 6, duration: 20 },
    ],
    [6, 4],
  ],
  [
    'what begins behind its parent: a path of its own',
    [
      { parent: -1, start: 0, duration: 10 },
      { parent: 0, start: 30, duration: 20 },
    ],
    [10, 20],
  ],
])('of calls %s', (_, drawn, critical) => {
  const { criticalMillis } = accountForTime(columnsOf(drawn), treeOf(drawn))
  expect([...criticalMillis]).toEqual(critical)
})
