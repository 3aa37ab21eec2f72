// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { requestFromJson } from '../../src/otlp/json-to-protobuf'
import { MalformedOtlpError } from '../../src/otlp/malformed-otlp-error'
import { SIGNALS, type Signal } from '../../src/otlp/signal'

const spans = (...items: unknown[]) => ({ resourceSpans: [{ scopeSpans: [{ spans: items }] }] })
const metrics = (...items: unknown[]) => ({
  resourceMetrics: [{ scopeMetrics: [{ metrics: items }] }],
})
const logs = (...items: unknown[]) => ({ resourceLogs: [{ scopeLogs: [{ logRecords: items }] }] })
const attribute = (value: unknown) => spans({ attributes: [{ key: 'k', value }] })
const gauge = (point: unknown) => metrics({ gauge: { dataPoints: [point] } })
const histogram = (point: unknown) => metrics({ histogram: { dataPoints: [point] } })

const SPAN = '$.resourceSpans[0].scopeSpans[0].spans[0]'
const METRIC = '$.resourceMetrics[0].scopeMetrics[0].metrics[0]'
const LOG = '$.resourceLogs[0].scopeLogs[0].logRecords[0]'
const VALUE = `${SPAN}.attributes[0].value`

type MalformedCase = [signal: Signal, json: unknown, message: string]

const NOT_A_REQUEST: MalformedCase[] = [
  ['traces', null, '$ is null, expected an object'],
  ['traces', undefined, '$ is undefined, expected an object'],
  ['traces', [], '$ is an array of 0, expected an object'],
  ['metrics', 'resourceMetrics', '$ is "resourceMetrics", expected an object'],
  ['logs', 7, '$ is 7, expected an object'],
  ['logs', true, '$ is true, expected an object'],
]

const WRONG_STRUCTURE: MalformedCase[] = [
  ['traces', { resourceSpans: {} }, '$.resourceSpans is an object, expected an array'],
  ['traces', { resource_spans: 'x' }, '$.resourceSpans is "x", expected an array'],
  ['traces', { resourceSpans: [null] }, '$.resourceSpans[0] is null, expected an object'],
  ['traces', { resourceSpans: [[]] }, '$.resourceSpans[0] is an array of 0, expected an object'],
  ['traces', { resourceSpans: [{}, 3] }, '$.resourceSpans[1] is 3, expected an object'],
  ['traces', { resourceSpans: [{ resource: [] }] }, '.resource is an array of 0, expected an obj'],
  ['traces', spans({}, 'a span'), '.spans[1] is "a span", expected an object'],
  ['traces', spans({ status: 'OK' }), `${SPAN}.status is "OK", expected an object`],
  ['traces', spans({ attributes: { a: 1 } }), '.attributes is an object, expected an array'],
  ['traces', spans({ attributes: [{ key: 1 }] }), '.attributes[0].key is 1, expected a string'],
  ['metrics', metrics({ gauge: [] }), `${METRIC}.gauge is an array of 0, expected an object`],
  ['metrics', metrics({ sum: { dataPoints: 1 } }), '.sum.dataPoints is 1, expected an array'],
  ['logs', logs({ body: 'text' }), `${LOG}.body is "text", expected an object`],
]

const WRONG_TEXT: MalformedCase[] = [
  ['traces', spans({ name: 12 }), `${SPAN}.name is 12, expected a string`],
  ['traces', spans({ traceState: false }), `${SPAN}.traceState is false, expected a string`],
  ['traces', attribute('plain'), `${VALUE} is "plain", expected an object`],
  ['traces', attribute({ stringValue: 1 }), `${VALUE}.stringValue is 1, expected a string`],
  ['traces', attribute({ stringValue: {} }), '.stringValue is an object, expected a string'],
  ['traces', attribute({ boolValue: 'true' }), '.boolValue is "true", expected true or false'],
  ['traces', attribute({ boolValue: 1 }), '.boolValue is 1, expected true or false'],
  ['traces', attribute({ bytesValue: 'a b=' }), '.bytesValue is "a b=", expected a base64 string'],
  ['traces', attribute({ bytesValue: 'abcde' }), '"abcde", expected a base64 string'],
  ['traces', attribute({ bytesValue: 'abc==' }), '"abc==", expected a base64 string'],
  ['traces', attribute({ bytesValue: [1, 2] }), 'an array of 2, expected a base64 string'],
]

