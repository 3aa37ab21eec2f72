// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { SIGNALS } from '../../src/otlp/signal'
import { splitRequest } from '../../src/otlp/split-request'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { decodeIndependently, encodeIndependently } from '../support/independent-decoder'
import { entriesOf, fieldsOf } from './json-request'

// Shrinking several requests at once would go on for many minutes.
const SETTINGS = { interruptAfterTimeLimit: 10_000 }

const arbitraryLimit = fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.constant(Infinity))

describe.each(SIGNALS)('splitting %s', (signal) => {
  // Requests laid end to end: this is what a foreign object with many of them is.
  const requests = fc
    .array(arbitraryRequestBytes(signal, { unknownFields: true, anyOrder: true }), { maxLength: 3 })
    .map((bodies) => Buffer.concat(bodies))

  test('loses nothing: laid end to end the parts are the request', () => {
    fc.assert(
      fc.property(requests, arbitraryLimit, (bytes, maxBytes) => {
        expect(Buffer.concat(splitRequest(bytes, signal, maxBytes)).equals(bytes)).toBe(true)
      }),
      SETTINGS,
    )
  })

  test('gives requests that decode to the same entries, at least one in each', () => {
    fc.assert(
      fc.property(requests, arbitraryLimit, (bytes, maxBytes) => {
        const parts = splitRequest(bytes, signal, maxBytes)
        const decoded = parts.map((part) => entriesOf(decodeIndependently(signal, part)))
        expect(decoded.flat()).toEqual(entriesOf(decodeIndependently(signal, bytes)))
        if (parts.length > 1) expect(decoded.every((entries) => entries.length > 0)).toBe(true)
      }),
      SETTINGS,
    )
  })

  test('keeps to the limit, unless a single entry is larger, and fills the parts', () => {
    fc.assert(
      fc.property(requests, fc.integer({ min: 1, max: 3000 }), (bytes, maxBytes) => {
        const parts = splitRequest(onlyEntries(bytes), signal, maxBytes)
        const entries = parts.map((part) => fieldsOf(part))
        parts.forEach((part, index) => {
          if (part.length > maxBytes) expect(entries[index]).toHaveLength(1)
          if (index === 0) return
          const together = parts[index - 1].length + entries[index][0].bytes.length
          expect(together).toBeGreaterThan(maxBytes)
        })
      }),
      SETTINGS,
    )
  })
})

function onlyEntries(bytes: Uint8Array): Uint8Array {
  const entries = fieldsOf(bytes).filter(({ number }) => number === 1)
  return Buffer.concat(entries.map((entry) => entry.bytes))
}

test('a request that fits is its only part, as the same object', () => {
  const bytes = encodeIndependently('logs', { resourceLogs: [{}, {}] })
  expect(splitRequest(bytes, 'logs', 4)[0]).toBe(bytes)
  expect(splitRequest(bytes, 'logs', 3)).toHaveLength(2)
})

test.each([0, -1, NaN])('a limit of %s is refused', (maxBytes) => {
  expect(() => splitRequest(new Uint8Array(), 'logs', maxBytes)).toThrow(
    new RangeError(`maxBytes is ${maxBytes}; give a number above 0`),
  )
})
