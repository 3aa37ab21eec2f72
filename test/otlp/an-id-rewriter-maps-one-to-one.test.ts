// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { createIdRewriter } from '../../src/otlp/id-rewriter'

const traceId = fc.uint8Array({ minLength: 16, maxLength: 16 }).filter((id) => id.some(Boolean))
const spanId = fc.uint8Array({ minLength: 8, maxLength: 8 }).filter((id) => id.some(Boolean))
const hex = (id: Uint8Array) => Buffer.from(id).toString('hex')

test('the same seed gives the same ids, another seed other ids', () => {
  fc.assert(
    fc.property(traceId, spanId, fc.string(), fc.string(), (trace, span, seed, other) => {
      fc.pre(seed !== other)
      const first = createIdRewriter(seed)
      const again = createIdRewriter(seed)
      const second = createIdRewriter(other)
      expect(hex(first.traceId(trace))).toBe(hex(again.traceId(trace)))
      expect(hex(first.spanId(span))).toBe(hex(again.spanId(span)))
      expect(hex(first.traceId(trace))).not.toBe(hex(second.traceId(trace)))
      expect(hex(first.spanId(span))).not.toBe(hex(second.spanId(span)))
    }),
  )
})

test('two ids never become one', () => {
  fc.assert(
    fc.property(fc.string(), spanId, spanId, (seed, one, two) => {
      fc.pre(hex(one) !== hex(two))
      const rewriter = createIdRewriter(seed)
      expect(hex(rewriter.spanId(one))).not.toBe(hex(rewriter.spanId(two)))
    }),
  )
})

test('no id becomes all zero, which would mean "no id", nor takes the place of another', () => {
  fc.assert(
    fc.property(fc.string(), traceId, (seed, other) => {
      const rewriter = createIdRewriter(seed)
      // XOR with itself: the one id whose image would be all zero.
      const critical = Uint8Array.from(rewriter.traceId(other), (byte, at) => byte ^ other[at])
      fc.pre(hex(critical) !== hex(other))
      expect(rewriter.traceId(critical).some(Boolean)).toBe(true)
      expect(hex(rewriter.traceId(critical))).not.toBe(hex(rewriter.traceId(other)))
    }),
  )
})

test('ten thousand seeds give ten thousand mappings', () => {
  const id = new Uint8Array(8).fill(1)
  const images = new Set<string>()
  for (let seed = 0; seed < 10_000; seed++) {
    images.add(hex(createIdRewriter(`session/${seed}`).spanId(id)))
  }
  expect(images.size).toBe(10_000)
})