const WRONG_IDS: MalformedCase[] = [
  ['traces', spans({ traceId: 'abc' }), '.traceId is "abc", expected an id of 16 bytes: 32 hex'],
  ['traces', spans({ traceId: 'g'.repeat(32) }), 'expected an id of 16 bytes: 32 hex digits'],
  ['traces', spans({ traceId: 'a'.repeat(24) }), 'expected an id of 16 bytes: 32 hex digits'],
  ['traces', spans({ traceId: 12 }), `${SPAN}.traceId is 12, expected an id of 16 bytes`],
  ['traces', spans({ spanId: 'a'.repeat(32) }), '.spanId is "aaaa'],
  ['traces', spans({ spanId: '00f067aa0ba902b' }), 'expected an id of 8 bytes: 16 hex digits'],
  ['traces', spans({ spanId: 'APBnqgupArc!' }), '.spanId is "APBnqgupArc!", expected an id of 8'],
  ['traces', spans({ links: [{ traceId: '?' }] }), `${SPAN}.links[0].traceId is "?"`],
  ['traces', spans({ parentSpanId: ['a'] }), '.parentSpanId is an array of 1, expected an id'],
]

const WRONG_ENUMS: MalformedCase[] = [
  ['traces', spans({ kind: 'SERVER' }), '"SERVER", expected an integer or a name (SPAN_KIND_UNSP'],
  ['traces', spans({ kind: 1.5 }), `${SPAN}.kind is 1.5, expected an integer or a name`],
  ['traces', spans({ kind: 2 ** 31 }), `${SPAN}.kind is 2147483648, expected an integer or a name`],
  ['traces', spans({ status: { code: true } }), '.status.code is true, expected an integer or a'],
  ['logs', logs({ severityNumber: 'WARN' }), '.severityNumber is "WARN", expected an integer or'],
]

const WRONG_NUMBERS: MalformedCase[] = [
  ['traces', spans({ startTimeUnixNano: 'now' }), '"now", expected nanoseconds since the Unix'],
  ['traces', spans({ startTimeUnixNano: '' }), '.startTimeUnixNano is "", expected nanoseconds'],
  ['traces', spans({ endTimeUnixNano: -1 }), '.endTimeUnixNano is -1, expected nanoseconds'],
  ['traces', spans({ endTimeUnixNano: '-1' }), '.endTimeUnixNano is "-1", expected nanoseconds'],
  ['traces', spans({ endTimeUnixNano: 1.5 }), '.endTimeUnixNano is 1.5, expected nanoseconds'],
  ['traces', spans({ endTimeUnixNano: 2 ** 64 }), 'is 18446744073709552000, expected nanoseconds'],
  ['traces', spans({ endTimeUnixNano: `${2n ** 64n}` }), '"18446744073709551616", expected nano'],
  ['traces', spans({ endTimeUnixNano: '0x10' }), '"0x10", expected nanoseconds'],
  ['traces', spans({ endTimeUnixNano: ' 1' }), '" 1", expected nanoseconds'],
  ['traces', spans({ endTimeUnixNano: {} }), 'an object, expected nanoseconds'],
  ['traces', spans({ events: [{}, { timeUnixNano: [] }] }), `${SPAN}.events[1].timeUnixNano is an`],
  ['traces', spans({ droppedEventsCount: -1 }), 'is -1, expected an integer from 0 to 4294967295'],
  ['traces', spans({ droppedLinksCount: 2 ** 32 }), 'is 4294967296, expected an integer from 0'],
  ['traces', spans({ flags: 0.5 }), `${SPAN}.flags is 0.5, expected an integer from 0 to`],
  ['traces', attribute({ intValue: 'many' }), '.intValue is "many", expected a 64-bit integer'],
  ['traces', attribute({ intValue: 0.5 }), '.intValue is 0.5, expected a 64-bit integer'],
  ['traces', attribute({ intValue: '0.5' }), '.intValue is "0.5", expected a 64-bit integer'],
  ['traces', attribute({ intValue: NaN }), '.intValue is NaN, expected a 64-bit integer'],
  ['traces', attribute({ intValue: `${2n ** 63n}` }), '"9223372036854775808", expected a 64-bit'],
  ['traces', attribute({ intValue: `-${2n ** 63n + 1n}` }), '"-9223372036854775809", expected a'],
  ['traces', attribute({ intValue: true }), '.intValue is true, expected a 64-bit integer'],
  ['traces', attribute({ doubleValue: 'one' }), '"one", expected a number, "NaN", "Infinity"'],
  ['traces', attribute({ doubleValue: '' }), '.doubleValue is "", expected a number'],
  ['traces', attribute({ doubleValue: '-NaN' }), '.doubleValue is "-NaN", expected a number'],
  ['traces', attribute({ doubleValue: [] }), '.doubleValue is an array of 0, expected a number'],
  ['metrics', gauge({ asInt: 1e19 }), '.asInt is 10000000000000000000, expected a 64-bit'],
  ['metrics', gauge({ asDouble: false }), '.gauge.dataPoints[0].asDouble is false, expected a'],
  ['metrics', histogram({ count: -3 }), '.count is -3, expected an unsigned 64-bit integer'],
  ['metrics', histogram({ bucketCounts: 1 }), '.bucketCounts is 1, expected an array'],
  ['metrics', histogram({ bucketCounts: [1, null] }), '.bucketCounts[1] is null, expected an unsi'],
  ['metrics', histogram({ explicitBounds: ['a'] }), '.explicitBounds[0] is "a", expected a number'],
  [
    'metrics',
    metrics({ exponentialHistogram: { dataPoints: [{ scale: 2 ** 31 }] } }),
    '.scale is 2147483648, expected an integer of 32 bits',
  ],
]

