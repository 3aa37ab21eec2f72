// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { requestFromJson } from '../../src/otlp/json-to-protobuf'
import { requestToJson } from '../../src/otlp/protobuf-to-json'
import { REQUEST_SHAPES, type MessageShape } from '../../src/otlp/schema'
import { SIGNALS } from '../../src/otlp/signal'
import type { JsonObject } from '../support/arbitrary-otlp'
import { independentJson } from './independent-json'
import { protoName } from './respelled-json'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN_ID = '00f067aa0ba902b7'

// A span as it is written, and as it is understood.
const SPANS: [what: string, written: string, understood: JsonObject][] = [
  ['ids in upper case', `{"traceId":"${TRACE_ID.toUpperCase()}"}`, { traceId: TRACE_ID }],
  ['a trace id in base64', '{"traceId":"S/kvNXezTaajzpKdDg5HNg=="}', { traceId: TRACE_ID }],
  [
    'a trace id in url-safe base64',
    '{"traceId":"S_kvNXezTaajzpKdDg5HNg=="}',
    { traceId: TRACE_ID },
  ],
  ['a span id in base64', '{"spanId":"APBnqgupArc="}', { spanId: SPAN_ID }],
  ['empty ids', '{"traceId":"","spanId":"","parentSpanId":""}', {}],
  ['an id of zeros', '{"spanId":"0000000000000000"}', { spanId: '0000000000000000' }],
  ['names in snake_case', `{"parent_span_id":"${SPAN_ID}"}`, { parentSpanId: SPAN_ID }],
  ['both spellings: the last counts', '{"traceState":"a","trace_state":"b"}', { traceState: 'b' }],
  ['the same key twice: the last counts', '{"name":"a","name":"b"}', { name: 'b' }],
  ['an enum by name', '{"kind":"SPAN_KIND_SERVER"}', { kind: 2 }],
  ['an enum by number in a string', '{"kind":"2"}', { kind: 2 }],
  ['an enum that is newer than we are', '{"kind":17}', { kind: 17 }],
  ['a negative enum', '{"kind":-1}', { kind: -1 }],
  ['the default of an enum', '{"kind":"SPAN_KIND_UNSPECIFIED"}', {}],
  ['null for absent', '{"name":null,"events":null,"status":null,"kind":null}', {}],
  ['an empty message', '{"status":{}}', { status: {} }],
  ['empty lists', '{"events":[],"attributes":[]}', {}],
  ['a time as string', '{"endTimeUnixNano":"1730291041637024540"}', time('1730291041637024540')],
  ['a time as number', '{"endTimeUnixNano":1730291041637024540}', time('1730291041637024512')],
  ['the last time of all', '{"endTimeUnixNano":"18446744073709551615"}', time(`${2n ** 64n - 1n}`)],
  ['a time of 2^53 + 1', '{"endTimeUnixNano":"9007199254740993"}', time('9007199254740993')],
  ['a time with an exponent', '{"endTimeUnixNano":"1e3"}', time('1000')],
  ['a time with a point', '{"endTimeUnixNano":1000.0}', time('1000')],
  ['a time of zero', '{"endTimeUnixNano":0,"startTimeUnixNano":"0"}', {}],
  ['a time of minus zero', '{"endTimeUnixNano":-0,"startTimeUnixNano":"-0"}', {}],
  ['32 bits as string', '{"flags":"4294967295"}', { flags: 4294967295 }],
  ['unknown fields', '{"name":"a","deltaTime":{"x":[1]},"__proto__":{"name":"b"}}', { name: 'a' }],
  ['names that every object inherits', '{"name":"a","constructor":1,"toString":2}', { name: 'a' }],
]

test.each(SPANS)('%s', (_what, written, understood) => {
  expect(spanOf(`{"resourceSpans":[{"scopeSpans":[{"spans":[${written}]}]}]}`)).toEqual(understood)
})

