// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer'
import fc from 'fast-check'
import { decodeLogRecords } from '../../src/otlp/decode-log-records'
import { decodeMetrics } from '../../src/otlp/decode-metrics'
import { decodeSpans } from '../../src/otlp/decode-spans'
import { encodeLogRecords } from '../../src/otlp/encode-log-records'
import { encodeMetrics } from '../../src/otlp/encode-metrics'
import { encodeSpans } from '../../src/otlp/encode-spans'
import { encodeIndependently } from '../support/independent-decoder'
import { anyLogRecords, anyResourceMetrics, anySpans } from './arbitrary-telemetry'
import { realLogRecords, realMetrics, realSpans } from './real-telemetry'

// bytes -> decode -> the SDK's serializer -> the same bytes. The encoders'
// bytes are the SDK's, as another test shows.

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex')

const fromHex = (spaced: string) => Buffer.from(spaced.replaceAll(' ', ''), 'hex')

function expectSpansToSurvive(body: Uint8Array): void {
  expect(hex(ProtobufTraceSerializer.serializeRequest(decodeSpans(body)))).toBe(hex(body))
}

function expectLogRecordsToSurvive(body: Uint8Array): void {
  expect(hex(ProtobufLogsSerializer.serializeRequest(decodeLogRecords(body)))).toBe(hex(body))
}

function expectMetricsToSurvive(body: Uint8Array): void {
  const { resourceMetrics, unsupportedItemCount, inexactItemCount } = decodeMetrics(body)
  expect([resourceMetrics.length, unsupportedItemCount, inexactItemCount]).toEqual([1, 0, 0])
  expect(hex(ProtobufMetricsSerializer.serializeRequest(resourceMetrics[0]))).toBe(hex(body))
}

test('spans of the real SDK', async () => {
  expectSpansToSurvive(encodeSpans(await realSpans()))
})

test('metrics of the real SDK', async () => {
  for (const collection of await realMetrics()) expectMetricsToSurvive(encodeMetrics(collection))
})

test('log records of the real SDK', () => {
  expectLogRecordsToSurvive(encodeLogRecords(realLogRecords()))
})

test('generated spans', () => {
  fc.assert(fc.property(anySpans, (spans) => expectSpansToSurvive(encodeSpans(spans))))
})

test('generated metrics', () => {
  fc.assert(fc.property(anyResourceMetrics, (m) => expectMetricsToSurvive(encodeMetrics(m))))
})

test('generated log records', () => {
  fc.assert(fc.property(anyLogRecords, (l) => expectLogRecordsToSurvive(encodeLogRecords(l))))
})

