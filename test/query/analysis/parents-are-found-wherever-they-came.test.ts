// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { decodeSpans } from '../../../src/otlp/decode-spans'
import { resolveParents } from '../../../src/query/analysis/model/resolve-parents'
import { SpanRows } from '../../../src/query/analysis/model/span-rows'
import { TraceIds } from '../../../src/query/analysis/model/trace-ids'
import { LOST_PARENT, NO_PARENT } from '../../../src/query/analysis/session-model'
import { spanIdOf, traceBatch, traceIdOf } from './made-session'

const [TEMPLATE] = decodeSpans(
  traceBatch({ service: 'cart', name: 'work', at: 0, takes: 1 }, traceIdOf(0)).body,
)

interface Drawn {
  readonly trace: number
  readonly id: number
  /** 0: none. */
  readonly parent: number
}

/** Few ids, so that parents are there, missing, of another trace, and in circles. */
const drawnSpans = fc.uniqueArray(
  fc.record({ trace: fc.nat(3), id: fc.integer({ min: 1, max: 30 }), parent: fc.nat(36) }),
  { maxLength: 80, selector: ({ trace, id }) => trace * 100 + id },
)

function rowsOf(drawn: readonly Drawn[]): SpanRows {
  const rows = new SpanRows(new TraceIds(), 1_000)
  for (const [index, { trace, id, parent }] of drawn.entries()) {
    const context = (span: number) => ({
      traceId: traceIdOf(trace),
      spanId: spanIdOf(span),
      traceFlags: 1,
    })
    const parentSpanContext = parent === 0 ? undefined : context(parent)
    const span = { ...TEMPLATE, spanContext: () => context(id), parentSpanContext }
    rows.add(span, { service: 0, instance: 0 }, index)
  }
  return rows
}

/** The row of the span that is named, by looking at each. */
function plainParent(drawn: readonly Drawn[], { trace, parent }: Drawn): number {
  if (parent === 0) return NO_PARENT
  const row = drawn.findIndex((other) => other.trace === trace && other.id === parent)
  return row < 0 ? LOST_PARENT : row
}

function isInCircle(drawn: readonly Drawn[], row: number): boolean {
  let at = row
  for (let steps = 0; steps < drawn.length; steps++) {
    at = plainParent(drawn, drawn[at])
    if (at < 0) return false
    if (at === row) return true
  }
  return false
}

test('every parent is the span that is named, unless that is missing or a descendant', () => {
  fc.assert(
    fc.property(drawnSpans, (drawn) => {
      const { parent, cyclicSpans } = resolveParents(rowsOf(drawn))
      const inCircles = drawn.map((_, row) => isInCircle(drawn, row))
      expect([...parent]).toEqual(
        drawn.map((span, row) => (inCircles[row] ? LOST_PARENT : plainParent(drawn, span))),
      )
      expect(cyclicSpans).toBe(inCircles.filter(Boolean).length)
    }),
  )
})

test('ids are found again among more than fit the first table', () => {
  const ids = new TraceIds()
  const random = Array.from({ length: 20_000 }, (_, index) =>
    index % 3 === 0 ? traceIdOf(index) : (BigInt(index) ** 20n).toString(16).slice(-32),
  )
  const numbers = random.map((id) => ids.numberOf(id))
  expect(random.map((id) => ids.numberOf(id))).toEqual(numbers)
  expect(new Set(numbers).size).toBe(new Set(random).size)
  expect(numbers.map((number) => ids.idOf(number))).toEqual(random)
})
