// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { shiftTimes } from '../../src/otlp/shift-times'
import { SIGNALS } from '../../src/otlp/signal'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { decodeIndependently, encodeIndependently } from '../support/independent-decoder'

// So large that no time from the generator but the largest is moved to exactly 0.
const arbitraryOffset = fc.bigInt(2n ** 62n, 2n ** 62n + 2n ** 40n)

test.each(SIGNALS)('%s shifted there and back are what they were', (signal) => {
  const requests = arbitraryRequestBytes(signal, { unknownFields: true, anyOrder: true })
  fc.assert(
    fc.property(requests, arbitraryOffset, (bytes, offset) => {
      const back = shiftTimes(shiftTimes(bytes, signal, offset), signal, -offset)
      expect(Buffer.compare(back, bytes)).toBe(0)
    }),
  )
})

test('a time that was moved to exactly 0 has become unset, and stays so', () => {
  const record = { timeUnixNano: '1000', observedTimeUnixNano: '1001' }
  const request = { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }
  const bytes = encodeIndependently('logs', request)
  const back = shiftTimes(shiftTimes(bytes, 'logs', -1000n), 'logs', 1000n)
  expect(decodeIndependently('logs', back)).toEqual({
    resourceLogs: [
      { scopeLogs: [{ logRecords: [{ timeUnixNano: '0', observedTimeUnixNano: '1001' }] }] },
    ],
  })
})
