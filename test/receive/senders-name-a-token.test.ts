// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { inspect } from 'node:util'
import { type Client, Metadata } from '@grpc/grpc-js'
import { service as health } from 'grpc-health-check'
import { createBearerTokens } from '../../src/receive/bearer-tokens'
import { createOtlpReceiver } from '../../src/receive/create-otlp-receiver'
import { resolveReceiverConfig } from '../../src/receive/receiver-config'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { makeBatch, recordSession } from '../support/recording'
import { EXPORT_PATHS, ONE_SPAN, errorOf, startTestGrpc } from './grpc-fixture'
import {
  JSON_TYPE,
  PROTOBUF,
  createTestIntake,
  rawRequest,
  readStatus,
  startTestEndpoint,
} from './http-fixture'
import { startReceiver, stopReceivers } from './receiving'

const TOKEN = 'c2VjcmV0IG9mIHRoZSB0ZXN0.~+/=='
const VARIABLE = 'OTEL_TAPE_RECEIVER_TOKEN'

afterEach(async () => {
  delete process.env[VARIABLE]
  await stopReceivers()
})

const RIGHT = [`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER   ${TOKEN} `]
const WRONG = [
  undefined,
  '',
  'Bearer',
  'Bearer ',
  TOKEN,
  `Basic ${TOKEN}`,
  `Bearer ${TOKEN.slice(0, -1)}`,
  `Bearer ${TOKEN}=`,
  `Bearer ${TOKEN.toUpperCase()}`,
  `Bearer ${TOKEN} ${TOKEN}`,
  `Bearer other,Bearer ${TOKEN}`,
  `Bearer ${' '.repeat(5_000)}`,
]

test.each(RIGHT)('%j names one', (header) => {
  expect(createBearerTokens(['first', TOKEN]).allow(header)).toBe(true)
})

test.each(WRONG)('%j names none', (header) => {
  expect(createBearerTokens(['first', TOKEN]).allow(header)).toBe(false)
})

/** `Origin` takes a request off the short way, through the app that answers all others. */
describe.each([
  ['an SDK', []],
  ['a page', ['Origin: https://shop.example']],
])('over HTTP, from %s', (_sender, headers) => {
  test.each([PROTOBUF, JSON_TYPE])('in %s: without, a request is refused unread', async (type) => {
    const intake = createTestIntake()
    await using receiver = await startTestEndpoint({
      intake,
      bearerToken: TOKEN,
      corsOrigins: ['*'],
    })
    for (const given of WRONG) {
      const connection = await receiver.connect()
      const named = given === undefined ? [] : [`Authorization: ${given}`]
      // Who waits to be told to go on is never told.
      const waiting = ['Expect: 100-continue', 'Content-Length: 1000000']
      const head = `POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\n`
      connection.send(`${head}${[...named, ...headers, ...waiting].join('\r\n')}\r\n\r\n`)
      const answer = await connection.answer()
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer'])
      expect(answer.headers['content-type']).toBe(type)
      expect(readStatus(answer)).toMatchObject({ code: 16 })
      connection.destroy()
    }
    expect(receiver.refused).toEqual(WRONG.map(() => 401))
    expect([intake.taken.length, receiver.budget.usedBytes]).toEqual([0, 0])
  })

  test('with it, it is taken, also on a connection on which one was refused', async () => {
    const intake = createTestIntake()
    await using receiver = await startTestEndpoint({
      intake,
      bearerToken: TOKEN,
      corsOrigins: ['*'],
    })
    const connection = await receiver.connect()
    connection.send(rawRequest({ type: PROTOBUF, body: ONE_SPAN, headers }))
    expect((await connection.answer()).status).toBe(401)
    const named = [...headers, `Authorization: Bearer ${TOKEN}`]
    connection.send(rawRequest({ type: PROTOBUF, body: ONE_SPAN, headers: named }))
    expect((await connection.answer()).status).toBe(200)
    expect(intake.taken).toHaveLength(1)
  })
})

test('a page may ask whether it may send, and reads why it may not', async () => {
  const corsOrigins = ['https://shop.example']
  await using receiver = await startTestEndpoint({
    intake: createTestIntake(),
    bearerToken: TOKEN,
    corsOrigins,
  })
  const connection = await receiver.connect()
  const origin = 'Origin: https://shop.example'
  const asked = 'Access-Control-Request-Headers: authorization,content-type'
  const headers = [origin, 'Access-Control-Request-Method: POST', asked]
  connection.send(rawRequest({ method: 'OPTIONS', headers }))
  const preflight = await connection.answer()
  expect(preflight.status).toBe(204)
  expect(preflight.headers['access-control-allow-headers']).toContain('authorization')
  connection.send(rawRequest({ type: JSON_TYPE, body: '{}', headers: [origin] }))
  expect(await connection.answer()).toMatchObject({
    status: 401,
    headers: { 'access-control-allow-origin': 'https://shop.example' },
  })
})

const asIs = (bytes: Buffer): Buffer => bytes

