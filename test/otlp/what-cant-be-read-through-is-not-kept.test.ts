// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import protobuf from 'protobufjs'
import { MalformedOtlpError } from '../../src/otlp/malformed-otlp-error'
import type { RedactOptions } from '../../src/otlp/redact-options'
import { createRedactor } from '../../src/otlp/redact-request'
import { SIGNALS } from '../../src/otlp/signal'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { decodeIndependently } from '../support/independent-decoder'
import { fieldsOf } from './json-request'

const SECRET = 's3cr3t-4711'
const BY_EXPRESSION: RedactOptions = { values: [/s3cr3t-\d{4}/] }
const BY_LITERAL: RedactOptions = { values: [SECRET] }
const BY_KEY: RedactOptions = { attributeKeys: ['token'] }

function redact(body: Uint8Array, options: RedactOptions): Buffer {
  return Buffer.from(createRedactor(options)?.redact(body, 'traces') ?? body)
}

function field(number: number, content: Uint8Array | string): Uint8Array {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return protobuf.Writer.create()
    .uint32(((number << 3) | 2) >>> 0)
    .bytes(bytes)
    .finish()
}

/** A request with one span of such fields. */
function spanOf(...fields: Uint8Array[]): Uint8Array {
  return [1, 2, 2].reduceRight<Uint8Array>(
    (inner, number) => field(number, inner),
    Buffer.concat(fields),
  )
}

describe.each(SIGNALS)('in %s', (signal) => {
  test('a request that is cut short is refused or has no secret left', () => {
    const redactor = createRedactor({ ...BY_KEY, ...BY_EXPRESSION })
    const requests = arbitraryRequestBytes(signal, { unknownFields: true, anyOrder: true })
    fc.assert(
      fc.property(requests, fc.double({ min: 0, max: 1, noNaN: true }), (bytes, part) => {
        const cut = bytes.subarray(0, Math.floor(bytes.length * part))
        expect(endOf(() => redactor?.redact(cut, signal))).not.toBe('another error')
      }),
      { numRuns: 25 },
    )
  })

  test('bytes at random are refused or redacted, in the time that their length takes', () => {
    const redactor = createRedactor({ ...BY_KEY, ...BY_EXPRESSION })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300, size: 'max' }), (bytes) => {
        expect(endOf(() => redactor?.redact(bytes, signal))).not.toBe('another error')
      }),
      { numRuns: 150 },
    )
  })
})

function endOf(redacting: () => unknown): 'kept' | 'refused' | 'another error' {
  try {
    redacting()
    return 'kept'
  } catch (error) {
    return error instanceof MalformedOtlpError ? 'refused' : 'another error'
  }
}

test.each<[string, Uint8Array]>([
  ['a length past the end', spanOf(Uint8Array.of(0x2a, 100, 1))],
  ['a damaged attribute', spanOf(field(9, Uint8Array.of(0x0a, 9, 1)))],
  [
    'a damaged value in a map in a list',
    spanOf(field(9, field(2, field(5, field(1, field(6, field(1, '\x12\x7f'))))))),
  ],
  ['a group that does not end', spanOf(Uint8Array.of(0x7b, 0x08, 0x01))],
])('%s is refused', (_title, body) => {
  for (const options of [BY_KEY, BY_EXPRESSION]) {
    expect(() => redact(body, options)).toThrow(MalformedOtlpError)
  }
})

function nestedValue(depth: number, text: string): Uint8Array {
  let value = field(1, text)
  for (let level = 0; level < depth; level++) value = field(level % 2 === 0 ? 1 : 5, value)
  return value
}

test('a value in a hundred lists is redacted, one in a thousand is refused', () => {
  const attribute = (depth: number) => spanOf(field(9, field(2, nestedValue(depth, SECRET))))
  expect(redact(attribute(200), BY_EXPRESSION).includes(SECRET)).toBe(false)
  expect(() => redact(attribute(2_000), BY_EXPRESSION)).toThrow(/300 messages lie in one another/)
})

describe('fields that OTLP does not have', () => {
  const text = field(100, `token ${SECRET}`)
  const message = field(101, Buffer.concat([field(1, 'token'), field(2, field(1, SECRET))]))
  const group = Buffer.concat([
    Uint8Array.of(0xc3, 0x3e),
    field(1, SECRET),
    Uint8Array.of(0xc4, 0x3e),
  ])
  const noText = Uint8Array.of(0xa0, 0x06, 7, 0xad, 0x06, 1, 2, 3, 4)
  const name = field(5, 'GET /')
  const harmless = field(102, 'harmless')

  test.each([
    ['a RegExp', BY_EXPRESSION],
    ['a key', BY_KEY],
  ])('go for %s, unless they are numbers', (_title, options) => {
    const redacted = redact(spanOf(text, name, message, group, noText, harmless), options)
    expect(redacted.equals(spanOf(name, noText))).toBe(true)
  })

  test('go for a literal if it lies in their bytes', () => {
    const redacted = redact(spanOf(text, name, message, group, noText, harmless), BY_LITERAL)
    expect(redacted.equals(spanOf(name, noText, harmless))).toBe(true)
  })

  test('are told by their wire type, and ids by their length', () => {
    const traceId = field(1, Buffer.alloc(16, 7))
    const noIds = [field(1, SECRET), field(2, SECRET), field(4, SECRET)]
    const noNumbers = [field(6, SECRET), field(7, SECRET), field(16, SECRET), field(10, SECRET)]
    const redacted = redact(spanOf(...noIds, traceId, ...noNumbers, name), BY_EXPRESSION)
    expect(redacted.equals(spanOf(traceId, name))).toBe(true)
  })
})

test('lengths and tags that take more bytes than they need are followed all the same', () => {
  const longTagged = Buffer.concat([
    Uint8Array.of(0xaa, 0x00, 0x8b, 0x80, 0x00),
    Buffer.from(SECRET),
  ])
  const span = Buffer.concat([
    Uint8Array.of(0x12, 0x80 + longTagged.length, 0x80, 0x00),
    longTagged,
  ])
  const body = field(1, field(2, span))
  expect(decodeIndependently('traces', redact(body, BY_EXPRESSION))).toEqual({
    resourceSpans: [{ scopeSpans: [{ spans: [{ name: '[REDACTED]' }] }] }],
  })
})

test('a message grows past the lengths that fit into one byte, at every level', () => {
  const body = spanOf(field(5, `${'x'.repeat(90)}ab`), field(9, field(1, 'ab')))
  const replacement = 'y'.repeat(20_000)
  const { resourceSpans } = decodeIndependently(
    'traces',
    redact(body, { values: ['ab'], replacement }),
  ) as { resourceSpans: { scopeSpans: { spans: { name: string; attributes: object[] }[] }[] }[] }
  const [{ name, attributes }] = resourceSpans[0].scopeSpans[0].spans
  expect(name === 'x'.repeat(90) + replacement).toBe(true)
  expect(attributes).toEqual([{ key: replacement }])
})

test('an unknown field beside the entries of a request goes as well', () => {
  const body = Buffer.concat([spanOf(field(5, SECRET)), field(50, SECRET), spanOf(field(5, 'x'))])
  expect(fieldsOf(redact(body, BY_EXPRESSION)).map(({ number }) => number)).toEqual([1, 1])
})
