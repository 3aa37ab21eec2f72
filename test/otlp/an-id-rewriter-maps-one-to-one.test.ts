// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { createIdRewriter } from '../../src/otlp/id-rewriter'
import { rewrittenSpanId, rewrittenTraceId } from './rewritten-id'

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
      expect(hex(rewrittenTraceId(first, trace))).toBe(hex(rewrittenTraceId(again, trace)))
      expect(hex(rewrittenSpanId(first, span))).toBe(hex(rewrittenSpanId(again, span)))
      expect(hex(rewrittenTraceId(first, trace))).not.toBe(hex(rewrittenTraceId(second, trace)))
      expect(hex(rewrittenSpanId(first, span))).not.toBe(hex(rewrittenSpanId(second, span)))
    }),
  )
})

test('two ids never become one', () => {
  fc.assert(
    fc.property(fc.string(), spanId, spanId, (seed, one, two) => {
      fc.pre(hex(one) !== hex(two))
      const rewriter = createIdRewriter(seed)
      expect(hex(rewrittenSpanId(rewriter, one))).not.toBe(hex(rewrittenSpanId(rewriter, two)))
    }),
  )
})

test('no id becomes all zero, which would mean "no id", nor takes the place of another', () => {
  fc.assert(
    fc.property(fc.string(), traceId, (seed, other) => {
      const rewriter = createIdRewriter(seed)
      // XOR with itself: the one id whose image would be all zero.
      const critical = Uint8Array.from(
        rewrittenTraceId(rewriter, other),
        (byte, at) => byte ^ other[at],
      )
      fc.pre(hex(critical) !== hex(other))
      expect(rewrittenTraceId(rewriter, critical).some(Boolean)).toBe(true)
      expect(hex(rewrittenTraceId(rewriter, critical))).not.toBe(
        hex(rewrittenTraceId(rewriter, other)),
      )
    }),
  )
})

test('ten thousand seeds give ten thousand mappings', () => {
  const id = new Uint8Array(8).fill(1)
  const images = new Set<string>()
  for (let seed = 0; seed < 10_000; seed++) {
    images.add(hex(rewrittenSpanId(createIdRewriter(`session/${seed}`), id)))
  }
  expect(images.size).toBe(10_000)
})