function callWith(client: Client, path: string, body: Uint8Array, header?: string) {
  const metadata = new Metadata()
  if (header !== undefined) metadata.set('authorization', header)
  return new Promise<Buffer>((resolve, reject) => {
    client.makeUnaryRequest(path, asIs, asIs, Buffer.from(body), metadata, (error, answer) =>
      error ? reject(error) : resolve(answer ?? Buffer.alloc(0)),
    )
  })
}

test('over gRPC: without, a call is refused; with it, it is taken', async () => {
  const intake = createTestIntake()
  await using grpc = await startTestGrpc({ intake, bearerToken: TOKEN })
  const client = grpc.connect()
  const wrong = WRONG.filter((header) => header !== '')
  for (const header of wrong) {
    const error = await errorOf(callWith(client, EXPORT_PATHS.traces, ONE_SPAN, header))
    expect(error).toMatchObject({ code: 16, details: expect.stringContaining('token') as string })
  }
  // Larger than is taken: it would be refused for that if it had been read.
  const large = Buffer.alloc(5_000_000)
  expect(await errorOf(callWith(client, EXPORT_PATHS.logs, large))).toMatchObject({ code: 16 })
  expect([intake.taken.length, grpc.budget.usedBytes]).toEqual([0, 0])
  expect(grpc.refused).toEqual([...wrong, large].map(() => 'UNAUTHENTICATED'))
  await callWith(client, EXPORT_PATHS.traces, ONE_SPAN, `Bearer ${TOKEN}`)
  expect(intake.taken).toHaveLength(1)
})

test('whether it serves is told to everybody, what it offers is not', async () => {
  await using grpc = await startTestGrpc({ intake: createTestIntake(), bearerToken: TOKEN })
  const client = grpc.connect()
  expect(await callWith(client, health.Check.path, Buffer.alloc(0))).toEqual(Buffer.from([8, 1]))
  const reflection = client.makeBidiStreamRequest(
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    asIs,
    asIs,
  )
  const ended = new Promise((resolve) => reflection.on('error', resolve))
  reflection.on('data', () => undefined)
  expect(await ended).toMatchObject({ code: 16 })
})

test.each(['http', 'grpc'])('a replay that names it gets through, over %s', async (protocol) => {
  const receiver = await startReceiver({
    grpc: '127.0.0.1:0',
    record: false,
    bearerToken: ['retired', TOKEN],
  })
  receiver.batches.resume()
  const store = new MemoryStore()
  await recordSession(store, 'x', [makeBatch('traces', { names: ['a'] })])
  const targetEndpoint = protocol === 'http' ? receiver.httpUrl : `grpc://${receiver.grpcAddress}`
  const replay = (token: string) =>
    startReplay({
      sessionId: 'x',
      store,
      targetEndpoint,
      headers: { authorization: `Bearer ${token}` },
      retry: { maxAttempts: 1 },
    }).finished
  expect(await replay(TOKEN)).toMatchObject({ sentRecords: 1, failedRecords: 0 })
  expect(await replay('wrong')).toMatchObject({
    sentRecords: 0,
    failedRecords: 1,
    error: expect.stringContaining(protocol === 'http' ? '401' : 'UNAUTHENTICATED') as string,
  })
})

describe('it comes', () => {
  test('from the environment, as a list', () => {
    process.env[VARIABLE] = ` first, ${TOKEN} `
    const { bearerTokens } = resolveReceiverConfig({})
    const allowed = ['first', TOKEN, 'other'].map((token) => bearerTokens?.allow(`Bearer ${token}`))
    expect(allowed).toEqual([true, true, false])
  })

  test('from the option rather', () => {
    process.env[VARIABLE] = 'first'
    const { bearerTokens } = resolveReceiverConfig({ bearerToken: TOKEN })
    expect(bearerTokens?.allow('Bearer first')).toBe(false)
  })

  test('from nowhere, and then none is asked for', () => {
    process.env[VARIABLE] = ' '
    expect(resolveReceiverConfig({}).bearerTokens).toBeUndefined()
  })
})

// A receiver that was meant to be closed does not open because its token is no token.
test.each<[object, string]>([
  [{ bearerToken: '' }, 'bearerToken'],
  [{ bearerToken: [] }, 'bearerToken'],
  [{ bearerToken: ['fine', ''] }, 'bearerToken'],
  [{ bearerToken: 'marked secret' }, 'bearerToken'],
  [{ bearerToken: 1234567890 }, 'bearerToken'],
  [{ bearerToken: { token: 'marked' } }, 'bearerToken'],
  [{}, VARIABLE],
])('%j is refused, and not repeated', async (options, name) => {
  if (name === VARIABLE) process.env[VARIABLE] = 'marked\u00e9'
  const error: unknown = await createOtlpReceiver(options).catch((e: unknown) => e)
  expect(error).toMatchObject({ name: 'ReceiverError', reason: 'InvalidConfig' })
  expect((error as Error).message).toContain(name)
  expect(inspect(error)).not.toMatch(/marked|1234567890/)
})
