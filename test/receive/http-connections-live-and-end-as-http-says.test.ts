// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { gzipSync } from 'node:zlib'
import { makeBatch } from '../support/recording'
import {
  createTestIntake,
  JSON_TYPE,
  PROTOBUF,
  rawRequest,
  readStatus,
  startTestEndpoint,
  type TestEndpoint,
} from './http-fixture'

const SPANS = makeBatch('traces', { names: ['a', 'b'] }).body
const GOOD = rawRequest({ type: PROTOBUF, body: SPANS })
const MAX_REQUEST_BYTES = 100_000
const MEBIBYTE = 1024 * 1024

const intake = createTestIntake()
let receiver: TestEndpoint

beforeAll(async () => {
  receiver = await startTestEndpoint({ intake, maxRequestBytes: MAX_REQUEST_BYTES })
})
beforeEach(() => {
  intake.taken.length = 0
  receiver.refused.length = 0
})
afterEach(() => expect(receiver.budget.usedBytes).toBe(0))
afterAll(() => receiver[Symbol.asyncDispose]())

const HEAD =
  'POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n'

// What Node's parser answers by itself, before there is a request that could be refused.
test.each<[string, number, string | Buffer]>([
  ['is no HTTP', 400, 'hello\r\n\r\n'],
  ['is TLS', 400, Buffer.from('16030100f8010000f40303', 'hex')],
  ['is HTTP/2 without asking', 400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['has an unknown method', 400, 'GRAB /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['has a path with a space', 400, 'POST /v1/ traces HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['has no Host', 400, 'POST /v1/traces HTTP/1.1\r\nContent-Length: 0\r\n\r\n'],
  ['has a zero byte in a header', 400, `${HEAD}X-Y: a\0b\r\n\r\n`],
  ['has a header without a colon', 400, `${HEAD}nonsense\r\n\r\n`],
  ['has a negative Content-Length', 400, `${HEAD}Content-Length: -1\r\n\r\n`],
  ['has a Content-Length in hex', 400, `${HEAD}Content-Length: 0x10\r\n\r\n`],
  ['has a Content-Length of 2^70', 400, `${HEAD}Content-Length: ${2n ** 70n}\r\n\r\n`],
  ['has two Content-Lengths', 400, `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
  [
    'has a length and chunks',
    400,
    `${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['has garbage for a chunk length', 400, `${HEAD}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`],
  ['has a chunk longer than it says', 400, `${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n`],
  ['has headers of 20 kB', 431, `${HEAD}X-Long: ${'x'.repeat(20_000)}\r\n\r\n`],
])('what %s is answered with %d, and the connection ends', async (_title, status, bytes) => {
  const connection = await receiver.connect()
  connection.send(bytes)
  const answer = await connection.answer()
  expect([answer.status, answer.headers.connection]).toEqual([status, 'close'])
  // Some end with the last of no chunks.
  expect(['', '0\r\n\r\n']).toContain(String(await connection.closed()))
  expect([intake.taken, receiver.refused]).toEqual([[], []])
})

test('a Host that makes no URL is refused', async () => {
  const connection = await receiver.connect()
  connection.send(
    'POST /v1/traces HTTP/1.1\r\nHost: a b\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
  )
  const answer = await connection.answer()
  expect([answer.status, answer.headers['content-type']]).toEqual([400, JSON_TYPE])
  expect(readStatus(answer)).toEqual({ code: 3, message: 'Host and path make no URL' })
  connection.send(GOOD)
  expect((await connection.answer()).status).toBe(200)
  expect(receiver.refused).toEqual([400])
})

test('HTTP/1.0 is answered, with or without Host, and then the connection ends', async () => {
  for (const host of ['', 'Host: x\r\n']) {
    const connection = await receiver.connect()
    connection.send(
      `POST /v1/traces HTTP/1.0\r\n${host}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    )
    const answer = await connection.answer()
    expect([answer.status, answer.headers['content-length'], String(answer.body)]).toEqual([
      200,
      '2',
      '{}',
    ])
    await connection.closed()
  }
})

test('Connection: close is honoured', async () => {
  const connection = await receiver.connect()
  connection.send(rawRequest({ type: PROTOBUF, body: SPANS, headers: ['Connection: close'] }))
  expect((await connection.answer()).headers.connection).toBe('close')
  await connection.closed()
})

test('requests in a row are answered in their order', async () => {
  const connection = await receiver.connect()
  connection.send(
    Buffer.concat([
      GOOD,
      rawRequest({ type: 'text/plain', body: GOOD }),
      rawRequest({ type: JSON_TYPE, body: '{}' }),
      rawRequest({ type: PROTOBUF, body: gzipSync(SPANS), encoding: 'gzip' }),
      rawRequest({ path: '/', body: GOOD, chunkLength: 7 }),
      GOOD,
    ]),
  )
  const statuses = []
  for (let count = 0; count < 6; count++) statuses.push((await connection.answer()).status)
  expect(statuses).toEqual([200, 415, 200, 200, 404, 200])
  expect(intake.taken).toHaveLength(4)
})

test('a request that comes byte by byte is taken', async () => {
  const connection = await receiver.connect()
  for (const byte of GOOD) connection.send(Uint8Array.of(byte))
  expect((await connection.answer()).status).toBe(200)
  expect(Buffer.compare(intake.taken[0].body, SPANS)).toBe(0)
})

test('a body longer than announced is cut there, and the rest is no request', async () => {
  const connection = await receiver.connect()
  connection.send(`${HEAD}Content-Length: ${SPANS.length - 1}\r\n\r\n`)
  connection.send(SPANS)
  expect((await connection.answer()).status).toBe(400)
  await connection.closed()
  expect(intake.taken).toEqual([])
})

describe('a sender that goes away', () => {
  test.each([
    ['amid a body of known length', `${HEAD}Content-Length: 50000\r\n\r\nabc`],
    ['amid chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`],
  ])('%s leaves nothing behind', async (_title, bytes) => {
    const connection = await receiver.connect()
    const reserved = untilReserved()
    connection.send(bytes)
    await reserved
    const released = untilReleased()
    connection.destroy()
    await released
    expect([receiver.budget.usedBytes, intake.taken, receiver.refused]).toEqual([0, [], []])
  })

  function untilReserved(): Promise<void> {
    return untilCalled('reserve')
  }

  async function untilReleased(): Promise<void> {
    while (receiver.budget.usedBytes > 0) await untilCalled('release')
  }

  function untilCalled(method: 'reserve' | 'release'): Promise<void> {
    const { budget } = receiver
    const original = budget[method].bind(budget) as (bytes: number) => never
    return new Promise((resolve) => {
      budget[method] = (bytes: number) => {
        delete (budget as Partial<typeof budget>)[method]
        // What is called goes on first.
        queueMicrotask(resolve)
        return original(bytes)
      }
    })
  }
})

describe('a body too large to be read to its end', () => {
  const length = 30 * MEBIBYTE
  const head = `${HEAD}Content-Length: ${length}\r\n\r\n`

  test('is refused at once, and the connection closed for those who do not send it', async () => {
    const connection = await receiver.connect()
    connection.send(head)
    const answer = await connection.answer()
    expect([answer.status, answer.headers.connection]).toEqual([413, 'close'])
    expect(readStatus(answer).code).toBe(8)
    await connection.closed()
  })

  test('is refused, and the answer reaches those who send all of it before they look', async () => {
    const connection = await receiver.connect()
    connection.send(head)
    connection.send(Buffer.alloc(length))
    const answer = await connection.answer()
    expect([answer.status, answer.headers.connection]).toEqual([413, 'close'])
    await connection.closed()
  })

  test('is cut off if it comes in chunks without end', async () => {
    const connection = await receiver.connect()
    connection.send(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`)
    const chunk = Buffer.concat([
      Buffer.from(`${MEBIBYTE.toString(16)}\r\n`),
      Buffer.alloc(MEBIBYTE),
      Buffer.from('\r\n'),
    ])
    for (let sent = 0; sent < 8; sent++) connection.send(chunk)
    expect((await connection.answer()).status).toBe(413)
    await connection.closed()
  })
})

describe('a sender that asks first', () => {
  const asking = (length: number) =>
    `${HEAD}Expect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`

  test('is told to go on when its body is wanted', async () => {
    const connection = await receiver.connect()
    connection.send(asking(SPANS.length))
    expect((await connection.answer()).status).toBe(100)
    connection.send(SPANS)
    expect((await connection.answer()).status).toBe(200)
    connection.send(GOOD)
    expect((await connection.answer()).status).toBe(200)
    expect(intake.taken).toHaveLength(2)
  })

  test.each([
    ['too large', 413, asking(MAX_REQUEST_BYTES + 1)],
    ['much too large', 413, asking(50 * MEBIBYTE)],
    ['of a wrong type', 415, asking(3).replace('x-protobuf', 'octet-stream')],
    ['to nowhere', 404, asking(3).replace('traces', 'spans')],
  ])('is refused without sending what is %s', async (_title, status, bytes) => {
    const connection = await receiver.connect()
    connection.send(bytes)
    const answer = await connection.answer()
    expect([answer.status, answer.headers.connection]).toEqual([status, 'close'])
    await connection.closed()
  })

  test('for something else is told that there is no such thing', async () => {
    const connection = await receiver.connect()
    connection.send(asking(0).replace('100-continue', 'tea'))
    expect((await connection.answer()).status).toBe(417)
  })
})

describe('a sender that is too slow', () => {
  const timeLimits = {
    headersMillis: 100,
    requestMillis: 200,
    idleMillis: 200,
    checkIntervalMillis: 20,
    lingerMillis: 100,
  }

  test.each([
    ['with its headers', HEAD],
    ['with its first byte', ''],
    ['with its body', `${HEAD}Content-Length: 10\r\n\r\nabc`],
    [
      'with a body that was refused',
      `${HEAD.replace('x-protobuf', 'x')}Content-Length: 10\r\n\r\nabc`,
    ],
    ['with a body that was refused for its size', `${HEAD}Content-Length: 99999999\r\n\r\nabc`],
    ['with its next request', rawRequest({ path: '/' })],
  ])('%s is cut off', async (_title, bytes) => {
    await using impatient = await startTestEndpoint({ intake, timeLimits })
    const connection = await impatient.connect()
    if (bytes) connection.send(bytes)
    const rest = String(await connection.closed())
    expect(rest).toMatch(/^(HTTP\/1\.1 (404|408|413|415) .*)?/)
    expect(intake.taken).toEqual([])
  })
})
