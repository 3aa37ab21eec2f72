// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { createIdRewriter } from '../../src/otlp/id-rewriter'
import { rewriteIds } from '../../src/otlp/rewrite-ids'
import { SIGNALS } from '../../src/otlp/signal'
import { decodeIndependently, encodeIndependently } from '../support/independent-decoder'
import { arbitrarySeededRequest, mapScalars } from './json-request'
import { rewrittenSpanId, rewrittenTraceId } from './rewritten-id'

const ID_BYTES: Readonly<Record<string, number>> = { traceId: 16, spanId: 8, parentSpanId: 8 }

test.each(SIGNALS)('in %s, the same id becomes the same id, wherever it stands', (signal) => {
  fc.assert(
    fc.property(arbitrarySeededRequest(signal), fc.string(), (request, seed) => {
      const rewriter = createIdRewriter(seed)
      const expected = mapScalars(request.json, (name, value) => {
        if (ID_BYTES[name] * 2 !== value.length || /^0*$/.test(value)) return value
        const id = Buffer.from(value, 'hex')
        const mapped =
          name === 'traceId' ? rewrittenTraceId(rewriter, id) : rewrittenSpanId(rewriter, id)
        return Buffer.from(mapped).toString('hex')
      })
      const bytes = request.encode(request.json)
      const before = Buffer.from(bytes)
      const actual = rewriteIds(bytes, signal, rewriter)
      expect(Buffer.compare(actual, request.encode(expected))).toBe(0)
      expect(before.equals(bytes)).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test('a child still names its parent, a link its span, a log record its trace', () => {
  const rewriter = createIdRewriter('second run')
  const traceId = Buffer.alloc(16, 0x11)
  const parent = { traceId, spanId: Buffer.alloc(8, 0x21) }
  const child = {
    traceId,
    spanId: Buffer.alloc(8, 0x22),
    parentSpanId: parent.spanId,
    links: [parent],
  }
  const traces = { resourceSpans: [{ scopeSpans: [{ spans: [parent, child] }] }] }
  const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: [parent] }] }] }

  const spans = rewriteIds(encodeIndependently('traces', traces), 'traces', rewriter)
  const records = rewriteIds(encodeIndependently('logs', logs), 'logs', rewriter)

  const newParent = {
    traceId: Buffer.from(rewrittenTraceId(rewriter, traceId)),
    spanId: Buffer.from(rewrittenSpanId(rewriter, parent.spanId)),
  }
  const newChild = {
    traceId: newParent.traceId,
    spanId: Buffer.from(rewrittenSpanId(rewriter, child.spanId)),
    parentSpanId: newParent.spanId,
    links: [newParent],
  }
  expect(decodeIndependently('traces', spans)).toEqual({
    resourceSpans: [{ scopeSpans: [{ spans: [newParent, newChild] }] }],
  })
  expect(decodeIndependently('logs', records)).toEqual({
    resourceLogs: [{ scopeLogs: [{ logRecords: [newParent] }] }],
  })
})

test('ids that are empty or of another length are not shown to a rewriter', () => {
  const spans = [0, 7, 9, 15, 17, 32].map((length) => ({
    traceId: Buffer.alloc(length, 1),
    spanId: Buffer.alloc(length, 1),
  }))
  const bytes = encodeIndependently('traces', { resourceSpans: [{ scopeSpans: [{ spans }] }] })
  const never = () => {
    throw new Error('there is no id to rewrite')
  }
  expect(rewriteIds(bytes, 'traces', { rewriteTraceId: never, rewriteSpanId: never })).toEqual(
    new Uint8Array(bytes),
  )
})

test('ids that are all zero stay so: they mean "no id"', () => {
  const spans = [{ traceId: Buffer.alloc(16), spanId: Buffer.alloc(8) }]
  const bytes = encodeIndependently('traces', { resourceSpans: [{ scopeSpans: [{ spans }] }] })
  expect(rewriteIds(bytes, 'traces', createIdRewriter('seed'))).toEqual(new Uint8Array(bytes))
})
