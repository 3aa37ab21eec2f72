// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { encodeCountedLogRecords, encodeLogRecords } from '../../src/otlp/encode-log-records'
import { encodeCountedMetrics, encodeMetrics } from '../../src/otlp/encode-metrics'
import { encodeCountedSpans, encodeSpans } from '../../src/otlp/encode-spans'
import type { EncodedRequest } from '../../src/otlp/encoded-request'
import type { Resource } from '../../src/otlp/sdk-types'
import type { Signal } from '../../src/otlp/signal'
import { summarizeRequest } from '../../src/otlp/summarize-request'
import { anyLogRecords, anyResourceMetrics, anySpans } from './arbitrary-telemetry'
import { realLogRecords, realMetrics, realSpans, variantOf } from './real-telemetry'

// The oracle is the walk over the bytes that counting replaces.
function expectCounted(signal: Signal, { body, summary }: EncodedRequest, plain: Uint8Array): void {
  expect(Buffer.compare(body, plain)).toBe(0)
  expect(summary).toEqual(summarizeRequest(body, signal))
}

const serviceName = fc.constantFrom<unknown>(
  ...['checkout', 'payment', 'カート', '', 'lone \ud800 surrogate'],
  ...[undefined, null, 7, true, ['checkout'], { name: 'checkout' }],
)

/** The same resource, or one that names a service, or says so oddly. */
function named(resource: Resource, name: unknown, isSettled: boolean): Resource {
  return {
    ...resource,
    attributes: { ...resource.attributes, 'service.name': name } as Resource['attributes'],
    ...(isSettled && { asyncAttributesPending: false }),
  }
}

const naming = fc.record({
  names: fc.array(serviceName, { maxLength: 3 }),
  isSettled: fc.boolean(),
})

/** Names the resources of items in order of appearance; what was shared stays shared. */
function nameOwners<Item extends { resource: Resource }>(
  items: Item[],
  { names, isSettled }: { names: unknown[]; isSettled: boolean },
): Item[] {
  const renamed = new Map<Resource, Resource>()
  for (const { resource } of items) {
    if (renamed.has(resource)) continue
    const index = renamed.size
    renamed.set(
      resource,
      index < names.length ? named(resource, names[index], isSettled) : resource,
    )
  }
  return items.map((item) => ({ ...item, resource: renamed.get(item.resource) ?? item.resource }))
}

// Nothing in it, times that are unset, and both halves of 64 bits.
const edgeTime = fc.constantFrom<[number, number]>(
  ...([
    [0, 0],
    [0, 1],
    [4, 294_967_295],
    [4, 294_967_296],
    [18_446_744_073, 709_551_615],
    [-1, 0],
  ] as [number, number][]),
)

describe('whatever the types of the SDK allow', () => {
  test('spans', () => {
    const property = fc.property(anySpans, naming, fc.array(edgeTime), (spans, naming, times) => {
      const items = nameOwners(spans, naming).map((span, index) =>
        index < times.length
          ? { ...span, startTime: times[index], endTime: times[times.length - 1 - index] }
          : span,
      )
      expectCounted('traces', encodeCountedSpans(items), encodeSpans(items))
    })
    fc.assert(property)
  })

  test('log records, with and without a time of their own', () => {
    const property = fc.property(
      ...([anyLogRecords, naming, fc.array(edgeTime)] as const),
      (logRecords, naming, times) => {
        const items = nameOwners(logRecords, naming).map((logRecord, index) =>
          index < times.length ? { ...logRecord, hrTime: times[index] } : logRecord,
        )
        expectCounted('logs', encodeCountedLogRecords(items), encodeLogRecords(items))
      },
    )
    fc.assert(property)
  })

  test('metrics', () => {
    const property = fc.property(anyResourceMetrics, naming, (metrics, naming) => {
      const [{ resource }] = nameOwners([metrics], naming)
      const collection = { ...metrics, resource }
      expectCounted('metrics', encodeCountedMetrics(collection), encodeMetrics(collection))
    })
    fc.assert(property)
  })
})

describe('what the SDK made', () => {
  test('spans', async () => {
    const spans = await realSpans()
    const counted = encodeCountedSpans(spans)
    expectCounted('traces', counted, encodeSpans(spans))
    expect(counted.summary.itemCount).toBe(20)
    expect(counted.summary.serviceNames).toEqual(['checkout', 'payment'])
  })

  test('metrics of every instrument', async () => {
    for (const metrics of await realMetrics()) {
      expectCounted('metrics', encodeCountedMetrics(metrics), encodeMetrics(metrics))
    }
  })

  test('log records with every kind of body', () => {
    const logRecords = realLogRecords()
    expectCounted('logs', encodeCountedLogRecords(logRecords), encodeLogRecords(logRecords))
  })

  test('nothing at all', () => {
    expect(encodeCountedSpans([]).summary).toEqual({ itemCount: 0, serviceNames: [] })
    expect(encodeCountedLogRecords([]).summary).toEqual({ itemCount: 0, serviceNames: [] })
  })
})

test('a getter that exports on its own counts for its own batch alone', async () => {
  const [outer, inner] = await realSpans()
  let nested: EncodedRequest | undefined
  const attributes = {
    get trap(): string {
      nested = encodeCountedSpans([inner])
      return 'sprung'
    },
  }
  const counted = encodeCountedSpans([variantOf(outer, { attributes })])
  expect(counted.summary).toEqual(summarizeRequest(counted.body, 'traces'))
  expect(nested?.summary).toEqual(summarizeRequest(encodeSpans([inner]), 'traces'))
})
