// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { makeBatch } from '../support/recording'
import {
  createTestIntake,
  JSON_TYPE,
  PROTOBUF,
  rawRequest,
  readStatus,
  startTestEndpoint,
  type RawRequest,
  type TestEndpoint,
} from './http-fixture'

const MAX_REQUEST_BYTES = 100_000
const SPANS = Buffer.from(makeBatch('traces', { names: ['a', 'b'] }).body)
const GZIPPED = gzipSync(SPANS)
const DEFLATED = deflateSync(SPANS)
const GARBAGE = Buffer.from('garbage that is no gzip member')
const GOOD = rawRequest({ type: PROTOBUF, body: SPANS })
const MEBIBYTE = 1024 * 1024

// google.rpc.Code
const INVALID_ARGUMENT = 3
const NOT_FOUND = 5
const RESOURCE_EXHAUSTED = 8
const UNIMPLEMENTED = 12

interface Refused {
  status: number
  code: number
  message: string | RegExp
}

type Row = [title: string, request: RawRequest, message: string | RegExp]

const intake = createTestIntake()
let receiver: TestEndpoint

beforeAll(async () => {
  receiver = await startTestEndpoint({ intake, maxRequestBytes: MAX_REQUEST_BYTES })
})
afterEach(() => expect(receiver.budget.usedBytes).toBe(0))
afterAll(() => receiver[Symbol.asyncDispose]())

async function expectRefusal(request: RawRequest, refused: Refused): Promise<void> {
  const type = request.type?.toLowerCase().split(';')[0]
  const connection = await receiver.connect()
  const takenBefore = intake.taken.length
  const refusedBefore = receiver.refused.length
  connection.send(rawRequest(request))
  const answer = await connection.answer()
  expect(answer.status).toBe(refused.status)
  // In the request's own type, or in JSON if that is none of OTLP's.
  expect(answer.headers['content-type']).toBe(
    type === PROTOBUF || type === 'application/protobuf' ? type : JSON_TYPE,
  )
  const { code, message } = readStatus(answer)
  expect(code).toBe(refused.code)
  if (typeof refused.message === 'string') expect(message).toBe(refused.message)
  else expect(message).toMatch(refused.message)
  expect(intake.taken).toHaveLength(takenBefore)
  expect(receiver.refused.slice(refusedBefore)).toEqual([refused.status])

  connection.send(GOOD)
  const next = await connection.answer()
  expect([next.status, next.headers['content-type'], next.body.length]).toEqual([200, PROTOBUF, 0])
  expect(Buffer.compare(intake.taken[takenBefore].body, SPANS)).toBe(0)
  connection.destroy()
}

describe('method', () => {
  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    '%s is not allowed',
    async (method) => {
      const message = `/v1/traces takes POST, not ${method}`
      await expectRefusal({ method }, { status: 405, code: UNIMPLEMENTED, message })
      const connection = await receiver.connect()
      connection.send(rawRequest({ method, path: '/v1/logs', type: PROTOBUF }))
      expect((await connection.answer()).headers.allow).toBe('POST')
    },
  )

  test('PUT with a body is not allowed, and the body is not taken for a request', () =>
    expectRefusal(
      { method: 'PUT', type: PROTOBUF, body: GOOD },
      { status: 405, code: UNIMPLEMENTED, message: '/v1/traces takes POST, not PUT' },
    ))

  test('HEAD is not allowed, and has no body', async () => {
    const connection = await receiver.connect()
    connection.send(rawRequest({ method: 'HEAD' }))
    const { status, headers } = await connection.answer(false)
    expect([status, headers.allow]).toEqual([405, 'POST'])
    connection.send(GOOD)
    expect((await connection.answer()).status).toBe(200)
  })
})

test.each([
  '/',
  '/v1',
  '/v1/',
  '/v1/trace',
  '/v1/traces/',
  '/v1/traces/x',
  '//v1/traces',
  '/v1//traces',
  '/V1/TRACES',
  '/v1/traces%00',
  '/v1/%ff',
  '/v1development/profiles',
  '/v1/__proto__',
])('there is nothing at %s', (path) =>
  expectRefusal(
    { path, type: PROTOBUF, body: SPANS },
    {
      status: 404,
      code: NOT_FOUND,
      message: 'there is nothing but /v1/traces, /v1/metrics, /v1/logs',
    },
  ),
)

