// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { shiftTimes } from '../../src/otlp/shift-times'
import { SIGNALS } from '../../src/otlp/signal'
import { decodeIndependently, encodeIndependently } from '../support/independent-decoder'
import { arbitrarySeededRequest, mapScalars } from './json-request'

const arbitraryOffset = fc.oneof(
  fc.bigInt(-(10n ** 18n), 10n ** 18n),
  fc.bigInt(-(2n ** 70n), 2n ** 70n),
  fc.constantFrom(0n, 1n, -1n, 2n ** 32n, -(2n ** 32n), 2n ** 32n - 1n, 2n ** 63n, 2n ** 64n),
)

describe.each(SIGNALS)('a shift of %s', (signal) => {
  test('moves every time by the offset, and not one byte besides', () => {
    const shifted = (name: string, value: string, offset: bigint) =>
      name.endsWith('UnixNano') && value !== '0'
        ? String(BigInt.asUintN(64, BigInt(value) + offset))
        : value
    fc.assert(
      fc.property(arbitrarySeededRequest(signal), arbitraryOffset, (request, offset) => {
        const expected = mapScalars(request.json, (name, value) => shifted(name, value, offset))
        const actual = shiftTimes(request.encode(request.json), signal, offset)
        expect(Buffer.compare(actual, request.encode(expected))).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  test('leaves a time of 0 unset, though it is on the wire', () => {
    fc.assert(
      fc.property(arbitrarySeededRequest(signal), arbitraryOffset, (request, offset) => {
        const unset = mapScalars(request.json, (name, value) =>
          name.endsWith('UnixNano') ? '0' : value,
        )
        const bytes = request.encode(unset)
        expect(Buffer.compare(shiftTimes(bytes, signal, offset), bytes)).toBe(0)
      }),
    )
  })

  test('never alters the bytes it was given, be they a part of a larger Buffer', () => {
    fc.assert(
      fc.property(arbitrarySeededRequest(signal), (request) => {
        const bytes = request.encode(request.json)
        const around = Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(5, 0xff)])
        const before = Buffer.from(around)
        const shifted = shiftTimes(around.subarray(3, 3 + bytes.length), signal, 12_345n)
        expect(around.equals(before)).toBe(true)
        expect(Buffer.compare(shifted, shiftTimes(bytes, signal, 12_345n))).toBe(0)
      }),
    )
  })
})

test('every kind of time in OTLP is moved', () => {
  const span = { startTimeUnixNano: 10, endTimeUnixNano: 20, events: [{ timeUnixNano: 15 }] }
  const log = { timeUnixNano: 10, observedTimeUnixNano: 20 }
  const summaryPoint = { startTimeUnixNano: 10, timeUnixNano: 20 }
  const point = { ...summaryPoint, exemplars: [{ timeUnixNano: 15 }] }
  const metrics = [
    { gauge: { dataPoints: [point] } },
    { sum: { dataPoints: [point] } },
    { histogram: { dataPoints: [point] } },
    { exponentialHistogram: { dataPoints: [point] } },
    { summary: { dataPoints: [summaryPoint] } },
  ]
  const requests = {
    traces: { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] },
    metrics: { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] },
    logs: { resourceLogs: [{ scopeLogs: [{ logRecords: [log] }] }] },
  }
  for (const signal of SIGNALS) {
    const shifted = shiftTimes(encodeIndependently(signal, requests[signal]), signal, 1000n)
    const expected = JSON.stringify(requests[signal]).replace(
      /UnixNano":(\d+)/g,
      'UnixNano":"10$1"',
    )
    expect(decodeIndependently(signal, shifted)).toEqual(JSON.parse(expected))
  }
})
