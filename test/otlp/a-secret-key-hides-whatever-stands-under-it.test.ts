// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import protobuf from 'protobufjs'
import { createKeyMatcher } from '../../src/otlp/redact-keys'
import type { RedactOptions } from '../../src/otlp/redact-options'
import { createRedactor } from '../../src/otlp/redact-request'
import { SIGNALS } from '../../src/otlp/signal'
import { encodeRequestJson, type JsonObject, seededRandom } from '../support/arbitrary-otlp'
import { decodeIndependently, encodeIndependently } from '../support/independent-decoder'
import { arbitrarySeededRequest } from './json-request'

/** A copy in which each pair of key and value, at any depth, is what `change` makes of it. */
function mapPairs<T>(value: T, change: (pair: JsonObject) => JsonObject, name = ''): T {
  if (Array.isArray(value)) return value.map((each: unknown) => mapPairs(each, change, name)) as T
  if (typeof value !== 'object' || value === null) return value
  const isPair = ['attributes', 'filteredAttributes', 'metadata'].includes(name) || name === 'pairs'
  const pair = isPair ? change(value as JsonObject) : (value as JsonObject)
  return Object.fromEntries(
    Object.entries(pair).map(([field, inner]) => [
      field,
      mapPairs(inner, change, name === 'kvlistValue' ? 'pairs' : field),
    ]),
  ) as T
}

const REDACTED = { stringValue: '[REDACTED]' }

describe.each(SIGNALS)('in %s', (signal) => {
  test('values of any type, at any depth, wherever OTLP has attributes', () => {
    const redactor = createRedactor({ attributeKeys: ['secret.*', /^HIDDEN$/i] })
    const places = new Set<string>()
    fc.assert(
      fc.property(arbitrarySeededRequest(signal), fc.nat(), ({ json }, seed) => {
        const random = seededRandom(seed)
        const isHidden = (pair: JsonObject) => /^(secret\..*|hidden)$/i.test(String(pair.key))
        const planted = mapPairs(json, (pair) => {
          if (random() < 0.6) return pair
          return { ...pair, key: random() < 0.5 ? 'secret.a.b' : 'Hidden' }
        })
        const expected = mapPairs(planted, (pair) => {
          if (!isHidden(pair) || pair.value === undefined) return pair
          places.add(Object.keys(pair.value as JsonObject)[0] ?? 'empty')
          return { ...pair, value: REDACTED }
        })
        const encode = (request: JsonObject) =>
          encodeRequestJson(signal, request, { anyOrder: false })
        const body = encode(planted)
        const redacted = redactor?.redact(body, signal) ?? body
        expect(Buffer.compare(redacted, encode(expected))).toBe(0)
        expect(redactor?.redact(redacted, signal)).toBe(redacted)
      }),
      { numRuns: 25 },
    )
    expect(places.size).toBeGreaterThanOrEqual(7)
  })
})

function redactAttributes(attributes: object[], options: RedactOptions): unknown {
  const request = { resourceSpans: [{ resource: { attributes } }] }
  const body = encodeIndependently('traces', request)
  const redacted = createRedactor(options)?.redact(body, 'traces') ?? body
  const { resourceSpans } = decodeIndependently('traces', redacted) as {
    resourceSpans: { resource: { attributes: unknown } }[]
  }
  return resourceSpans[0].resource.attributes
}

test('a map under a secret key goes as a whole, and a secret key in a map by itself', () => {
  const map = (key: string) => ({
    key,
    value: {
      kvlistValue: {
        values: [
          { key: 'authorization', value: { bytesValue: Buffer.from('abc') } },
          { key: 'accept', value: { arrayValue: { values: [{ intValue: '7' }] } } },
        ],
      },
    },
  })
  expect(
    redactAttributes([map('headers'), map('cookies')], {
      attributeKeys: ['authorization', 'cookies'],
      replacement: '?',
    }),
  ).toEqual([
    {
      key: 'headers',
      value: {
        kvlistValue: {
          values: [
            { key: 'authorization', value: { stringValue: '?' } },
            { key: 'accept', value: { arrayValue: { values: [{ intValue: '7' }] } } },
          ],
        },
      },
    },
    { key: 'cookies', value: { stringValue: '?' } },
  ])
})

test('the key itself is a text, and stands under the rule for values as well', () => {
  const attributes = [{ key: 'user.jane', value: { stringValue: 'jane' } }]
  expect(redactAttributes(attributes, { attributeKeys: ['user.*'], values: ['jane'] })).toEqual([
    { key: 'user.[REDACTED]', value: { stringValue: '[REDACTED]' } },
  ])
})

test('a value is hidden by each key that a pair claims to have, and wherever it stands', () => {
  const pair = protobuf.Writer.create()
  const value = protobuf.Writer.create().uint32(0x0a).string('s3cr3t').finish()
  pair.uint32(0x12).bytes(value)
  pair.uint32(0x0a).string('token').uint32(0x0a).string('harmless')
  pair.uint32(0x12).bytes(value)
  const resource = protobuf.Writer.create().uint32(0x0a).bytes(pair.finish()).finish()
  const entry = protobuf.Writer.create().uint32(0x0a).bytes(resource).finish()
  const body = protobuf.Writer.create().uint32(0x0a).bytes(entry).finish()
  const redacted = createRedactor({ attributeKeys: ['token'] })?.redact(body, 'traces') ?? body
  expect(Buffer.from(redacted).includes('s3cr3t')).toBe(false)
  expect(
    Buffer.from(redacted)
      .toString()
      .match(/\[REDACTED\]/g),
  ).toHaveLength(2)
})

test('a wildcard stands for any characters, and for nothing else', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 })
  const pattern = fc.string({
    unit: fc.constantFrom('a', 'b', '.', '*'),
    minLength: 1,
    maxLength: 6,
  })
  fc.assert(
    fc.property(pattern, text, (wildcards, key) => {
      const source = wildcards.split('*').map((part) => part.replaceAll('.', '\\.'))
      const expected = new RegExp(`^${source.join('.*')}$`, 's').test(key)
      const matches = createKeyMatcher([wildcards])
      expect([matches(key), matches(key)]).toEqual([expected, expected])
    }),
    { numRuns: 2_000 },
  )
})

test('a RegExp with a memory forgets it, and the one that was given is left alone', () => {
  const expression = /token/gy
  const matches = createKeyMatcher([expression])
  expect(['a.token', 'b.token', 'c', 'token'].map(matches)).toEqual([true, true, false, true])
  expect(expression.lastIndex).toBe(0)
})
