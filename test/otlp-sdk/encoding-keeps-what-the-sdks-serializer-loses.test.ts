// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { ValueType, type HrTime } from '@opentelemetry/api'
import {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer'
import { encodeLogRecords } from '../../src/otlp/encode-log-records'
import { encodeMetrics } from '../../src/otlp/encode-metrics'
import { encodeSpans } from '../../src/otlp/encode-spans'
import type { ReadableLogRecord, ResourceMetrics } from '../../src/otlp/sdk-types'
import { decodeIndependently } from '../support/independent-decoder'
import { realLogRecords, realSpans, variantOf } from './real-telemetry'

// The encoders give the SDK's own bytes, except where those lose what the
// object holds. Here are all the exceptions, each beside what the SDK makes of it.

function bodies(value: unknown): { ours: unknown; theirs: unknown } {
  const [logRecord] = realLogRecords()
  const odd: ReadableLogRecord[] = [variantOf(logRecord, { body: value })]
  return {
    ours: firstBody(encodeLogRecords(odd)),
    theirs: firstBody(ProtobufLogsSerializer.serializeRequest(odd)),
  }
}

function firstBody(bytes: Uint8Array | undefined): unknown {
  const request = decodeIndependently('logs', bytes ?? new Uint8Array()) as unknown as {
    resourceLogs: { scopeLogs: { logRecords: { body: unknown }[] }[] }[]
  }
  return request.resourceLogs[0].scopeLogs[0].logRecords[0].body
}

test.each([
  ['a bigint', 2n ** 60n, { intValue: '1152921504606846976' }, {}],
  ['a negative bigint', -(2n ** 63n), { intValue: '-9223372036854775808' }, {}],
  ['a bigint beyond 64 bits', 2n ** 63n, { stringValue: '9223372036854775808' }, {}],
  ['a date', new Date(0), { stringValue: '1970-01-01T00:00:00.000Z' }, { kvlistValue: {} }],
  ['a date that is none', new Date(NaN), { stringValue: 'Invalid Date' }, { kvlistValue: {} }],
])('%s', (_name, value, kept, lost) => {
  expect(bodies(value)).toEqual({ ours: kept, theirs: lost })
})

describe('an instrument that is declared an integer and reports something else', () => {
  const point = (encoded: Uint8Array | undefined) => {
    const request = decodeIndependently('metrics', encoded ?? new Uint8Array()) as unknown as {
      resourceMetrics: {
        scopeMetrics: { metrics: { gauge: { dataPoints: object[] } }[] }[]
      }[]
    }
    return request.resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints[0]
  }

  test.each([
    [1.5, { asDouble: 1.5 }, { asInt: '1' }],
    [NaN, { asDouble: NaN }, { asInt: '0' }],
    [2 ** 64, { asDouble: 2 ** 64 }, { asInt: '0' }],
    [-7, { asInt: '-7' }, { asInt: '-7' }],
  ])('%d', async (value, kept, lost) => {
    const [{ resource }] = await realSpans()
    const time: HrTime = [1_700_000_000, 0]
    const metrics: ResourceMetrics = {
      resource,
      scopeMetrics: [
        {
          scope: { name: 'meter' },
          metrics: [
            {
              descriptor: { name: 'g', description: '', unit: '', valueType: ValueType.INT },
              aggregationTemporality: 1,
              dataPointType: 2,
              dataPoints: [{ startTime: time, endTime: time, attributes: {}, value }],
            },
          ],
        },
      ],
    }
    expect(point(encodeMetrics(metrics))).toMatchObject(kept)
    expect(point(ProtobufMetricsSerializer.serializeRequest(metrics))).toMatchObject(lost)
  })
})

describe('a span', () => {
  const firstSpan = (encoded: Uint8Array | undefined) => {
    const request = decodeIndependently('traces', encoded ?? new Uint8Array()) as unknown as {
      resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[]
    }
    return request.resourceSpans[0].scopeSpans[0].spans[0]
  }

  test('that a JavaScript caller named undefined does not cost the batch', async () => {
    const [span, next] = await realSpans()
    const nameless = variantOf(span, { name: undefined })
    expect(() => ProtobufTraceSerializer.serializeRequest([nameless, next])).toThrow(TypeError)
    expect(firstSpan(encodeSpans([nameless, next])).name).toBe('')
  })

  test.each([
    [[1_700_000_000, 999_999_999], '1700000000999999999'],
    [[18_446_744_073, 709_551_615], '18446744073709551615'],
    // Beyond what fits, and before 1970: as 64 bits go round, not as doubles round.
    [[18_446_744_073, 709_551_616], '0'],
    [[-1, 0], (2n ** 64n - 10n ** 9n).toString()],
    [[0, -1], (2n ** 64n - 1n).toString()],
    [[NaN, NaN], '0'],
    [[1.9, 0.9], '1000000000'],
  ] as [HrTime, string][])('that starts at %j', async (startTime, nanos) => {
    const [span] = await realSpans()
    const timed = variantOf(span, { startTime })
    expect(firstSpan(encodeSpans([timed])).startTimeUnixNano).toBe(nanos)
  })
})

test('minus zero stays an integer: an attribute that changes its type is worse than a lost sign', () => {
  expect(bodies(-0)).toEqual({ ours: { intValue: '0' }, theirs: { intValue: '0' } })
})
