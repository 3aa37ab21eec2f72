// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { SIGNALS } from '../../src/otlp/signal'
import { sniffSignal } from '../../src/otlp/sniff-signal'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { makeBatch } from '../support/recording'

test.each(SIGNALS)('%s are told by what an item of them has', (signal) => {
  expect(sniffSignal(makeBatch(signal, { names: ['a name'] }).body)).toBe(signal)
})

test.each(SIGNALS)('no request of %s is ever taken for one of another signal', (signal) => {
  fc.assert(
    fc.property(arbitraryRequestBytes(signal, { unknownFields: true, anyOrder: true }), (body) => {
      expect([signal, undefined]).toContain(sniffSignal(body))
    }),
    { numRuns: 500 },
  )
})

test('arbitrary bytes tell nothing, and break nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect([...SIGNALS, undefined]).toContain(sniffSignal(bytes))
    }),
  )
})