test.each<[string | undefined, string]>([
  [undefined, 'no Content-Type'],
  ['', '""'],
  ['text/plain', '"text/plain"'],
  ['application/grpc', '"application/grpc"'],
  ['application/x-www-form-urlencoded', '"application/x-www-form-urlencoded"'],
  ['application/jsonl', '"application/jsonl"'],
  ['json', '"json"'],
  ['application/x-protobuf, application/json', '"application/x-protobuf, application/json"'],
])('Content-Type %j is not supported', (type, shown) =>
  expectRefusal(
    { type, body: SPANS },
    {
      status: 415,
      code: INVALID_ARGUMENT,
      message: `OTLP/HTTP takes application/x-protobuf or application/json, not ${shown}`,
    },
  ),
)

const UNKNOWN_CODING = (shown: string) =>
  new RegExp(
    `^Content-Encoding "${shown}" is not known, only one of: none, identity, gzip, x-gzip, deflate, zlib`,
  )
const DAMAGED = 'the compressed body is damaged: '
const CUT_OFF = `${DAMAGED}unexpected end of file`

const flipped = (bytes: Buffer, fromEnd: number) => {
  const copy = Buffer.from(bytes)
  copy[copy.length - fromEnd] ^= 1
  return copy
}

const CODINGS: Row[] = [
  ['br', { encoding: 'br', body: SPANS }, UNKNOWN_CODING('br')],
  ['compress', { encoding: 'compress', body: SPANS }, UNKNOWN_CODING('compress')],
  ['gzip twice', { encoding: 'gzip, gzip', body: gzipSync(GZIPPED) }, UNKNOWN_CODING('gzip, gzip')],
  [
    'gzip in two headers',
    { headers: ['Content-Encoding: gzip', 'Content-Encoding: gzip'], body: gzipSync(GZIPPED) },
    UNKNOWN_CODING('gzip, gzip'),
  ],
  ['a very long name', { encoding: 'x'.repeat(5000), body: SPANS }, UNKNOWN_CODING('x{60}')],
  ['gzip with no body', { encoding: 'gzip' }, CUT_OFF],
  ...[1, 2, 9, 10, 11, 30, GZIPPED.length - 8, GZIPPED.length - 4, GZIPPED.length - 1].map(
    (length): Row => [
      `gzip cut off after ${length} bytes`,
      { encoding: 'gzip', body: GZIPPED.subarray(0, length) },
      CUT_OFF,
    ],
  ),
  ['gzip that is none', { encoding: 'gzip', body: SPANS }, `${DAMAGED}incorrect header check`],
  [
    'gzip with a wrong checksum',
    { encoding: 'gzip', body: flipped(GZIPPED, 8) },
    `${DAMAGED}incorrect data check`,
  ],
  [
    'gzip with a wrong length',
    { encoding: 'gzip', body: flipped(GZIPPED, 4) },
    `${DAMAGED}incorrect length check`,
  ],
  [
    'garbage behind gzip',
    { encoding: 'gzip', body: Buffer.concat([GZIPPED, GARBAGE]) },
    `${DAMAGED}incorrect header check`,
  ],
  [
    'zeros behind gzip',
    { encoding: 'gzip', body: Buffer.concat([GZIPPED, Buffer.alloc(20)]) },
    `${DAMAGED}more follows its end`,
  ],
  [
    'half a member behind gzip',
    { encoding: 'gzip', body: Buffer.concat([GZIPPED, GZIPPED.subarray(0, 20)]) },
    CUT_OFF,
  ],
  ['deflate with no body', { encoding: 'deflate' }, CUT_OFF],
  [
    'deflate cut off',
    { encoding: 'deflate', body: DEFLATED.subarray(0, DEFLATED.length - 1) },
    CUT_OFF,
  ],
  [
    'deflate with a wrong checksum',
    { encoding: 'deflate', body: flipped(DEFLATED, 1) },
    `${DAMAGED}incorrect data check`,
  ],
  [
    'garbage behind deflate',
    { encoding: 'deflate', body: Buffer.concat([DEFLATED, GARBAGE]) },
    `${DAMAGED}more follows its end`,
  ],
  [
    'raw deflate cut off',
    { encoding: 'deflate', body: deflateRawSync(SPANS).subarray(0, 20) },
    CUT_OFF,
  ],
  ['gzip that is not announced', { body: GZIPPED }, /field number|wire type|group|past|end/],
  ['gzipped garbage', { encoding: 'gzip', body: gzipSync(Buffer.alloc(50, 0xff)) }, /./],
]

