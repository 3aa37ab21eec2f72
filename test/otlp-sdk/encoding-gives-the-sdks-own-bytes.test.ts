// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer'
import fc from 'fast-check'
import { encodeLogRecords } from '../../src/otlp/encode-log-records'
import { encodeMetrics } from '../../src/otlp/encode-metrics'
import { encodeSpans } from '../../src/otlp/encode-spans'
import type { ReadableLogRecord, ReadableSpan, ResourceMetrics } from '../../src/otlp/sdk-types'
import { decodeIndependently } from '../support/independent-decoder'
import { anyLogRecords, anyResourceMetrics, anySpans } from './arbitrary-telemetry'
import { realLogRecords, realMetrics, realSpans } from './real-telemetry'

const bytes = (encoded: Uint8Array | undefined) => Buffer.from(encoded ?? []).toString('hex')
const theirSpans = (spans: ReadableSpan[]) => bytes(ProtobufTraceSerializer.serializeRequest(spans))
const theirMetrics = (metrics: ResourceMetrics) =>
  bytes(ProtobufMetricsSerializer.serializeRequest(metrics))
const theirLogRecords = (logRecords: ReadableLogRecord[]) =>
  bytes(ProtobufLogsSerializer.serializeRequest(logRecords))

describe('what the SDK made', () => {
  test('spans, with links, events, dropped counts, trace state and a remote parent', async () => {
    const spans = await realSpans()
    expect(spans.length).toBe(20)
    expect(bytes(encodeSpans(spans))).toBe(theirSpans(spans))
    expect(Object.keys(decodeIndependently('traces', encodeSpans(spans)))).toEqual([
      'resourceSpans',
    ])
  })

  test('metrics of every instrument, delta and cumulative', async () => {
    const collections = await realMetrics()
    expect(collections.length).toBe(6)
    const types = new Set<number>()
    for (const collection of collections) {
      expect(bytes(encodeMetrics(collection))).toBe(theirMetrics(collection))
      for (const { metrics } of collection.scopeMetrics) {
        for (const metric of metrics) types.add(metric.dataPointType)
      }
    }
    expect([...types].sort()).toEqual([0, 1, 2, 3])
  })

  test('log records with every kind of body', () => {
    const logRecords = realLogRecords()
    expect(logRecords.length).toBe(20)
    expect(bytes(encodeLogRecords(logRecords))).toBe(theirLogRecords(logRecords))
  })

  test('nothing at all', () => {
    expect(bytes(encodeSpans([]))).toBe('')
    expect(bytes(encodeLogRecords([]))).toBe('')
  })
})

describe('whatever the types of the SDK allow', () => {
  test('spans', () => {
    fc.assert(fc.property(anySpans, (s) => expect(bytes(encodeSpans(s))).toBe(theirSpans(s))))
  })

  test('metrics', () => {
    const property = fc.property(anyResourceMetrics, (metrics) =>
      expect(bytes(encodeMetrics(metrics))).toBe(theirMetrics(metrics)),
    )
    fc.assert(property)
  })

  test('log records', () => {
    const property = fc.property(anyLogRecords, (logRecords) =>
      expect(bytes(encodeLogRecords(logRecords))).toBe(theirLogRecords(logRecords)),
    )
    fc.assert(property)
  })
})

test('a batch larger than the buffer the writer starts with', async () => {
  const spans = Array.from({ length: 60 }, () => realSpans())
  const many = (await Promise.all(spans)).flat()
  expect(many.length).toBe(1_200)
  expect(bytes(encodeSpans(many))).toBe(theirSpans(many))
})
