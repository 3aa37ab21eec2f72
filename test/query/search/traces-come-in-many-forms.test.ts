// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SpanStatusCode } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { MAX_SPANS_PER_TRACE } from '../../../src/query/search/indexed-trace'
import { readTime } from '../../../src/query/search/read-time'
import type { TraceInput } from '../../../src/query/search/trace-input'
import { START, makeTrace, openIndex } from './made-traces'

const ISO = '2026-01-02T03:04:05'

describe('a time', () => {
  test.each<[string, unknown, bigint]>([
    ['nanoseconds', START, START],
    ['nanoseconds as text', String(START), START],
    ['nanoseconds as a number', 1_767_323_045_000_000_000, START],
    ['ISO text with a zone', `${ISO}Z`, START],
    ['ISO text with another zone', '2026-01-02T05:34:05+02:30', START],
    ['ISO text without a zone, which is UTC', ISO, START],
    ['ISO text with nanoseconds', `${ISO}.123456789Z`, START + 123_456_789n],
    ['ISO text with microseconds', `${ISO}.000007`, START + 7_000n],
    ['a Date', new Date(Number(START / 1_000_000n)), START],
    ["the SDK's", [1_767_323_045, 5], START + 5n],
  ])('is read from %s', (_form, value, expected) => {
    expect(readTime(value)).toBe(expected)
  })

  test.each<[string, unknown]>([
    ['text', 'yesterday'],
    ['a day that there is not', '2026-13-45'],
    ['zero, which is unset', 0n],
    ['before the epoch', '1960-01-01T00:00:00Z'],
    ['beyond 64 bits', 2n ** 64n],
    ['NaN', NaN],
    ['an invalid Date', new Date(NaN)],
    ['three numbers', [1, 2, 3]],
    ['an object', {}],
    ['nothing', undefined],
  ])('is not read from %s', (_form, value) => {
    expect(readTime(value)).toBeUndefined()
  })
})

describe('a trace', () => {
  const expected = {
    traceId: 't',
    serviceName: 'cart',
    startTimeUnixNano: START,
    spanCount: 1,
    content: 'cart: AddItem',
  }

  test.each<[string, TraceInput]>([
    [
      'of OTLP names',
      {
        traceId: 't',
        spans: [{ name: 'AddItem', spanId: 's', startTimeUnixNano: START, serviceName: 'cart' }],
      },
    ],
    [
      'of the earlier form',
      {
        trace_id: 't',
        spans: [{ name: 'AddItem', start_time: `${ISO}Z`, attributes: { 'service.name': 'cart' } }],
      },
    ],
    [
      'of the earlier form, with an integer',
      {
        trace_id: 't',
        spans: [
          {
            name: 'AddItem',
            span_id: 's',
            start_time: 1_767_323_045_000_000_000,
            service_name: 'cart',
          },
        ],
      },
    ],
    [
      'whose attributes are a list',
      {
        traceId: 't',
        spans: [
          {
            name: 'AddItem',
            startTimeUnixNano: String(START),
            attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }],
          },
        ],
      },
    ],
    [
      'whose resource names the service',
      {
        traceId: 't',
        spans: [
          {
            name: 'AddItem',
            startTime: [1_767_323_045, 0],
            resource: { attributes: { 'service.name': 'cart' } },
          },
        ],
      },
    ],
    [
      'that names the service itself',
      {
        traceId: 't',
        serviceName: 'cart',
        spans: [{ name: 'AddItem', startTime: new Date(Number(START / 1_000_000n)) }],
      },
    ],
  ])('%s is taken in', async (_form, trace) => {
    await using index = await openIndex()
    expect(await index.ingestTrace(trace)).toEqual({ traceId: 't', outcome: 'added' })
    expect(await index.getTraceById('t')).toMatchObject(expected)
  })

  test('begins with its earliest span, whichever comes first', async () => {
    await using index = await openIndex()
    await index.ingestTrace(
      makeTrace(
        't',
        { name: 'later', startTimeUnixNano: START + 9n },
        { name: 'first', startTimeUnixNano: START },
      ),
    )
    const found = await index.getTraceById('t')
    expect(found?.startTimeUnixNano).toBe(START)
    expect(found?.spans.map(({ name }) => name)).toEqual(['first', 'later'])
  })

  test('keeps what its spans say', async () => {
    await using index = await openIndex()
    const attributes = {
      'http.route': '/x',
      count: 3,
      ok: true,
      list: ['a', 'b'],
      nested: { a: 1 },
    }
    await index.ingestTrace(
      makeTrace('t', {
        attributes,
        status: 'STATUS_CODE_ERROR',
        kind: 'SPAN_KIND_CLIENT',
        endTimeUnixNano: 0,
      }),
    )
    const [span] = (await index.getTraceById('t'))?.spans ?? []
    expect(span).toMatchObject({
      kind: 'client',
      status: 'error',
      endTimeUnixNano: START,
      attributes: { ...attributes, nested: '{"a":1}' },
    })
  })

  test('of more spans than are kept is counted whole', async () => {
    await using index = await openIndex()
    const spans = Array.from({ length: MAX_SPANS_PER_TRACE + 5 }, () => ({ name: 'again' }))
    await index.ingestTrace(makeTrace('t', ...spans))
    const found = await index.getTraceById('t')
    expect(found).toMatchObject({ spanCount: MAX_SPANS_PER_TRACE + 5, omittedSpanCount: 5 })
    expect(found?.spans).toHaveLength(MAX_SPANS_PER_TRACE)
  })

  test('of the SDK is taken in, alone and among others', async () => {
    const exporter = new InMemorySpanExporter()
    const provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'payment' }),
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    })
    const tracer = provider.getTracer('test')
    for (const name of ['charge', 'refund']) {
      const span = tracer.startSpan(name)
      span.recordException(new Error('card declined'))
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'no' })
      span.end()
    }
    const spans = exporter.getFinishedSpans()
    await using index = await openIndex()
    const result = await index.ingestBatch([...spans, makeTrace('t', {})])
    expect(result).toMatchObject({ successCount: 3, errorCount: 0 })
    const { traceId } = spans[0].spanContext()
    expect(await index.getTraceById(traceId)).toMatchObject({
      serviceName: 'payment',
      isError: true,
      content: 'payment: charge | failed: Error: card declined (payment: charge)',
    })
    await using other = await openIndex()
    expect(await other.ingestTrace([spans[0]])).toMatchObject({ traceId, outcome: 'added' })
    await provider.shutdown()
  })
})
