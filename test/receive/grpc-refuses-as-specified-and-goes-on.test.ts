// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import {
  connect as connectHttp2,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { connect as connectTcp, type Socket } from 'node:net'
import { deflateSync, gzipSync } from 'node:zlib'
import { EXPORT_PATHS, ONE_SPAN, startTestGrpc } from './grpc-fixture'
import { createTestIntake } from './http-fixture'

// Spoken with Node's HTTP/2 client: a gRPC client would not send what is wrong here.

const LIMIT = 64 * 1024

const STATUS = {
  OK: 0,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
}
const REFUSED_NAMES = Object.fromEntries(Object.entries(STATUS).map(([name, code]) => [code, name]))

interface Row {
  readonly name: string
  readonly headers?: OutgoingHttpHeaders
  /** What is sent, frame headers included. */
  readonly sent: Buffer
  readonly grpcStatus?: number
  readonly message?: RegExp
  readonly httpStatus?: number
  /** Answered by grpc-js before anything of ours sees the call. */
  readonly isUncounted?: boolean
}

const span = Buffer.from(ONE_SPAN)
const good = framed(span)
const gzipHeader = { 'grpc-encoding': 'gzip' }

const MALFORMED: Row[] = [
  { name: 'a truncated message', sent: framed(span.subarray(0, -3)) },
  { name: 'a length past the end', sent: framed(Buffer.from([0x0a, 0x7f])) },
  { name: 'a length past 32 bits', sent: framed(Buffer.from('0affffffffff7f', 'hex')) },
  { name: 'a wire type that there is not', sent: framed(Buffer.from([0x0f, 0x01])) },
  { name: 'a group that is never closed', sent: framed(Buffer.from([0x2b])) },
  { name: 'the end of a group that was never opened', sent: framed(Buffer.from([0x2c])) },
  { name: 'field number 0', sent: framed(Buffer.from([0x02, 0x00])) },
  { name: 'a varint without end', sent: framed(Buffer.alloc(12, 0xff)) },
  { name: 'a tag cut in two', sent: framed(Buffer.concat([span, Buffer.from([0x80])])) },
  { name: 'text', sent: framed(Buffer.from('hello, is this on?')) },
  { name: 'JSON', sent: framed(Buffer.from('{"resourceSpans":[]}')) },
  { name: 'HTML in gzip', headers: gzipHeader, sent: framed(gzipSync('<html></html>'), 1) },
  { name: 'gzip that is not said to be', sent: framed(gzipSync(span)) },
  {
    name: 'gzip whose flag is not set',
    headers: gzipHeader,
    sent: framed(gzipSync(span)),
  },
].map((row) => ({ ...row, grpcStatus: STATUS.INVALID_ARGUMENT, message: /\w/ }))

