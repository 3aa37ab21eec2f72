// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import zlib, { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import { arbitraryRequestJson, encodeRequestJson, type JsonObject } from '../support/arbitrary-otlp'
import { decodeIndependently, encodeIndependently } from '../support/independent-decoder'
import { makeBatch } from '../support/recording'
import {
  createTestIntake,
  decodeWithDefaults,
  JSON_TYPE,
  PROTOBUF,
  rawRequest,
  startTestEndpoint,
  type HttpAnswer,
  type RawRequest,
  type TestEndpoint,
} from './http-fixture'

const MAX_REQUEST_BYTES = 5_000_000
const SPANS = Buffer.from(makeBatch('traces', { names: ['a', 'b'] }).body)

const intake = createTestIntake()
let receiver: TestEndpoint

beforeAll(async () => {
  receiver = await startTestEndpoint({ intake, maxRequestBytes: MAX_REQUEST_BYTES })
})
afterEach(() => {
  expect([receiver.budget.usedBytes, receiver.refused]).toEqual([0, []])
  intake.taken.length = 0
})
afterAll(() => receiver[Symbol.asyncDispose]())

/** Sends a request and resolves with what the intake got of it. */
async function taken(request: RawRequest): Promise<Buffer> {
  const connection = await receiver.connect()
  connection.send(rawRequest(request))
  expectSuccess(await connection.answer(), request.type)
  connection.destroy()
  const { signal, body } = intake.taken[0]
  expect([intake.taken.length, `/v1/${signal}`]).toEqual([1, request.path ?? '/v1/traces'])
  intake.taken.length = 0
  return Buffer.from(body)
}

function expectSuccess({ status, headers, body }: HttpAnswer, type = ''): void {
  const answered = type.trim().toLowerCase().split(';')[0].trim()
  const expected = answered === JSON_TYPE ? '{}' : ''
  expect([status, headers['content-type'], String(body)]).toEqual([200, answered, expected])
}

describe('protobuf is kept to the byte', () => {
  test.each<[string, RawRequest]>([
    ['application/protobuf', { type: 'application/protobuf' }],
    ['a type in capitals', { type: 'APPLICATION/X-PROTOBUF' }],
    ['a type with parameters', { type: 'application/x-protobuf ; messageType="x"' }],
    ['a query', { path: '/v1/traces?source=x' }],
    ['an absolute path', { path: 'http://localhost/v1/traces' }],
    ['chunks', { chunkLength: 11 }],
    ['Content-Encoding none', { encoding: 'none' }],
    ['Content-Encoding identity', { encoding: 'Identity' }],
    ['an empty Content-Encoding', { encoding: '' }],
    ['gzip', { encoding: 'gzip', body: gzipSync(SPANS) }],
    ['gzip in capitals', { encoding: ' GZIP ', body: gzipSync(SPANS) }],
    ['x-gzip', { encoding: 'x-gzip', body: gzipSync(SPANS) }],
    ['gzip that is stored', { encoding: 'gzip', body: gzipSync(SPANS, { level: 0 }) }],
    ['gzip in chunks', { encoding: 'gzip', body: gzipSync(SPANS), chunkLength: 3 }],
    [
      'gzip in two members',
      {
        encoding: 'gzip',
        body: Buffer.concat([gzipSync(SPANS.subarray(0, 30)), gzipSync(SPANS.subarray(30))]),
      },
    ],
    ['deflate', { encoding: 'deflate', body: deflateSync(SPANS) }],
    ['zlib', { encoding: 'zlib', body: deflateSync(SPANS, { level: 9 }) }],
    ['raw deflate', { encoding: 'deflate', body: deflateRawSync(SPANS) }],
    [
      'raw deflate that is stored',
      { encoding: 'deflate', body: deflateRawSync(SPANS, { level: 0 }) },
    ],
  ])('with %s', async (_title, request) => {
    const { path } = request
    const connection = await receiver.connect()
    const sent = { type: PROTOBUF, body: SPANS, ...request, path }
    connection.send(rawRequest(sent))
    expectSuccess(await connection.answer(), sent.type)
    expect(intake.taken.map(({ body }) => Buffer.compare(body, SPANS))).toEqual([0])
  })

  const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Uint8Array) => Buffer }
  const testZstd = zstdCompressSync ? test : test.skip
  testZstd('with zstd, where the runtime has it', async () => {
    const body = zstdCompressSync?.(SPANS)
    expect(await taken({ type: PROTOBUF, encoding: 'zstd', body })).toEqual(SPANS)
  })

  test.each(SIGNALS)('of %s, of any size', async (signal) => {
    const request = { type: PROTOBUF, path: `/v1/${signal}` }
    expect(await taken(request)).toEqual(Buffer.alloc(0))
    // An unknown field as long as it takes.
    const large = Buffer.alloc(MAX_REQUEST_BYTES, 1)
    large.set([0xfa, 0x07, ...varint(MAX_REQUEST_BYTES - 6)])
    expect(Buffer.compare(await taken({ ...request, body: large }), large)).toBe(0)
    const body = gzipSync(large, { level: 1 })
    expect(Buffer.compare(await taken({ ...request, body, encoding: 'gzip' }), large)).toBe(0)
  })
})

