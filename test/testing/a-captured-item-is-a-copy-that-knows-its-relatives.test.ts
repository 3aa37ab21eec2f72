// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Span } from '@opentelemetry/api'
import fc from 'fast-check'
import { type CapturedSpan, startTestCapture } from '../../src/testing'
import { attachProviders, contextOf, first } from './attached-providers'

function captureOrder() {
  const tape = startTestCapture()
  const { startSpan, logger } = attachProviders(tape)
  const root = startSpan('order')
  const pay = startSpan('pay', root)
  const ship = startSpan('ship', root)
  logger.emit({ body: 'card accepted', context: contextOf(pay) })
  ship.end()
  pay.end()
  root.end()
  const byName = (name: string) => first(tape.spans({ name }))
  return { tape, order: byName('order'), pay: byName('pay'), ship: byName('ship') }
}

test('parents, children, traces and logs are at hand, in order of start', () => {
  const { tape, order, pay, ship } = captureOrder()
  expect(order.parent).toBeUndefined()
  expect(pay.parent).toBe(order)
  expect(order.children).toEqual([pay, ship])
  expect(ship.trace).toEqual([order, pay, ship])
  expect(pay.logs).toEqual([expect.objectContaining({ body: 'card accepted' })])
  expect(first(tape.logs()).span).toBe(pay)
})

test('relatives can be matched, and do not count for equality', () => {
  const { pay } = captureOrder()
  expect(pay).toMatchObject({ name: 'pay', parent: { name: 'order' }, children: [] })
  expect({ ...pay }).toEqual(pay)
  expect(Object.keys(pay)).not.toContain('parent')
})

test('JSON has all fields, 64-bit times as decimal strings, and no relatives', () => {
  const { tape, order } = captureOrder()
  const { startTimeUnixNano, endTimeUnixNano, ...rest } = { ...order }
  expect(JSON.parse(JSON.stringify(order))).toEqual({
    ...rest,
    startTimeUnixNano: String(startTimeUnixNano),
    endTimeUnixNano: String(endTimeUnixNano),
  })
  expect(JSON.stringify(tape.logs())).toContain('"body":"card accepted"')
})

test('what the app changes later changes nothing that was captured', () => {
  const tape = startTestCapture()
  const { startSpan, logger } = attachProviders(tape)
  const tags = ['a']
  const body = { items: [1] }
  startSpan('span', undefined, { attributes: { tags } }).end()
  logger.emit({ body })
  tags.push('b')
  body.items.push(2)
  expect(first(tape.spans()).attributes).toEqual({ tags: ['a'] })
  expect(first(tape.logs()).body).toEqual({ items: [1] })
})

test('a log body that holds itself does not overflow the stack', () => {
  const tape = startTestCapture()
  const body: Record<string, unknown> = { text: 'hello', bytes: new Uint8Array([1, 2]) }
  body.self = body
  attachProviders(tape).logger.emit({ body: body as never })
  expect(first(tape.logs()).body).toEqual({
    text: 'hello',
    bytes: new Uint8Array([1, 2]),
    self: '[circular]',
  })
})

test('an open span is shown as it is now, and ends up among the ended ones', () => {
  const tape = startTestCapture()
  const { startSpan } = attachProviders(tape)
  const span = startSpan('upload')
  const before = first(tape.openSpans())
  span.setAttribute('bytes', 5)
  expect(before.attributes).toEqual({})
  expect(first(tape.openSpans({ name: 'upload' })).attributes).toEqual({ bytes: 5 })
  expect(tape.spans()).toEqual([])
  span.end()
  expect(tape.openSpans()).toEqual([])
  expect(tape.spans({ attributes: { bytes: 5 } })).toHaveLength(1)
})

// As under a faked clock, where order can't come from times.
const FROZEN: [number, number] = [1_700_000_000, 0]

test('any tree, ended in any order, is found again', () => {
  const trees = fc.array(fc.nat(), { minLength: 1, maxLength: 30 }).map((picks) =>
    // Span i hangs below one of those before it; span 0 is the root.
    picks.map((pick, i) => (i === 0 ? undefined : pick % i)),
  )
  fc.assert(
    fc.property(trees, fc.infiniteStream(fc.nat()), (parents, randoms) => {
      const tape = startTestCapture()
      const { startSpan } = attachProviders(tape)
      const spans: Span[] = []
      parents.forEach((parent, i) => {
        const options = { startTime: FROZEN }
        spans.push(startSpan(String(i), parent === undefined ? undefined : spans[parent], options))
      })
      const left = [...spans]
      while (left.length > 0)
        left.splice(Number(randoms.next().value) % left.length, 1)[0].end(FROZEN)

      const found = new Map(tape.spans().map((span) => [Number(span.name), span]))
      parents.forEach((parent, i) => {
        expect(found.get(i)?.parent?.name).toBe(parent === undefined ? undefined : String(parent))
        expect(names(found.get(i)?.children)).toEqual(
          parents.flatMap((p, child) => (p === i ? [String(child)] : [])),
        )
      })
      expect(names(found.get(0)?.trace)).toEqual(parents.map((_, i) => String(i)))
    }),
    { numRuns: 50 },
  )
})

function names(spans: readonly CapturedSpan[] = []): string[] {
  return spans.map((span) => span.name)
}