const ROWS: Row[] = [
  ...MALFORMED,
  {
    name: 'a message longer than the limit',
    sent: framed(Buffer.alloc(LIMIT + 1)),
    grpcStatus: STATUS.RESOURCE_EXHAUSTED,
    message: /larger than max \(65537 vs 65536\)/,
  },
  {
    name: 'a length of 4 GiB, and little more',
    sent: Buffer.from('00ffffffff0a0b0c', 'hex'),
    grpcStatus: STATUS.RESOURCE_EXHAUSTED,
    message: /4294967295/,
  },
  {
    name: 'gzip that inflates past the limit',
    headers: gzipHeader,
    sent: framed(gzipSync(Buffer.alloc(LIMIT * 100)), 1),
    grpcStatus: STATUS.RESOURCE_EXHAUSTED,
    message: /65536/,
  },
  {
    name: 'deflate that inflates past the limit',
    headers: { 'grpc-encoding': 'deflate' },
    sent: framed(deflateSync(Buffer.alloc(LIMIT + 1)), 1),
    grpcStatus: STATUS.RESOURCE_EXHAUSTED,
  },
  {
    name: 'gzip that is none',
    headers: gzipHeader,
    sent: framed(span, 1),
    grpcStatus: STATUS.INTERNAL,
    message: /decompress/,
  },
  {
    name: 'gzip cut in two',
    headers: gzipHeader,
    sent: framed(gzipSync(span).subarray(0, 20), 1),
    grpcStatus: STATUS.INTERNAL,
    message: /decompress/,
  },
  {
    name: 'gzip with a wrong checksum',
    headers: gzipHeader,
    sent: framed(withFlippedTail(gzipSync(span)), 1),
    grpcStatus: STATUS.INTERNAL,
  },
  {
    name: 'deflate said to be gzip',
    headers: gzipHeader,
    sent: framed(deflateSync(span), 1),
    grpcStatus: STATUS.INTERNAL,
  },
  {
    name: 'an unknown coding',
    headers: { 'grpc-encoding': 'snappy' },
    sent: framed(span, 1),
    grpcStatus: STATUS.UNIMPLEMENTED,
    message: /snappy/,
  },
  {
    name: 'two messages where one belongs',
    sent: Buffer.concat([good, good]),
    grpcStatus: STATUS.UNIMPLEMENTED,
    message: /second/,
  },
  {
    name: 'no message',
    sent: Buffer.alloc(0),
    grpcStatus: STATUS.UNIMPLEMENTED,
    message: /no request/,
  },
  { name: 'half a message', sent: good.subarray(0, -4), grpcStatus: STATUS.UNIMPLEMENTED },
  { name: 'half a frame header', sent: good.subarray(0, 3), grpcStatus: STATUS.UNIMPLEMENTED },
  {
    name: 'a deadline that is none',
    headers: { 'grpc-timeout': 'soon' },
    sent: good,
    grpcStatus: STATUS.INTERNAL,
    message: /grpc-timeout/,
  },
  {
    name: 'a service that nobody has',
    headers: {
      ':path': '/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export',
    },
    sent: good,
    grpcStatus: STATUS.UNIMPLEMENTED,
    message: /ProfilesService/,
    isUncounted: true,
  },
  {
    name: 'a method that nobody has',
    headers: { ':path': EXPORT_PATHS.traces.replace('/Export', '/Import') },
    sent: good,
    grpcStatus: STATUS.UNIMPLEMENTED,
    isUncounted: true,
  },
  {
    name: 'a path of 5,000 characters',
    headers: { ':path': `/${'x'.repeat(5_000)}` },
    sent: good,
    grpcStatus: STATUS.UNIMPLEMENTED,
    isUncounted: true,
  },
  {
    name: 'OTLP/HTTP on the wrong port',
    headers: { ':path': '/v1/traces', 'content-type': 'application/x-protobuf' },
    sent: span,
    httpStatus: 415,
    isUncounted: true,
  },
  {
    name: 'no content type',
    headers: { 'content-type': undefined },
    sent: good,
    httpStatus: 415,
    isUncounted: true,
  },
  // grpc-js looks at neither, and nothing speaks against an answer.
  {
    name: 'GET',
    headers: { ':method': 'GET' },
    sent: Buffer.alloc(0),
    grpcStatus: STATUS.UNIMPLEMENTED,
  },
  { name: 'no te header', headers: { te: undefined }, sent: good, grpcStatus: STATUS.OK },
  { name: 'an empty message', sent: framed(Buffer.alloc(0)), grpcStatus: STATUS.OK },
  {
    name: 'an empty message in gzip',
    headers: gzipHeader,
    sent: framed(gzipSync(''), 1),
    grpcStatus: STATUS.OK,
  },
  {
    name: 'fields that OTLP does not have',
    sent: framed(Buffer.from('a20601ff', 'hex')),
    grpcStatus: STATUS.OK,
  },
  // protobuf reads what has another wire type than its field as a field it does not know.
  {
    name: 'a varint where a message belongs',
    sent: framed(Buffer.from([0x08, 0x01])),
    grpcStatus: STATUS.OK,
  },
  {
    name: 'a fixed64 where a message belongs',
    sent: framed(Buffer.from('090102030405060708', 'hex')),
    grpcStatus: STATUS.OK,
  },
  {
    name: 'a flag without a coding: identity is what it says',
    sent: framed(span, 1),
    grpcStatus: STATUS.OK,
  },
]

test.each(ROWS)('$name', async (row) => {
  const intake = createTestIntake()
  await using grpc = await startTestGrpc({ intake, maxRequestBytes: LIMIT })
  const session = connectHttp2(`http://${grpc.endpoint.address}`)
  try {
    const answer = await send(session, row.sent, row.headers)
    if (row.httpStatus === undefined) {
      expect(answer).toMatchObject({ ':status': 200, 'grpc-status': String(row.grpcStatus) })
      expect(decodeURIComponent(String(answer['grpc-message']))).toMatch(row.message ?? '')
    } else {
      expect(answer[':status']).toBe(row.httpStatus)
    }
    const isRefused = row.grpcStatus !== STATUS.OK && !row.isUncounted
    expect(grpc.refused).toEqual(isRefused ? [REFUSED_NAMES[row.grpcStatus ?? -1]] : [])

    intake.taken.length = 0
    expect(await send(session, good)).toMatchObject({ 'grpc-status': '0' })
    expect(intake.taken).toEqual([{ signal: 'traces', body: span }])
    expect(grpc.budget.usedBytes).toBe(0)
  } finally {
    session.destroy()
  }
})

test('an unknown coding is answered with those that there are', async () => {
  await using grpc = await startTestGrpc({ intake: createTestIntake() })
  const session = connectHttp2(`http://${grpc.endpoint.address}`)
  const answer = await send(session, framed(span, 1), { 'grpc-encoding': 'zstd' })
  expect(answer['grpc-accept-encoding']).toBe('identity,deflate,gzip')
  session.destroy()
})