describe('a decoded span', () => {
  const traceId = Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex')
  const spanId = Buffer.from('b7ad6b7169203331', 'hex')
  const parentSpanId = Buffer.from('00f067aa0ba902b7', 'hex')
  const request = (span: object) =>
    encodeIndependently('traces', {
      resourceSpans: [{ scopeSpans: [{ spans: [{ traceId, spanId, ...span }] }] }],
    })

  test('is what the SDK would have handed over', () => {
    const [span] = decodeSpans(
      request({
        name: 'GET /',
        kind: 2,
        parentSpanId,
        traceState: ' b=2 ,a=1,not valid!',
        flags: 0x301,
        startTimeUnixNano: '1700000000999999999',
        endTimeUnixNano: '1700000002000000001',
        attributes: [
          { key: '__proto__', value: { stringValue: 'own' } },
          { key: 'nothing', value: {} },
        ],
      }),
    )
    expect(span).toMatchObject({
      name: 'GET /',
      kind: 1,
      startTime: [1_700_000_000, 999_999_999],
      endTime: [1_700_000_002, 1],
      duration: [1, 2],
      ended: true,
      status: { code: 0 },
      events: [],
      links: [],
      instrumentationScope: { name: '' },
      droppedAttributesCount: 0,
    })
    expect(span.parentSpanContext).toEqual({
      traceId: traceId.toString('hex'),
      spanId: parentSpanId.toString('hex'),
      traceFlags: 1,
      isRemote: true,
    })
    expect(span.spanContext().traceState?.serialize()).toBe(' b=2 ,a=1,not valid!')
    expect(Object.entries(span.attributes)).toEqual([
      ['__proto__', 'own'],
      ['nothing', null],
    ])
    expect(Object.getPrototypeOf(span.attributes)).toBe(Object.prototype)
  })

  test('counts as sampled only if it has no flags at all', () => {
    const traceFlags = (flags?: number) =>
      decodeSpans(request({ flags }))[0].spanContext().traceFlags
    expect(traceFlags()).toBe(1)
    expect(traceFlags(0x100)).toBe(0)
    expect(traceFlags(0x101)).toBe(1)
  })

  test('shares resource and scope with its neighbours, whatever the order of the fields', () => {
    // ResourceSpans { ScopeSpans { Span {} Span {} } }
    const [first, second] = decodeSpans(fromHex('0a06 1204 1200 1200'))
    expect(first.resource).toBe(second.resource)
    expect(first.instrumentationScope).toBe(second.instrumentationScope)
    // ResourceSpans { ScopeSpans { Span {} scope { name: "s" } } resource { attribute "a" } }
    const late = fromHex('0a12 1207 1200 0a03 0a0173 0a07 0a05 0a0161 1200')
    const [span] = decodeSpans(late)
    expect(span.instrumentationScope).toEqual({ name: 's' })
    expect(Object.keys(span.resource.attributes)).toEqual(['a'])
  })

  test('has a resource that can be merged like any other', () => {
    const [{ resource }] = decodeSpans(request({}))
    const merged = resource.merge({ ...resource, attributes: { b: 2 }, schemaUrl: 'https://b' })
    expect(merged.attributes).toEqual({ b: 2 })
    expect(merged.schemaUrl).toBe('https://b')
    expect(merged.getRawAttributes()).toEqual([['b', 2]])
    expect(resource.merge(null)).toBe(resource)
    expect('asyncAttributesPending' in resource).toBe(false)
  })

  test('has a trace state that can be read and changed', () => {
    const [span] = decodeSpans(request({ traceState: 'a=1, b=2' }))
    const state = span.spanContext().traceState
    expect([state?.get('b'), state?.get('c')]).toEqual(['2', undefined])
    expect(state?.set('b', '3').serialize()).toBe('b=3,a=1')
    expect(state?.unset('a').serialize()).toBe('b=2')
  })
})

test('no body and an empty body stay two things', () => {
  const body = encodeIndependently('logs', {
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ severityNumber: 9 }, { body: {} }] }] }],
  })
  const [without, empty] = decodeLogRecords(body)
  expect(without.body).toBeUndefined()
  expect(without.severityNumber).toBe(9)
  expect(without.spanContext).toBeUndefined()
  expect(empty.body).toBeNull()
})

test('keys that look alike are not taken for each other', () => {
  const keys = Array.from({ length: 3_000 }, (_, index) => `k${index}`.padEnd(9, '-') + 'end')
  keys.push('', 'é', 'x'.repeat(64), 'x'.repeat(65))
  const attributes = keys.map((key) => ({ key, value: { boolValue: true } }))
  const body = encodeIndependently('logs', {
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes }, { attributes }] }] }],
  })
  for (const logRecord of decodeLogRecords(body)) {
    expect(Object.keys(logRecord.attributes)).toEqual(keys)
  }
})

test('attribute bytes do not keep the request alive', () => {
  const body = encodeIndependently('logs', {
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { bytesValue: Buffer.from('abc') } }] }] }],
  })
  const [{ body: bytes }] = decodeLogRecords(body)
  expect(bytes).toEqual(new Uint8Array([97, 98, 99]))
  expect((bytes as Uint8Array).buffer.byteLength).toBe(3)
})
