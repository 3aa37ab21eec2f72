// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Attributes } from '@opentelemetry/api'
import fc from 'fast-check'
import { encodeLogRecords } from '../../src/otlp/encode-log-records'
import { encodeSpans } from '../../src/otlp/encode-spans'
import { decodeIndependently } from '../support/independent-decoder'
import { realLogRecords, realSpans, variantOf } from './real-telemetry'

type KeyValue = { key: string; value: Value }
type Value = {
  stringValue?: string
  arrayValue?: { values: Value[] }
  kvlistValue?: { values: KeyValue[] }
}

/** What another decoder finds as attributes of a span that has `attributes`. */
async function encodedAttributes(attributes: object): Promise<KeyValue[] | undefined> {
  const [span] = await realSpans()
  const odd = variantOf(span, { attributes })
  const request = decodeIndependently('traces', encodeSpans([odd])) as unknown as {
    resourceSpans: { scopeSpans: { spans: { attributes?: KeyValue[] }[] }[] }[]
  }
  return request.resourceSpans[0].scopeSpans[0].spans[0].attributes
}

const cyclic: Record<string, unknown> = { name: 'root' }
cyclic.self = cyclic
cyclic.list = [cyclic, 'end']

const throwing = {
  get bad(): string {
    throw new Error('not now')
  },
  good: 'fine',
}
const revoked = Proxy.revocable({}, {})
revoked.revoke()
const trap = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error('no keys for you')
    },
  },
)

test.each([
  ['a function', () => 1, {}],
  ['a symbol', Symbol('s'), {}],
  ['undefined', undefined, {}],
  ['null', null, {}],
  ['a revoked proxy', revoked.proxy, {}],
  ['a proxy that throws', trap, {}],
  [
    'a getter that throws',
    throwing,
    {
      kvlistValue: {
        values: [
          { key: 'bad', value: {} },
          { key: 'good', value: { stringValue: 'fine' } },
        ],
      },
    },
  ],
  [
    'a cycle',
    cyclic,
    {
      kvlistValue: {
        values: [
          { key: 'name', value: { stringValue: 'root' } },
          { key: 'self', value: { stringValue: '[Circular]' } },
          {
            key: 'list',
            value: {
              arrayValue: { values: [{ stringValue: '[Circular]' }, { stringValue: 'end' }] },
            },
          },
        ],
      },
    },
  ],
  ['a map, which has no own properties', new Map([[1, 2]]), { kvlistValue: {} }],
  ['a sparse array', new Array(2), { arrayValue: { values: [{}, {}] } }],
  ['an array longer than anyone can mean', new Array(2 ** 32 - 1), { stringValue: '[Truncated]' }],
])('%s', async (_name, value, expected) => {
  expect(await encodedAttributes({ before: 'b', odd: value, after: 'a' })).toEqual([
    { key: 'before', value: { stringValue: 'b' } },
    { key: 'odd', value: expected },
    { key: 'after', value: { stringValue: 'a' } },
  ])
})

test('a throwing getter at the top', async () => {
  expect(await encodedAttributes(throwing)).toEqual([
    { key: 'bad', value: {} },
    { key: 'good', value: { stringValue: 'fine' } },
  ])
})

test.each([
  ['undefined', undefined],
  ['null', null],
  ['a proxy that throws', trap],
])('attributes that are %s', async (_name, attributes) => {
  expect(await encodedAttributes(attributes as Attributes)).toBeUndefined()
})

test.each([
  ['arrays', (inner: unknown) => [inner]],
  ['maps', (inner: unknown) => ({ inner })],
])('%s 100,000 deep end where decoders would refuse the request', async (_name, wrap) => {
  let value: unknown = 'bottom'
  for (let depth = 0; depth < 100_000; depth++) value = wrap(value)
  // Throws if nested deeper than protobuf decoders go.
  const [{ value: encoded }] = (await encodedAttributes({ deep: value })) ?? []
  expect(JSON.stringify(encoded)).toContain('[Truncated]')
  expect(JSON.stringify(encoded)).not.toContain('bottom')
})

test('30 maps in each other are kept', async () => {
  let value: unknown = 'bottom'
  for (let depth = 0; depth < 30; depth++) value = { value }
  expect(JSON.stringify(await encodedAttributes({ value }))).toContain('bottom')
})

test('one object referred to twice is no cycle', async () => {
  const shared = { id: 1 }
  const [{ value }] = (await encodedAttributes({ pair: [shared, shared] })) ?? []
  expect(value.arrayValue?.values.map((entry) => entry.kvlistValue?.values.length)).toEqual([1, 1])
})

test('references that unfold into more than 2^30 values are cut short', async () => {
  const [span] = await realSpans()
  let value: unknown = { leaf: 1 }
  for (let depth = 0; depth < 30; depth++) value = { left: value, right: value }
  const odd = variantOf(span, { attributes: { value } })
  const encoded = Buffer.from(encodeSpans([odd]))
  expect(encoded.includes('[Truncated]')).toBe(true)
  expect(encoded.length).toBeLessThan(4_000_000)
})

test('a body that throws leaves an empty body', () => {
  const [logRecord] = realLogRecords()
  const odd = variantOf(logRecord, { body: trap })
  const request = decodeIndependently('logs', encodeLogRecords([odd]))
  expect(request).toHaveProperty('resourceLogs.0.scopeLogs.0.logRecords.0.body', {})
})

test('a getter that encodes spans itself disturbs neither', async () => {
  const spans = await realSpans()
  const plain = encodeSpans(spans)
  let inner: Uint8Array | undefined
  const attributes = {
    before: 'b',
    get nested() {
      inner = encodeSpans(spans)
      return 'n'
    },
    after: 'a',
  }
  expect((await encodedAttributes(attributes))?.map(({ key }) => key)).toEqual([
    'before',
    'nested',
    'after',
  ])
  expect(inner).toEqual(plain)
  expect(encodeSpans(spans)).toEqual(plain)
})

test('keys that never repeat', async () => {
  const attributes = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, index) => [`key-${index}-${'x'.repeat(index % 70)}`, index]),
  )
  const keys = (await encodedAttributes(attributes))?.map(({ key }) => key)
  expect(keys).toEqual(Object.keys(attributes))
})

test('anything at all', async () => {
  const [span] = await realSpans()
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
  })
  const property = fc.property(anything, anything, (attributes, value) => {
    const odd = [attributes, { value }].map((each) => variantOf(span, { attributes: each }))
    decodeIndependently('traces', encodeSpans(odd))
  })
  fc.assert(property)
})
