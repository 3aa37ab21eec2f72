// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import protobuf from 'protobufjs'
import { shiftTimes } from '../../src/otlp/shift-times'
import { shiftTimesByTrace } from '../../src/otlp/shift-times-by-trace'
import { SIGNALS } from '../../src/otlp/signal'
import type { JsonObject } from '../support/arbitrary-otlp'
import { decodeIndependently, encodeIndependently } from '../support/independent-decoder'
import { arbitrarySeededRequest, mapItems, mapScalars } from './json-request'

const BATCH_OFFSET = -7_000_000_000n

function traceIdAt(bytes: Uint8Array, start: number): string {
  return Buffer.from(bytes.subarray(start, start + 16)).toString('hex')
}

function shiftScalars(message: JsonObject, offset: bigint): JsonObject {
  return mapScalars(message, (name, value) =>
    name.endsWith('UnixNano') && value !== '0'
      ? String(BigInt.asUintN(64, BigInt(value) + offset))
      : value,
  )
}

function createOffsets() {
  const offsets = new Map<string, bigint>()
  return (traceId: string) => {
    const offset = offsets.get(traceId) ?? BigInt(offsets.size + 1) * 1_000_000_007n
    offsets.set(traceId, offset)
    return offset
  }
}

test.each(['traces', 'logs'] as const)(
  'in %s, each item moves by the offset of its trace, in whichever request it lies',
  (signal) => {
    const requests = fc.array(arbitrarySeededRequest(signal), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(requests, (session) => {
        const offsetOfTrace = createOffsets()
        for (const request of session) {
          const actual = shiftTimesByTrace(
            request.encode(request.json),
            signal,
            BATCH_OFFSET,
            (bytes, start) => offsetOfTrace(traceIdAt(bytes, start)),
          )
          const expected = mapItems(request.json, (item) => {
            const traceId = item.traceId as string | undefined
            return shiftScalars(item, traceId ? offsetOfTrace(traceId) : BATCH_OFFSET)
          })
          expect(Buffer.compare(actual, request.encode(expected))).toBe(0)
        }
      }),
    )
  },
)

test('metrics move by the offset of their batch, exemplars of a trace included', () => {
  fc.assert(
    fc.property(arbitrarySeededRequest('metrics'), (request) => {
      const bytes = request.encode(request.json)
      const actual = shiftTimesByTrace(bytes, 'metrics', BATCH_OFFSET, () => 1n)
      expect(Buffer.compare(actual, shiftTimes(bytes, 'metrics', BATCH_OFFSET))).toBe(0)
    }),
  )
})

test.each(SIGNALS)('%s: one offset for all is a plain shift', (signal) => {
  fc.assert(
    fc.property(arbitrarySeededRequest(signal), fc.bigInt(), (request, offset) => {
      const bytes = request.encode(request.json)
      const actual = shiftTimesByTrace(bytes, signal, offset, () => offset)
      expect(Buffer.compare(actual, shiftTimes(bytes, signal, offset))).toBe(0)
    }),
  )
})

describe('what belongs to no trace moves by the batch offset', () => {
  const start = { startTimeUnixNano: '1000' }
  const moved = { startTimeUnixNano: '1005' }

  test.each([
    ['no trace id', {}],
    ['an empty one', { traceId: Buffer.alloc(0) }],
    ['16 zeros', { traceId: Buffer.alloc(16) }],
    ['8 bytes', { traceId: Buffer.alloc(8, 1) }],
    ['17 bytes', { traceId: Buffer.alloc(17, 1) }],
  ])('a span with %s', (_title, id) => {
    const span = { ...id, ...start, links: [{ traceId: Buffer.alloc(16, 1) }] }
    const bytes = encodeIndependently('traces', {
      resourceSpans: [{ scopeSpans: [{ spans: [span] }] }],
    })
    const shifted = shiftTimesByTrace(bytes, 'traces', 5n, () => {
      throw new Error('there is no trace to ask for')
    })
    expect(decodeIndependently('traces', shifted)).toMatchObject({
      resourceSpans: [{ scopeSpans: [{ spans: [moved] }] }],
    })
  })
})

test('of several trace ids in one record the last counts, wherever it stands', () => {
  const writer = protobuf.Writer.create()
  writer.uint32(0x0a).fork().uint32(0x12).fork().uint32(0x12).fork()
  writer.uint32(0x4a).bytes(Buffer.alloc(16, 1))
  writer.uint32(0x09).fixed64('1000')
  writer.uint32(0x4a).bytes(Buffer.alloc(16, 0xab))
  const bytes = writer.ldelim().ldelim().ldelim().finish()
  const asked: string[] = []
  const shifted = shiftTimesByTrace(bytes, 'logs', 5n, (bytes, start) => {
    asked.push(traceIdAt(bytes, start))
    return 7n
  })
  expect(asked).toEqual(['ab'.repeat(16)])
  expect(decodeIndependently('logs', shifted)).toMatchObject({
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '1007' }] }] }],
  })
})

test('a trace is asked for with each of its spans, and what is no trace never', () => {
  const spans = [1, 2, 1, 0, 2, 1].map((trace) => ({ traceId: Buffer.alloc(16, trace) }))
  const body = encodeIndependently('traces', { resourceSpans: [{ scopeSpans: [{ spans }] }] })
  const asked: string[] = []
  shiftTimesByTrace(body, 'traces', 5n, (bytes, start) => {
    asked.push(traceIdAt(bytes, start))
    return 7n
  })
  expect(asked).toEqual(['01', '02', '01', '02', '01'].map((byte) => byte.repeat(16)))
})
