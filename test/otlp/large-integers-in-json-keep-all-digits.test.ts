// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { requestFromJson } from '../../src/otlp/json-to-protobuf'
import { parseOtlpJson } from '../../src/otlp/parse-otlp-json'
import { decodeIndependently } from '../support/independent-decoder'

const UINT64_MAX = 2n ** 64n - 1n

test('what has no large integer is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(0, 1, 2), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent)
      fc.pre(!/\d{16}/.test(text))
      expect(parseOtlpJson(text)).toEqual(JSON.parse(text))
    }),
  )
})

test('integers keep every digit, wherever they stand, and strings are left alone', () => {
  const integers = fc.bigInt({ min: -(2n ** 63n), max: UINT64_MAX })
  const texts = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('"', '\\', '1', ':', ' ') }),
  )
  fc.assert(
    fc.property(
      fc.array(fc.tuple(integers, texts)),
      fc.constantFrom('', ' ', '\n'),
      (pairs, gap) => {
        const items = pairs.map(
          ([integer, text]) =>
            `{"a":${gap}${integer},${JSON.stringify(text)}:[${gap}${integer}${gap}]}`,
        )
        const read = parseOtlpJson(`[${items.join(`,${gap}`)}]`) as Record<string, unknown>[]
        expect(read).toHaveLength(pairs.length)
        for (const [index, [integer, text]] of pairs.entries()) {
          const [inList] = read[index][text] as [string | number]
          expect(BigInt(inList)).toBe(integer)
          if (text !== 'a') expect(BigInt(read[index].a as string | number)).toBe(integer)
        }
      },
    ),
  )
})

test.each([
  '1234567890123456789.5',
  '12345678901234567e3',
  '[0.1234567890123456789]',
  '"a:1234567890123456789,"',
  '"\\":1234567890123456789"',
])('%s is no integer, and read as it is', (text) => {
  expect(parseOtlpJson(text)).toEqual(JSON.parse(text))
})

test.each([
  '01234567890123456789',
  '[1234567890123456789',
  '"1234567890123456',
  '1-1111111111111111',
])('%s is no JSON, as before', (text) => {
  expect(() => parseOtlpJson(text)).toThrow(SyntaxError)
})

test('times, counts, integers and doubles of a request that are written as numbers', () => {
  const text = `{"resourceSpans":[{"scopeSpans":[{"spans":[{
    "startTimeUnixNano":1544712660123456789,"endTimeUnixNano": 1544712661123456789,
    "attributes":[
      {"key":"i","value":{"intValue":-9007199254740993}},
      {"key":"d","value":{"doubleValue":12345678901234567890}}]}]}]}]}`
  const bytes = requestFromJson(parseOtlpJson(text), 'traces')
  expect(decodeIndependently('traces', bytes)).toMatchObject({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                startTimeUnixNano: '1544712660123456789',
                endTimeUnixNano: '1544712661123456789',
                attributes: [
                  { key: 'i', value: { intValue: '-9007199254740993' } },
                  { key: 'd', value: { doubleValue: 12345678901234567890 } },
                ],
              },
            ],
          },
        ],
      },
    ],
  })
})
