// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { groupByResource } from '../../src/otlp/group-by-resource'
import { SIGNALS } from '../../src/otlp/signal'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { decodeIndependently } from '../support/independent-decoder'
import { entriesOf, fieldsOf, itemsOf, servicesOf } from './json-request'

describe.each(SIGNALS)('grouping %s by resource', (signal) => {
  const requests = arbitraryRequestBytes(signal, { unknownFields: true, anyOrder: true })

  test('puts every field of the request into exactly one group, byte for byte', () => {
    fc.assert(
      fc.property(requests, (bytes) => {
        const groups = groupByResource(bytes, signal, 'service.name')
        const sorted = (parts: Uint8Array[]): string[] =>
          parts
            .flatMap((part) => fieldsOf(part))
            .map((field) => Buffer.from(field.bytes).toString('hex'))
            .sort()
        expect(sorted(groups.map(({ body }) => body))).toEqual(sorted([bytes]))
      }),
    )
  })

  test('is strict: a group has no resource of another value, and no two groups share one', () => {
    fc.assert(
      fc.property(requests, (bytes) => {
        const groups = groupByResource(bytes, signal, 'service.name')
        expect(new Set(groups.map(({ value }) => value)).size).toBe(groups.length)
        for (const { value, body } of groups) {
          for (const entry of entriesOf(decodeIndependently(signal, body))) {
            expect(servicesOf(entry)[0]).toBe(value)
          }
        }
      }),
    )
  })

  test('keeps every item, and the very object when there is one group', () => {
    fc.assert(
      fc.property(requests, (bytes) => {
        const groups = groupByResource(bytes, signal, 'service.name')
        const items = groups.flatMap(({ body }) => itemsOf(decodeIndependently(signal, body)))
        expect(items).toHaveLength(itemsOf(decodeIndependently(signal, bytes)).length)
        if (groups.length === 1) expect(groups[0].body).toBe(bytes)
      }),
    )
  })
})
