// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import { summarizeRequest } from '../../src/otlp/summarize-request'
import { arbitraryRequestBytes, type JsonObject } from '../support/arbitrary-otlp'
import { decodeIndependently, encodeIndependently } from '../support/independent-decoder'
import { entriesOf, itemsOf, servicesOf } from './json-request'

test.each(SIGNALS)('the summary of %s', (signal) => {
  const requests = arbitraryRequestBytes(signal, { unknownFields: true, anyOrder: true })
  fc.assert(
    fc.property(requests, (bytes) => {
      const decoded = decodeIndependently(signal, bytes)
      const items = itemsOf(decoded)
      const times = items.flatMap((item) => timesOf(signal, item))
      expect(summarizeRequest(bytes, signal)).toEqual({
        itemCount: items.length,
        serviceNames: [...new Set(entriesOf(decoded).flatMap(servicesOf))],
        firstItemTimeUnixNano: least(times, (a, b) => a < b),
        lastItemTimeUnixNano: least(times, (a, b) => a > b),
      })
    }),
    { numRuns: 300 },
  )
})

function timesOf(signal: Signal, item: JsonObject): bigint[] {
  const time = (name: string) => BigInt((item[name] ?? 0) as string)
  const times = {
    traces: () => [time('startTimeUnixNano'), time('endTimeUnixNano')],
    metrics: () => [time('timeUnixNano')],
    logs: () => [time('timeUnixNano') || time('observedTimeUnixNano')],
  }
  return times[signal]().filter(Boolean)
}

function least(times: bigint[], isBefore: (a: bigint, b: bigint) => boolean): bigint | undefined {
  return times.length === 0 ? undefined : times.reduce((a, b) => (isBefore(b, a) ? b : a))
}

test('an empty request has nothing to tell', () => {
  expect(summarizeRequest(new Uint8Array(), 'traces')).toEqual({ itemCount: 0, serviceNames: [] })
})

test('a service is listed once, in order of appearance, and only by a string that is not empty', () => {
  const named = (value: object) => ({ resource: { attributes: [{ key: 'service.name', value }] } })
  const bytes = encodeIndependently('logs', {
    resourceLogs: [
      named({ stringValue: 'zebra' }),
      named({ stringValue: '' }),
      named({ stringValue: 'ant' }),
      named({ intValue: 7 }),
      named({ arrayValue: { values: [{ stringValue: 'inner' }] } }),
      { resource: { attributes: [{ key: 'service.nameX', value: { stringValue: 'no' } }] } },
      { resource: { attributes: [{ key: 'service.name' }] } },
      { scopeLogs: [{ scope: { attributes: [named({}).resource.attributes[0]] } }] },
      named({ stringValue: 'zebra' }),
      named({ stringValue: '\uFEFFカート 🛒' }),
    ],
  })
  expect(summarizeRequest(bytes, 'logs').serviceNames).toEqual(['zebra', 'ant', '\uFEFFカート 🛒'])
})

test('a summary of many services takes time in proportion to their number', () => {
  const resourceLogs = Array.from({ length: 100_000 }, (_, index) => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: `s${index}` } }] },
  }))
  const bytes = encodeIndependently('logs', { resourceLogs })
  expect(summarizeRequest(bytes, 'logs').serviceNames).toHaveLength(100_000)
})
