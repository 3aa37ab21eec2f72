// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { hrTimeToNanoseconds } from '@opentelemetry/core'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { startTestCapture } from '../../src/testing'
import { attachProviders, first } from './attached-providers'

test('every field of a span, as an exporter beside it gets it', () => {
  const exporter = new InMemorySpanExporter()
  const tape = startTestCapture()
  const { startSpan } = attachProviders(tape, {
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  })
  const parent = startSpan('parent')
  const span = startSpan('GET /cart', parent, {
    kind: SpanKind.CLIENT,
    attributes: { 'http.route': '/cart', ids: [1, 2], retried: true },
    links: [{ context: parent.spanContext(), attributes: { why: 'batch' } }],
    startTime: [1_700_000_000, 123_456_789],
  })
  span.addEvent('cache miss', { key: 'cart' }, [1_700_000_000, 200_000_001])
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'no such cart' })
  span.end([1_700_000_001, 123_456_790])

  const exported = first(exporter.getFinishedSpans())
  expect(tape.spans()).toStrictEqual([
    expect.objectContaining({
      name: 'GET /cart',
      kind: 'CLIENT',
      traceId: exported.spanContext().traceId,
      spanId: exported.spanContext().spanId,
      parentSpanId: parent.spanContext().spanId,
      startTimeUnixNano: 1_700_000_000_123_456_789n,
      endTimeUnixNano: 1_700_000_001_123_456_790n,
      durationMillis: hrTimeToNanoseconds(exported.duration) / 1e6,
      attributes: exported.attributes,
      events: [
        {
          name: 'cache miss',
          timeUnixNano: 1_700_000_000_200_000_001n,
          attributes: { key: 'cart' },
        },
      ],
      links: [{ ...pick(parent.spanContext()), attributes: { why: 'batch' } }],
      status: { code: 'ERROR', message: 'no such cart' },
      sampled: true,
      serviceName: 'shop',
      resource: exported.resource.attributes,
      scope: { name: 'shop-lib', version: '1.2.3' },
    }),
  ])
})

test('a root span has no parentSpanId and no message, not even undefined ones', () => {
  const tape = startTestCapture()
  attachProviders(tape).startSpan('root').end()
  const span = first(tape.spans())
  expect(Object.keys(span)).not.toContain('parentSpanId')
  expect(span.status).toStrictEqual({ code: 'UNSET' })
})

test.each([
  [SpanKind.INTERNAL, 'INTERNAL'],
  [SpanKind.SERVER, 'SERVER'],
  [SpanKind.CLIENT, 'CLIENT'],
  [SpanKind.PRODUCER, 'PRODUCER'],
  [SpanKind.CONSUMER, 'CONSUMER'],
])('kind %s is %s', (kind, name) => {
  const tape = startTestCapture()
  attachProviders(tape).startSpan('span', undefined, { kind }).end()
  expect(first(tape.spans()).kind).toBe(name)
})

test('resource attributes that a detector delivers late are there from then on', async () => {
  const tape = startTestCapture()
  const hostId = Promise.resolve('h-1')
  const resource = resourceFromAttributes({ 'service.name': 'shop', 'host.id': hostId })
  const provider = new TracerProvider({ resource, spanProcessors: [tape.spanProcessor()] })
  provider.getTracer('x').startSpan('early').end()
  await resource.waitForAsyncAttributes?.()
  provider.getTracer('x').startSpan('late').end()
  expect(tape.spans().map((span) => span.resource)).toEqual([
    { 'service.name': 'shop' },
    { 'service.name': 'shop', 'host.id': 'h-1' },
  ])
})

test('fractions of a nanosecond, which an app may pass, do not throw into span.end()', () => {
  const tape = startTestCapture()
  attachProviders(tape)
    .startSpan('span', undefined, { startTime: [5, 0.5] })
    .end([6, 0.25])
  expect(first(tape.spans()).endTimeUnixNano).toBe(6_000_000_000n)
})

function pick({ traceId, spanId }: { traceId: string; spanId: string }) {
  return { traceId, spanId }
}