// An attribute's value as it is written, and as it is understood.
const VALUES: [what: string, written: string, understood: JsonObject | undefined][] = [
  ['nothing', '{}', {}],
  ['null', 'null', undefined],
  ['an empty string', '{"stringValue":""}', { stringValue: '' }],
  ['false', '{"boolValue":false}', { boolValue: false }],
  ['zero', '{"intValue":"0"}', { intValue: '0' }],
  ['zero as double', '{"doubleValue":0}', { doubleValue: 0 }],
  ['minus zero as double', '{"doubleValue":-0}', { doubleValue: -0 }],
  ['no bytes', '{"bytesValue":""}', { bytesValue: '' }],
  ['an empty array', '{"arrayValue":{}}', { arrayValue: {} }],
  ['an empty map', '{"kvlistValue":{"values":[]}}', { kvlistValue: {} }],
  [
    'an array with an empty value',
    '{"array_value":{"values":[{}]}}',
    { arrayValue: { values: [{}] } },
  ],
  ['the smallest integer', '{"intValue":"-9223372036854775808"}', int(`-${2n ** 63n}`)],
  ['the smallest integer as number', '{"intValue":-9223372036854775808}', int(`-${2n ** 63n}`)],
  ['the largest integer', '{"intValue":"9223372036854775807"}', int(`${2n ** 63n - 1n}`)],
  ['an integer as number', '{"int_value":-5}', int('-5')],
  ['an integer below -2^32', '{"intValue":-4294967297}', int('-4294967297')],
  ['NaN', '{"doubleValue":"NaN"}', { doubleValue: 'NaN' }],
  ['Infinity', '{"doubleValue":"Infinity"}', { doubleValue: 'Infinity' }],
  ['-Infinity', '{"doubleValue":"-Infinity"}', { doubleValue: '-Infinity' }],
  ['a double as string', '{"doubleValue":"-1.5e-3"}', { doubleValue: -0.0015 }],
  ['url-safe bytes', '{"bytesValue":"-_8"}', { bytesValue: '+/8=' }],
  ['bytes without padding', '{"bytesValue":"AA"}', { bytesValue: 'AA==' }],
  ['two values: the last counts', '{"stringValue":"a","intValue":"1"}', int('1')],
  ['two values in another order', '{"intValue":"1","stringValue":"a"}', { stringValue: 'a' }],
  ['two values, one of them null', '{"stringValue":"a","intValue":null}', { stringValue: 'a' }],
  ['half a surrogate pair', '{"stringValue":"a\\ud800b"}', { stringValue: 'a\ufffdb' }],
]

test.each(VALUES)('a value: %s', (_what, written, understood) => {
  const request = `{"resourceSpans":[{"scopeSpans":[{"spans":[
    {"attributes":[{"key":"__proto__","value":${written}}]}]}]}]}`
  const attribute = understood ? { key: '__proto__', value: understood } : { key: '__proto__' }
  expect(spanOf(request)).toEqual({ attributes: [attribute] })
})

test.each(SIGNALS)('%s: snake_case is what the .proto files say', (signal) => {
  for (const [shape, jsonName] of fieldsBelow(REQUEST_SHAPES[signal], new Set())) {
    const snakeCase = jsonName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    expect([shape, snakeCase]).toEqual([shape, protoName(jsonName)])
  }
})

// Both our decoder and protobufjs: what one of them reads wrongly, the other does not.
function spanOf(text: string): unknown {
  const body = requestFromJson(JSON.parse(text), 'traces')
  const ours = onlySpanOf(requestToJson(body, 'traces') as JsonObject)
  expect(ours).toEqual(onlySpanOf(independentJson('traces', body)))
  return ours
}

function onlySpanOf(request: JsonObject): unknown {
  const [resourceSpans] = request.resourceSpans as JsonObject[]
  const [scopeSpans] = resourceSpans.scopeSpans as JsonObject[]
  return (scopeSpans.spans as unknown[])[0]
}

function time(endTimeUnixNano: string): JsonObject {
  return { endTimeUnixNano }
}

function int(intValue: string): JsonObject {
  return { intValue }
}

function* fieldsBelow(shape: MessageShape, seen: Set<MessageShape>): Generator<[string, string]> {
  if (seen.has(shape)) return
  seen.add(shape)
  for (const field of shape.fields) {
    yield [shape.name, field.jsonName]
    if (field.message) yield* fieldsBelow(field.message, seen)
  }
}