test.each([
  ['half a message', good.subarray(0, -4)],
  ['half a frame header', good.subarray(0, 2)],
  ['nothing', Buffer.alloc(0)],
])('a call that is reset after %s leaves nothing behind', async (_name, sent) => {
  const intake = createTestIntake()
  await using grpc = await startTestGrpc({ intake })
  const session = connectHttp2(`http://${grpc.endpoint.address}`)
  for (let round = 0; round < 50; round++) {
    const stream = session.request(headersFor({}))
    stream.on('error', () => {})
    if (sent.length > 0) stream.write(sent)
    stream.close(0x8)
    await once(stream, 'close')
  }
  expect(await send(session, good)).toMatchObject({ 'grpc-status': '0' })
  expect(intake.taken).toHaveLength(1)
  expect(grpc.budget.usedBytes).toBe(0)
  session.destroy()
})

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const SETTINGS = Buffer.from('000000040000000000', 'hex')

test.each([
  ['HTTP/1.1', Buffer.from('POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')],
  ['a TLS hello', Buffer.from('16030100a5010000a10303' + 'ab'.repeat(40), 'hex')],
  ['random bytes', Buffer.from('9f1e00ffeecc'.repeat(40), 'hex')],
  ['half a preface, then something else', Buffer.concat([PREFACE.subarray(0, 10), good])],
])('a connection that sends %s is closed, the others stay', async (_name, sent) => {
  const intake = createTestIntake()
  await using grpc = await startTestGrpc({ intake })
  const session = connectHttp2(`http://${grpc.endpoint.address}`)
  expect(await send(session, good)).toMatchObject({ 'grpc-status': '0' })
  const socket = connectTcp(Number(grpc.endpoint.address.split(':')[1]), '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  const closed = once(socket, 'close')
  socket.write(sent)
  await closed
  expect(await send(session, good)).toMatchObject({ 'grpc-status': '0' })
  expect(grpc.budget.usedBytes).toBe(0)
  session.destroy()
})

const GOAWAY = 7

test.each([
  [
    'DATA on a stream that was never opened',
    Buffer.concat([PREFACE, SETTINGS, Buffer.from('000001000000000001' + '00', 'hex')]),
  ],
  [
    'a frame longer than allowed',
    Buffer.concat([PREFACE, SETTINGS, Buffer.from('ffffff000000000001', 'hex'), Buffer.alloc(99)]),
  ],
  [
    'headers that are no HPACK',
    Buffer.concat([PREFACE, SETTINGS, Buffer.from('000004010500000001' + 'ffffffff', 'hex')]),
  ],
])('a connection that sends %s is told to go, the others stay', async (_name, sent) => {
  const intake = createTestIntake()
  await using grpc = await startTestGrpc({ intake })
  const session = connectHttp2(`http://${grpc.endpoint.address}`)
  expect(await send(session, good)).toMatchObject({ 'grpc-status': '0' })
  const socket = connectTcp(Number(grpc.endpoint.address.split(':')[1]), '127.0.0.1')
  socket.write(sent)
  // Node leaves it to the peer to close the connection then, and reads no more from it.
  expect(await readFrameType(socket, GOAWAY)).toBe(true)
  expect(await send(session, good)).toMatchObject({ 'grpc-status': '0' })
  expect(grpc.budget.usedBytes).toBe(0)
  socket.destroy()
  session.destroy()
})

/** Whether a frame of that type comes before the connection ends. */
async function readFrameType(socket: Socket, type: number): Promise<boolean> {
  let rest = Buffer.alloc(0)
  for await (const chunk of socket) {
    rest = Buffer.concat([rest, chunk as Buffer])
    while (rest.length >= 9) {
      if (rest[3] === type) return true
      rest = rest.subarray(9 + rest.readUIntBE(0, 3))
    }
  }
  return false
}

function framed(message: Uint8Array, flag = 0): Buffer {
  const header = Buffer.alloc(5)
  header.writeUInt8(flag, 0)
  header.writeUInt32BE(message.length, 1)
  return Buffer.concat([header, message])
}

function withFlippedTail(gzipped: Buffer): Buffer {
  gzipped[gzipped.length - 6] ^= 0xff
  return gzipped
}

function headersFor(extra: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {
    ':method': 'POST',
    ':path': EXPORT_PATHS.traces,
    te: 'trailers',
    'content-type': 'application/grpc',
    ...extra,
  }
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
}

/** Resolves with the headers and trailers of the answer in one. */
async function send(
  session: ClientHttp2Session,
  sent: Buffer,
  extra: OutgoingHttpHeaders = {},
): Promise<IncomingHttpHeaders> {
  const stream = session.request(headersFor(extra), { endStream: false })
  const answer: IncomingHttpHeaders = {}
  stream.on('response', (headers) => void Object.assign(answer, headers))
  stream.on('trailers', (trailers) => void Object.assign(answer, trailers))
  // A refusal may come before all is sent, with the rest no longer wanted.
  stream.on('error', () => {})
  stream.resume()
  if (extra[':method'] === 'GET') stream.end()
  else stream.end(sent)
  await once(stream, 'close')
  return answer
}
