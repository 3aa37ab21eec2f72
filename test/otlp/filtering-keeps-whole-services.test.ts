// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { filterServices } from '../../src/otlp/filter-services'
import { SIGNALS } from '../../src/otlp/signal'
import { summarizeRequest } from '../../src/otlp/summarize-request'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { decodeIndependently, encodeIndependently } from '../support/independent-decoder'
import { entriesOf, fieldsOf, itemsOf, servicesOf } from './json-request'

const arbitraryNames = fc.uniqueArray(
  fc.constantFrom<string[]>('checkout', 'payment', 'frontend', 'nobody'),
)

describe.each(SIGNALS)('filtering %s', (signal) => {
  const requests = arbitraryRequestBytes(signal, { unknownFields: true, anyOrder: true })

  test('keeps the entries of the services asked for and unknown fields, byte for byte', () => {
    fc.assert(
      fc.property(requests, arbitraryNames, (bytes, chosen) => {
        const names = new Set(chosen)
        const isKept = entriesOf(decodeIndependently(signal, bytes)).map((entry) =>
          servicesOf(entry).some((name) => names.has(name)),
        )
        const expected = fieldsOf(bytes).filter(({ number }) => number !== 1 || isKept.shift())
        const { body } = filterServices(bytes, signal, names)
        const left = expected.some(({ number }) => number === 1)
        if (body) {
          expect(Buffer.compare(body, Buffer.concat(expected.map((field) => field.bytes)))).toBe(0)
        }
        expect(body !== undefined).toBe(left || expected.length === fieldsOf(bytes).length)
      }),
    )
  })

  test('accounts for every item: kept + dropped = all', () => {
    fc.assert(
      fc.property(requests, arbitraryNames, (bytes, chosen) => {
        const all = itemsOf(decodeIndependently(signal, bytes)).length
        const { body, keptItems, droppedItems } = filterServices(bytes, signal, new Set(chosen))
        expect(keptItems + droppedItems).toBe(all)
        expect(keptItems).toBe(body ? itemsOf(decodeIndependently(signal, body)).length : 0)
      }),
    )
  })

  test('hands on the very object when nothing has to go', () => {
    fc.assert(
      fc.property(requests, (bytes) => {
        const entries = entriesOf(decodeIndependently(signal, bytes))
        fc.pre(entries.every((entry) => servicesOf(entry).length > 0))
        const names = new Set(summarizeRequest(bytes, signal).serviceNames)
        expect(filterServices(bytes, signal, names).body).toBe(bytes)
      }),
    )
  })
})

test('a request of which nothing is left has no body', () => {
  const bytes = encodeIndependently('logs', {
    resourceLogs: [{ scopeLogs: [{ logRecords: [{}, {}] }] }],
  })
  expect(filterServices(bytes, 'logs', new Set(['payment']))).toEqual({
    body: undefined,
    keptItems: 0,
    droppedItems: 2,
  })
})