function varint(value: number): number[] {
  const bytes = [0, 7, 14, 21].map((shift) => ((value >>> shift) & 0x7f) | 0x80)
  bytes[3] &= 0x7f
  return bytes
}

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const SPAN_ID = 'b7ad6b7169203331'
const PLAIN_SPAN = {
  traceId: TRACE_ID,
  spanId: SPAN_ID,
  kind: 2,
  startTimeUnixNano: '1790000000000000001',
}
const spans = (span: object) => ({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })
const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64')

describe('JSON becomes protobuf', () => {
  const plain = JSON.stringify(spans(PLAIN_SPAN))
  const expected = decodeIndependently(
    'traces',
    encodeIndependently('traces', {
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  traceId: Buffer.from(TRACE_ID, 'hex'),
                  spanId: Buffer.from(SPAN_ID, 'hex'),
                  kind: 2,
                  startTimeUnixNano: '1790000000000000001',
                },
              ],
            },
          ],
        },
      ],
    }),
  )

  test.each<[string, string | Buffer]>([
    ['as OTLP writes it', plain],
    ['with ids in capitals', plain.replace(SPAN_ID, SPAN_ID.toUpperCase())],
    [
      'with ids in base64',
      plain.replace(TRACE_ID, base64(TRACE_ID)).replace(SPAN_ID, base64(SPAN_ID)),
    ],
    ['with names of enums', plain.replace('"kind":2', '"kind":"SPAN_KIND_SERVER"')],
    ['with enums as digits', plain.replace('"kind":2', '"kind":"2"')],
    [
      'in snake_case',
      plain.replace(/[A-Z]\w*(?=":)/g, (tail) =>
        tail.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      ),
    ],
    [
      'with a byte order mark',
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(plain)]),
    ],
    ['with white space', JSON.stringify(JSON.parse(plain), null, '\t')],
    ['with escapes', plain.replace('"kind"', '"\\u006bind"')],
    ['with unknown fields', plain.replace('"kind"', '"x":{"y":[{}]},"resourceMetricz":1,"kind"')],
    ['with nulls', plain.replace('"kind"', '"name":null,"attributes":null,"status":null,"kind"')],
    ['with a key twice, the last counts', plain.replace('"kind"', '"kind":5,"kind"')],
    ['with __proto__', plain.replace('"kind"', '"__proto__":{"name":"x"},"constructor":1,"kind"')],
    ['with brackets in strings', plain.replace('"kind"', `"x":"${'[{\\"'.repeat(1000)}","kind"`)],
    [
      'with deep unknown fields',
      plain.replace('"kind"', `"x":${'['.repeat(400)}${']'.repeat(400)},"kind"`),
    ],
  ])('%s', async (_title, body) => {
    const bytes = await taken({ type: 'application/json; charset=utf-8', body })
    expect(decodeIndependently('traces', bytes)).toEqual(expected)
    const encoding = 'gzip'
    const inflated = await taken({ type: JSON_TYPE, encoding, body: gzipSync(body) })
    expect(inflated).toEqual(bytes)
  })

  test.each<[string, unknown, unknown]>([
    ['an integer', 42, '42'],
    ['an integer as a string', '42', '42'],
    ['beyond 2^53', '9007199254740993', '9007199254740993'],
    ['negative', '-9223372036854775808', '-9223372036854775808'],
  ])('64-bit integers: %s', async (_title, asInt, shown) => {
    const point = await takenPoint({ asInt })
    expect(point).toEqual({ asInt: shown })
  })

  test.each<[string, unknown, number]>([
    ['a number', 1.5, 1.5],
    ['a string', '1e3', 1000],
    ['NaN', 'NaN', NaN],
    ['Infinity', 'Infinity', Infinity],
    ['-Infinity', '-Infinity', -Infinity],
  ])('doubles: %s', async (_title, asDouble, expected) => {
    expect(await takenPoint({ asDouble })).toEqual({ asDouble: expected })
  })

  async function takenPoint(point: object): Promise<unknown> {
    const request = {
      resourceMetrics: [{ scopeMetrics: [{ metrics: [{ sum: { dataPoints: [point] } }] }] }],
    }
    const body = await taken({
      path: '/v1/metrics',
      type: JSON_TYPE,
      body: JSON.stringify(request),
    })
    const decoded = decodeIndependently('metrics', body) as typeof request
    return decoded.resourceMetrics[0].scopeMetrics[0].metrics[0].sum.dataPoints[0]
  }

  test.each(['', '{}', '{"resourceSpans":[]}', '{"resourceSpans":null}', '{"unknown":1}'])(
    'nothing stays nothing: %j',
    async (body) => expect(await taken({ type: JSON_TYPE, body })).toEqual(Buffer.alloc(0)),
  )

  test.each(SIGNALS)('any %s, and nothing of it is lost', async (signal) => {
    await fc.assert(
      fc.asyncProperty(arbitraryRequestJson(signal), async (request) => {
        const body = JSON.stringify(request)
        const bytes = await taken({ path: `/v1/${signal}`, type: JSON_TYPE, body })
        expect(Buffer.compare(bytes, encodeRequestJson(signal, request))).toBe(0)
      }),
      { numRuns: 50 },
    )
  })
})

const RECORDING = join(__dirname, '../../../shared/data/otel-demo.jsonl')
const JSON_NAMES = { traces: 'resourceSpans', metrics: 'resourceMetrics', logs: 'resourceLogs' }
const describeDemo = existsSync(RECORDING) ? describe : describe.skip

describeDemo('a recording of the OpenTelemetry demo', () => {
  test('is taken line by line as an independent encoder writes it', async () => {
    const items: Record<Signal, number> = { traces: 0, metrics: 0, logs: 0 }
    for await (const line of createInterface({ input: createReadStream(RECORDING) })) {
      const request = JSON.parse(line) as JsonObject
      const signal = SIGNALS.find((known) => JSON_NAMES[known] in request)
      if (!signal) throw new Error(`what is ${line.slice(0, 80)}?`)
      const bytes = await taken({ path: `/v1/${signal}`, type: JSON_TYPE, body: line })
      expect(decodeWithDefaults(signal, bytes)).toEqual(
        decodeWithDefaults(signal, encodeRequestJson(signal, request)),
      )
      items[signal]++
    }
    expect(Object.values(items).every((count) => count > 0)).toBe(true)
  })
})