test.each(CODINGS)('coding: %s is refused', (_title, request, message) =>
  expectRefusal({ type: PROTOBUF, ...request }, { status: 400, code: INVALID_ARGUMENT, message }),
)

const PROTOBUFS: Row[] = [
  ...[1, 2, 10, 40, SPANS.length >> 1, SPANS.length - 1].map((length): Row => [
    `cut off after ${length} bytes`,
    { body: SPANS.subarray(0, length) },
    /./,
  ]),
  ['wire type 6', { body: Buffer.from([0x7e]) }, /wire type/],
  ['field number 0', { body: Buffer.from([0x00, 0x01]) }, /field number|field 0/],
  ['a length past the end', { body: Buffer.from([0x0a, 0x7f, 0x00]) }, /./],
  ['a length of 2^64 - 1', { body: Buffer.from([0x0a, ...Array<number>(9).fill(0xff), 1]) }, /./],
  ['a group that never ends', { body: Buffer.alloc(1000, 0x7b) }, /./],
  ['a varint of 11 bytes', { body: Buffer.from([0x08, ...Array<number>(10).fill(0x80), 1]) }, /./],
  ['text', { body: 'hello, is this the collector?' }, /./],
  ['JSON', { body: '{"resourceSpans":[]}' }, /./],
]

test.each(PROTOBUFS)('protobuf: %s is refused', (_title, request, message) =>
  expectRefusal({ type: PROTOBUF, ...request }, { status: 400, code: INVALID_ARGUMENT, message }),
)

const spanJson = (span: object) =>
  JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })

const JSONS: Row[] = [
  ['nothing but white space', { body: '  ' }, /^the body is no JSON: /],
  ['cut off', { body: '{"resourceSpans":[' }, /^the body is no JSON: /],
  ['a comma too many', { body: '{"resourceSpans":[],}' }, /^the body is no JSON: /],
  ['two documents', { body: '{}{}' }, /^the body is no JSON: /],
  ['NaN that is no string', { body: '{"a":NaN}' }, /^the body is no JSON: /],
  ['protobuf', { body: SPANS }, /^the body is no (JSON|UTF-8)/],
  ['an array', { body: '[]' }, '$ is an array of 0, expected an object'],
  ['null', { body: 'null' }, '$ is null, expected an object'],
  ['a string', { body: '"x"' }, '$ is "x", expected an object'],
  ['no UTF-8', { body: Buffer.from([0x7b, 0x22, 0xc3, 0x22, 0x7d]) }, 'the body is no UTF-8'],
  ['UTF-16', { body: Buffer.from('{}', 'utf16le') }, /^the body is no JSON: /],
  [
    'brackets nested 50,000 deep',
    { body: '['.repeat(50_000) + ']'.repeat(50_000) },
    '$ is an array of 1, expected an object',
  ],
  ['braces that never close', { body: '{"a":'.repeat(10_000) }, /^the body is no JSON: /],
  [
    'values nested 101 deep',
    {
      path: '/v1/logs',
      body: `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${'{"arrayValue":{"values":['.repeat(60)}${']}}'.repeat(60)}}]}]}]}`,
    },
    /^messages are nested deeper than 100 at /,
  ],
  ['a list that is none', { body: '{"resourceSpans":{}}' }, /^\$\.resourceSpans is an object/],
  [
    'a trace id of 31 digits',
    { body: spanJson({ traceId: '0'.repeat(31) }) },
    /^\$\.resourceSpans\[0\]\.scopeSpans\[0\]\.spans\[0\]\.traceId is "0{31}", expected an id/,
  ],
  ['a time that is none', { body: spanJson({ startTimeUnixNano: 'now' }) }, /is "now", expected/],
  ['an unknown kind', { body: spanJson({ kind: 'SPAN_KIND_X' }) }, /is "SPAN_KIND_X", expected/],
  ['a number too large', { body: spanJson({ flags: 2 ** 32 }) }, /is 4294967296, expected/],
  [
    'spans sent as metrics',
    { path: '/v1/metrics', body: spanJson({}) },
    'the request holds traces, send it to /v1/traces',
  ],
  ['gzipped nonsense', { encoding: 'gzip', body: gzipSync('{') }, /^the body is no JSON: /],
]

