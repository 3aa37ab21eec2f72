// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import fc from 'fast-check'
import { encodeSpans } from '../../src/otlp/encode-spans'
import type { ReadableSpan } from '../../src/otlp/sdk-types'
import { realSpans, variantOf } from './real-telemetry'

// Keys, texts and names that the encoder remembers are copied from the last time.
// The SDK's serializer remembers nothing.

const hex = (encoded: Uint8Array | undefined) => Buffer.from(encoded ?? []).toString('hex')

// Few enough to meet again, alike enough to be taken for each other: of one
// length, with the same last and middle character.
const recurringText = fc.oneof(
  fc.constantFrom('eight___', 'other___', 'eigh8___', 'shop.example.com', 'shop_example.com'),
  fc.constantFrom('grüße, 世界 🌍', 'zażółć gęślą jaźń', '\ud800lone surrogate', 'é'.repeat(64)),
  fc.constantFrom('x'.repeat(127), 'x'.repeat(128), 'x'.repeat(129), `y${'x'.repeat(127)}`),
  fc.constantFrom('', '7', '12345678', '__proto__', 'constructor', 'toString'),
  // Of the length from which the header no longer fits in four bytes.
  fc.integer({ min: 120, max: 128 }).map((length) => 'z'.repeat(length)),
  fc.string({ minLength: 8, maxLength: 9, unit: fc.constantFrom('a', 'b', 'ü') }),
)
const recurringKey = fc.oneof(
  fc.constantFrom(
    'http.route',
    'http.status',
    'a',
    '',
    '__proto__',
    '7',
    'schlüssel',
    'k'.repeat(64),
  ),
  recurringText,
)
const anyAttributes = fc.array(
  fc.tuple(
    recurringKey,
    fc.oneof({ weight: 4, arbitrary: recurringText }, fc.integer(), fc.boolean()),
  ),
  { maxLength: 8 },
)

const anyBatch = fc.array(
  fc.record({ name: recurringText, eventName: recurringText, entries: anyAttributes }),
  { maxLength: 6 },
)

async function spansWith(
  batch: { name: string; eventName: string; entries: [string, unknown][] }[],
): Promise<ReadableSpan[]> {
  const [original] = await template
  return batch.map(({ name, eventName, entries }) =>
    variantOf(original, {
      name,
      attributes: Object.fromEntries(entries),
      events: [{ time: [1, 2], name: eventName, attributes: Object.fromEntries(entries) }],
    }),
  )
}
const template = realSpans()

test('batches that share keys, texts and names, in any order', async () => {
  const property = fc.asyncProperty(
    fc.array(anyBatch, { minLength: 1, maxLength: 3 }),
    async (batches) => {
      const all = await Promise.all(batches.map(spansWith))
      for (const spans of [...all, ...all.toReversed()]) {
        expect(hex(encodeSpans(spans))).toBe(hex(ProtobufTraceSerializer.serializeRequest(spans)))
      }
    },
  )
  await fc.assert(property, { numRuns: 300 })
})

test('more keys and texts than are remembered, the old ones again in between', async () => {
  for (let round = 0; round < 40; round++) {
    const spans = await spansWith(
      Array.from({ length: 50 }, (_, index) => {
        const unique = `${round}-${index}`
        const entries: [string, unknown][] = [
          ['http.route', '/api/products'],
          [`key ${unique}`, `value ${unique}`],
          ['url.full', `https://shop.example.com/${unique}`],
          ['server.address', 'shop.example.com'],
        ]
        return { name: `span ${index % 7}`, eventName: `event ${unique}`, entries }
      }),
    )
    expect(hex(encodeSpans(spans))).toBe(hex(ProtobufTraceSerializer.serializeRequest(spans)))
  }
})
