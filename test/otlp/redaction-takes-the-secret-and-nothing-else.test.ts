// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { createRedactor } from '../../src/otlp/redact-request'
import { SIGNALS } from '../../src/otlp/signal'
import { encodeRequestJson } from '../support/arbitrary-otlp'
import { decodeIndependently } from '../support/independent-decoder'
import { arbitrarySeededRequest } from './json-request'
import { mapTexts, plantSecret, textFieldsOf } from './redacted-requests'

const REPLACEMENT = '<gone>'

// None of them comes up by chance, and none can grow out of what is left of another.
const SECRETS: [string, (string | RegExp)[]][] = [
  ['hasło ☠ 4711', ['not there', 'hasło ☠ 4711']],
  ['SK_LIVE_4711', [/sk_live_\d{4}/giy]],
  ['ключ-4711', [/\p{Script=Cyrillic}{4}-\d{4}/u, 'never']],
]

describe.each(SIGNALS)('in %s', (signal) => {
  const plantedAnywhere = new Set<string>()
  const requests = fc.tuple(arbitrarySeededRequest(signal), fc.nat())

  test.each(SECRETS)('%s is found wherever it lies', (secret, values) => {
    const redactor = createRedactor({ values, replacement: REPLACEMENT })
    const isLiteral = values.every((value) => typeof value === 'string')
    fc.assert(
      fc.property(requests, ([request, seed]) => {
        const planted = plantSecret(signal, request.json, secret, seed, plantedAnywhere)
        const body = request.encode(planted)
        const before = Buffer.from(body)
        const redacted = redactor?.redact(body, signal) ?? body
        const expected = mapTexts(signal, planted, (name, text) => {
          if (!text.includes(secret)) return text
          const left =
            name === 'bytesValue' ? REPLACEMENT : text.toString().replaceAll(secret, REPLACEMENT)
          return Buffer.from(left)
        })
        expect(Buffer.from(redacted).includes(secret)).toBe(false)
        expect(before.equals(body)).toBe(true)
        // Of unknown fields, which are in there as well, a RegExp can't tell; a literal can.
        if (isLiteral) expect(Buffer.compare(redacted, request.encode(expected))).toBe(0)
        const [actual, wanted] = [redacted, request.encode(expected)]
        expect(decodeIndependently(signal, actual)).toEqual(decodeIndependently(signal, wanted))
      }),
      { numRuns: 16 },
    )
  })

  test('a secret was hidden in every kind of text', () => {
    expect([...plantedAnywhere].sort()).toEqual([...textFieldsOf(signal)].sort())
  })

  test('without unknown fields, a RegExp leaves all other bytes as they were', () => {
    const redactor = createRedactor({ values: [/s3cr3t-\d{4}/], replacement: REPLACEMENT })
    fc.assert(
      fc.property(requests, ([request, seed]) => {
        const planted = plantSecret(signal, request.json, 's3cr3t-4711', seed)
        const expected = mapTexts(signal, planted, (name, text) => {
          const left = text.toString().replaceAll('s3cr3t-4711', REPLACEMENT)
          if (!text.includes('s3cr3t')) return text
          return Buffer.from(name === 'bytesValue' ? REPLACEMENT : left)
        })
        const encode = (json: typeof planted) =>
          encodeRequestJson(signal, json, { anyOrder: true, seed })
        const redacted = redactor?.redact(encode(planted), signal) ?? new Uint8Array(0)
        expect(Buffer.compare(redacted, encode(expected))).toBe(0)
      }),
      { numRuns: 16 },
    )
  })

  test.each<[string, (string | RegExp)[]]>([
    ['a literal', ['s3cr3t-4711']],
    ['a RegExp', [/s3cr3t-\d{4}/]],
  ])('hands on the very object when %s is nowhere', (_title, values) => {
    const redactor = createRedactor({ values, attributeKeys: ['no.such.key'] })
    fc.assert(
      fc.property(requests, ([request, seed]) => {
        const body = encodeRequestJson(signal, request.json, { anyOrder: true, seed })
        expect(redactor?.redact(body, signal)).toBe(body)
        const again = encodeRequestJson(
          signal,
          plantSecret(signal, request.json, 's3cr3t-4711', seed),
        )
        const redacted = redactor?.redact(again, signal) ?? again
        // What was redacted once is not redacted again.
        expect(redactor?.redact(redacted, signal)).toBe(redacted)
      }),
      { numRuns: 16 },
    )
  })
})