test.each(JSONS)('JSON: %s is refused', (_title, request, message) =>
  expectRefusal({ type: JSON_TYPE, ...request }, { status: 400, code: INVALID_ARGUMENT, message }),
)

const TOO_LARGE_BODY = `the request is larger than the ${MAX_REQUEST_BYTES} bytes allowed a body`
const TOO_LARGE_INFLATED = `the request is larger than the ${MAX_REQUEST_BYTES} bytes allowed when it is inflated`
const padded = (length: number) => `{}${' '.repeat(length - 2)}`

const TOO_LARGE: Row[] = [
  ['a byte too long', { body: padded(MAX_REQUEST_BYTES + 1) }, TOO_LARGE_BODY],
  ['3 MiB too long', { body: Buffer.alloc(3 * MEBIBYTE) }, TOO_LARGE_BODY],
  ['3 MiB of protobuf', { type: PROTOBUF, body: Buffer.alloc(3 * MEBIBYTE) }, TOO_LARGE_BODY],
  [
    'a byte too long in chunks',
    { body: padded(MAX_REQUEST_BYTES + 1), chunkLength: 1000 },
    TOO_LARGE_BODY,
  ],
  ['3 MiB in chunks', { body: Buffer.alloc(3 * MEBIBYTE), chunkLength: 30_000 }, TOO_LARGE_BODY],
  [
    'a byte too long when inflated',
    { encoding: 'gzip', body: gzipSync(padded(MAX_REQUEST_BYTES + 1)) },
    TOO_LARGE_INFLATED,
  ],
  [
    'a gzip bomb of 64 MiB',
    { encoding: 'gzip', body: gzipSync(Buffer.alloc(64 * MEBIBYTE)) },
    TOO_LARGE_INFLATED,
  ],
  [
    'a deflate bomb of 64 MiB in chunks',
    { encoding: 'deflate', body: deflateSync(Buffer.alloc(64 * MEBIBYTE)), chunkLength: 5000 },
    TOO_LARGE_INFLATED,
  ],
  [
    'many small members',
    {
      encoding: 'gzip',
      body: Buffer.concat(Array<Buffer>(200).fill(gzipSync(Buffer.alloc(1000)))),
    },
    TOO_LARGE_INFLATED,
  ],
]

test.each(TOO_LARGE)('size: %s is refused', (_title, request, message) =>
  expectRefusal(
    { type: JSON_TYPE, ...request },
    { status: 413, code: RESOURCE_EXHAUSTED, message },
  ),
)

test('large JSON that is nothing but nesting is refused before it is parsed', async () => {
  await using generous = await startTestEndpoint({ intake })
  const connection = await generous.connect()
  for (const opening of ['[', '{"a":']) {
    const body = gzipSync(opening.repeat(3_000_000))
    connection.send(rawRequest({ type: JSON_TYPE, encoding: 'gzip', body }))
    const answer = await connection.answer()
    expect([answer.status, readStatus(answer).message]).toEqual([
      400,
      'the body is nested deeper than 500',
    ])
  }
})

test('memory does not grow with refusals', async () => {
  const withType = (rows: Row[], type: string) => rows.map(([, request]) => ({ type, ...request }))
  const refusals = [
    ...withType([...CODINGS, ...PROTOBUFS], PROTOBUF),
    ...withType([...JSONS, ...TOO_LARGE], JSON_TYPE),
  ]
  const refuseAll = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      const connection = await receiver.connect()
      for (const request of refusals) {
        connection.send(rawRequest(request))
        expect((await connection.answer()).status).toBeGreaterThanOrEqual(400)
      }
      connection.destroy()
    }
    intake.taken.length = 0
    receiver.refused.length = 0
    return heldBytes()
  }
  const before = await refuseAll(5)
  const after = await refuseAll(15)
  expect(receiver.budget.usedBytes).toBe(0)
  // 15 rounds read some 200 MB and inflate 400 MB; kept of each request, it would be 5 kB.
  expect(after - before).toBeLessThan(5_000_000)
})

// Inflaters and sockets give back what they hold some turns of the event loop after their end.
async function heldBytes(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  let held = Infinity
  for (let turn = 0; turn < 10; turn++) {
    collectGarbage()
    const { heapUsed, external } = process.memoryUsage()
    held = Math.min(held, heapUsed + external)
    await nextTurn()
  }
  return held
}
