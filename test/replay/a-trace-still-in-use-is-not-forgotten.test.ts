// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { createTraceOffsets } from '../../src/replay/trace-offsets'

/** Offsets by ids as they lie in a request: at any place in it. */
function createOffsets(maxTraces: number) {
  const offsets = createTraceOffsets(maxTraces)
  return (id: Uint8Array, offsetNanos: bigint): bigint =>
    offsets.offsetOf(Buffer.concat([Buffer.from('in front'), id]), 8, offsetNanos)
}

function idOf(trace: number): Buffer {
  return Buffer.from(trace.toString(16).padStart(32, '0'), 'hex')
}

test('the traces asked for last keep their offset, however many came before', () => {
  const maxTraces = 5
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (asked) => {
      const offsetOf = createOffsets(maxTraces)
      const given = new Map<number, bigint>()
      asked.forEach((trace, index) => {
        const recent = new Set<number>()
        for (let back = index - 1; back >= 0 && recent.size < maxTraces; back--) {
          recent.add(asked[back])
        }
        const offset = offsetOf(idOf(trace), BigInt(index))
        if (recent.has(trace)) expect(offset).toBe(given.get(trace))
        given.set(trace, offset)
      })
    }),
  )
})

test('one that was not asked for while twice as many others were is new again', () => {
  const offsetOf = createOffsets(3)
  expect(offsetOf(idOf(1), 1n)).toBe(1n)
  for (let other = 2; other < 8; other++) offsetOf(idOf(other), 2n)
  expect(offsetOf(idOf(1), 3n)).toBe(3n)
})

test('two traces never share an offset, however alike their ids are', () => {
  // Few values for a byte, so that ids differ in one of them, and come again.
  const arbitraryId = fc.uint8Array({ minLength: 16, maxLength: 16, max: 1 })
  fc.assert(
    fc.property(fc.array(arbitraryId, { maxLength: 2000, size: 'max' }), (ids) => {
      const offsetOf = createOffsets(1_000_000)
      const plain = new Map<string, bigint>()
      for (const [index, id] of ids.entries()) {
        const key = String(id)
        const expected = plain.get(key) ?? BigInt(index)
        plain.set(key, expected)
        if (offsetOf(id, BigInt(index)) !== expected) throw new Error(`${key} got another's offset`)
      }
    }),
    { numRuns: 30 },
  )
})

test('a table that has grown knows all it knew before', () => {
  const offsetOf = createOffsets(50_000)
  for (let trace = 0; trace < 50_000; trace++) offsetOf(idOf(trace), BigInt(trace))
  const wrong = Array.from({ length: 50_000 }, (_, trace) => trace).filter(
    (trace) => offsetOf(idOf(trace), -1n) !== BigInt(trace),
  )
  expect(wrong).toEqual([])
})