const CASES = [
  ...NOT_A_REQUEST,
  ...WRONG_STRUCTURE,
  ...WRONG_TEXT,
  ...WRONG_IDS,
  ...WRONG_ENUMS,
  ...WRONG_NUMBERS,
]

test.each(CASES)('%s: %j is refused', (signal, json, message) => {
  expect(messageOf(() => requestFromJson(json, signal))).toContain(message)
})

test('a long value is shortened in the message', () => {
  const message = messageOf(() => requestFromJson(spans({ traceId: 'x'.repeat(1e6) }), 'traces'))
  expect(message).toContain(`"${'x'.repeat(60)}"… (1000000 characters), expected an id`)
  expect(message.length).toBeLessThan(300)
})

test('a number of a million digits is refused at once', () => {
  const started = process.cpuUsage()
  messageOf(() => requestFromJson(attribute({ intValue: '9'.repeat(1e6) }), 'traces'))
  expect(process.cpuUsage(started).user).toBeLessThan(1_000_000)
})

test('what is refused leaves nothing behind for the request that comes next', () => {
  const good = spans({ name: 'a' })
  const before = requestFromJson(good, 'traces')
  messageOf(() => requestFromJson(spans({ name: 'b', kind: 'no kind' }), 'traces'))
  expect(requestFromJson(good, 'traces')).toEqual(before)
})

describe('nesting', () => {
  // A request's attribute value lies 6 messages deep, and each array adds two.
  const nested = (arrays: number) => {
    let value: unknown = { intValue: '1' }
    for (let level = 0; level < arrays; level++) value = { arrayValue: { values: [value] } }
    return attribute(value)
  }

  test('of 100 messages is accepted, of one more refused', () => {
    expect(() => requestFromJson(nested(47), 'traces')).not.toThrow()
    const message = messageOf(() => requestFromJson(nested(48), 'traces'))
    expect(message).toContain(
      `messages are nested deeper than 100 at ${VALUE}.arrayValue.values[0]`,
    )
    expect(message.length).toBeLessThan(400)
  })

  test('of 100,000 messages does not exhaust the stack', () => {
    expect(messageOf(() => requestFromJson(nested(100_000), 'traces'))).toContain('nested deeper')
  })

  test('of a value within itself ends', () => {
    const value: Record<string, unknown> = {}
    value.arrayValue = { values: [value] }
    expect(messageOf(() => requestFromJson(attribute(value), 'traces'))).toContain('nested deeper')
  })

  test('in an unknown field is nobody’s business', () => {
    const request = { ...nested(1), future: nested(1000) }
    expect(requestFromJson(request, 'traces')).toEqual(requestFromJson(nested(1), 'traces'))
  })
})

test('every signal refuses what is no object', () => {
  for (const signal of SIGNALS) {
    expect(messageOf(() => requestFromJson('{}', signal))).toBe('$ is "{}", expected an object')
  }
})

function messageOf(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedOtlpError)
    return (error as MalformedOtlpError).message
  }
  throw new Error('nothing was refused')
}
