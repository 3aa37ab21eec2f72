// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ServerResponse } from 'node:http'
import protobuf from 'protobufjs'
import type { RejectedBatch } from '../../src/replay/batch-sink'
import type { ReplayConfig } from '../../src/replay/replay-config'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { type Answer, accept, openTarget } from './otlp-target'

const stringContaining = (text: string): unknown => expect.stringContaining(text)
const stringMatching = (pattern: RegExp): unknown => expect.stringMatching(pattern)
const anyNumber: unknown = expect.any(Number)

const PROTOBUF = 'application/x-protobuf'
const QUICK_RETRIES = { maxAttempts: 3, totalTimeoutMillis: 2_000, initialDelayMillis: 1 }

/** Three batches of two spans; `answers` go to the requests in their order, then all are accepted. */
async function replayAgainst(answers: Answer[], config: Partial<ReplayConfig> = {}) {
  await using target = await openTarget((response, request, number) =>
    (answers[number] ?? accept)(response, request, number),
  )
  const store = new MemoryStore()
  await recordSession(
    store,
    'answers',
    [0, 1, 2].map((index) =>
      makeBatch('traces', { names: [`${index}`, 'x'], atMillis: EPOCH_MILLIS + index }),
    ),
  )
  const replay = startReplay({
    sessionId: 'answers',
    store,
    targetEndpoint: target.url,
    speedMultiplier: Infinity,
    concurrency: 1,
    retry: QUICK_RETRIES,
    ...config,
  })
  const rejected: RejectedBatch[] = []
  replay.on('rejected', (batch) => rejected.push(batch))
  const status = await replay.finished
  return { status, rejected, requests: target.requests, url: target.url }
}

const answering =
  (
    statusCode: number,
    headers: Record<string, string> = {},
    body: string | Uint8Array = '',
  ): Answer =>
  (response) =>
    void response.writeHead(statusCode, headers).end(body)

/** As a server of OTLP writes it, by another protobuf implementation. */
function partialSuccess(rejected: number, message: string): Uint8Array {
  const writer = protobuf.Writer.create().uint32(10).fork()
  writer.uint32(8).int64(rejected).uint32(18).string(message).ldelim()
  return writer.finish()
}

const grpcStatus = (message: string): Uint8Array =>
  protobuf.Writer.create().uint32(8).int32(3).uint32(18).string(message).finish()

const reset: Answer = (response: ServerResponse) => void response.socket?.destroy()
const hang: Answer = () => undefined

describe('sent again', () => {
  test.each<[string, Answer]>([
    ['429', answering(429)],
    ['502', answering(502)],
    ['503', answering(503, { 'retry-after': '0' })],
    ['504', answering(504)],
    ['503 with a date', answering(503, { 'retry-after': new Date().toUTCString() })],
    ['503 with a Retry-After that says nothing', answering(503, { 'retry-after': 'soon' })],
    ['a connection that is reset', reset],
    ['no answer within the time limit', hang],
  ])('after %s, and counted once', async (_name, answer) => {
    const timeoutMillis = answer === hang ? 100 : undefined
    const { status, requests, rejected } = await replayAgainst([answer, answer], { timeoutMillis })
    expect(status).toMatchObject({ status: 'completed', sentRecords: 6, failedRecords: 0 })
    expect(rejected).toEqual([])
    expect(requests).toHaveLength(5)
    expect(requests[1].body).toEqual(requests[0].body)
    expect(requests[2].body).toEqual(requests[0].body)
  })

  test('not before Retry-After says so', async () => {
    const receivedAt: number[] = []
    const answer: Answer = (response, request, number) => {
      receivedAt.push(performance.now())
      return (number === 0 ? answering(503, { 'retry-after': '1' }) : accept)(response, request, 0)
    }
    await replayAgainst([answer, answer])
    expect(receivedAt[1] - receivedAt[0]).toBeGreaterThanOrEqual(990)
  })
})

describe('refused, counted and reported, while the rest is sent', () => {
  test.each<{ name: string; answer: Answer; failed?: number; message: string }>([
    { name: 'a plain 400', answer: answering(400), message: 'answered 400' },
    {
      name: 'a 400 with a protobuf status',
      answer: answering(400, { 'content-type': PROTOBUF }, grpcStatus('no\nservice')),
      message: 'answered 400: no service',
    },
    {
      name: 'a 400 with a JSON status',
      answer: answering(400, { 'content-type': 'application/json' }, '{"message":"bad span"}'),
      message: 'answered 400: bad span',
    },
    {
      name: 'a 401 with text',
      answer: answering(401, { 'content-type': 'text/plain' }, 'who are you?'),
      message: 'answered 401: who are you?',
    },
    {
      name: 'a 404 of a web server',
      answer: answering(404, { 'content-type': 'text/html' }, '<h1>nope</h1>'),
      message: 'answered 404: a web page',
    },
    {
      name: 'a 500 whose protobuf is broken',
      answer: answering(500, { 'content-type': PROTOBUF }, Buffer.from([0xff])),
      message: 'answered 500',
    },
    {
      name: 'a redirect',
      answer: answering(301, { location: 'https://elsewhere/' }),
      message: 'a redirect to https://elsewhere/',
    },
    {
      name: 'a web page with 200',
      answer: answering(200, { 'content-type': 'text/html' }, '<h1>Welcome</h1>'),
      message: 'is it an OTLP/HTTP endpoint?',
    },
    {
      name: 'JSON that is no object',
      answer: answering(200, { 'content-type': 'application/json' }, '[1]'),
      message: 'is it an OTLP/HTTP endpoint?',
    },
    {
      name: 'protobuf that is none',
      answer: answering(200, { 'content-type': PROTOBUF }, Buffer.from([0x0a, 0x7f])),
      message: 'is it an OTLP/HTTP endpoint?',
    },
    {
      name: 'a partial success in protobuf',
      answer: answering(200, { 'content-type': PROTOBUF }, partialSuccess(1, 'too old')),
      failed: 1,
      message: 'partially: too old',
    },
    {
      name: 'a partial success in JSON',
      answer: answering(
        200,
        { 'content-type': 'application/json; charset=utf-8' },
        '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}',
      ),
      failed: 1,
      message: 'partially: too old',
    },
    {
      name: 'a partial success of more than was sent',
      answer: answering(200, { 'content-type': PROTOBUF }, partialSuccess(99, 'all of it')),
      message: 'partially: all of it',
    },
  ])('$name', async ({ answer, failed = 2, message }) => {
    const { status, rejected, requests, url } = await replayAgainst([answer])
    expect(status).toMatchObject({
      status: 'completed',
      totalRecords: 6,
      processedRecords: 6,
      sentRecords: 6 - failed,
      failedRecords: failed,
    })
    expect(requests).toHaveLength(3)
    expect(rejected).toEqual([
      {
        signal: 'traces',
        key: stringMatching(/^sessions\/answers\/raw\//),
        itemCount: failed,
        statusCode: anyNumber,
        message: stringContaining(message),
      },
    ])
    expect(rejected[0].message).toContain(`${url}/v1/traces`)
    expect(status.error).toBe(rejected[0].message)
  })

  test('503 for as long as the budget lasts', async () => {
    const { status, rejected, requests } = await replayAgainst(
      Array<Answer>(3).fill(answering(503)),
    )
    expect(status).toMatchObject({ sentRecords: 4, failedRecords: 2 })
    expect(rejected[0]).toMatchObject({ itemCount: 2, statusCode: 503 })
    expect(requests).toHaveLength(5)
  })

  test('of several refusals, the status tells the first', async () => {
    const { status } = await replayAgainst([accept, answering(400), answering(401)])
    expect(status).toMatchObject({ status: 'completed', sentRecords: 2, failedRecords: 4 })
    expect(status.error).toMatch(/answered 400$/)
  })

  test('a Retry-After beyond the budget is not waited for', async () => {
    const { status, requests } = await replayAgainst([answering(503, { 'retry-after': '3600' })])
    expect(status).toMatchObject({ sentRecords: 4, failedRecords: 2 })
    expect(requests).toHaveLength(3)
  })

  test('a batch whose connection is always dropped, when the target takes others', async () => {
    const { status, rejected } = await replayAgainst([reset, reset, reset])
    expect(status).toMatchObject({ status: 'completed', sentRecords: 4, failedRecords: 2 })
    expect(rejected[0].message).toContain('gave no answer')
  })
})

describe('accepted', () => {
  test.each<[string, Answer]>([
    ['204 without a body', answering(204)],
    ['200 without a type', answering(200)],
    ['an empty JSON object', answering(200, { 'content-type': 'application/json' }, '{}')],
    [
      'a partial success that only warns',
      answering(200, { 'content-type': PROTOBUF }, partialSuccess(0, 'deprecated')),
    ],
    [
      'an answer with unknown fields',
      answering(200, { 'content-type': PROTOBUF }, Buffer.from([0x78, 1, 0x0a, 2, 0x78, 1])),
    ],
  ])('%s', async (_name, answer) => {
    const { status, rejected } = await replayAgainst([answer, answer, answer])
    expect(status).toMatchObject({ sentRecords: 6, failedRecords: 0 })
    expect(status).not.toHaveProperty('error')
    expect(rejected).toEqual([])
  })
})

describe('ends the replay', () => {
  test('a refusal, when that is to end it', async () => {
    await expect(replayAgainst([answering(400)], { onError: 'abort' })).rejects.toMatchObject({
      name: 'ReplayError',
      reason: 'IngestionFailure',
      sessionId: 'answers',
      message: stringMatching(/^2 spans did not arrive: .* answered 400$/),
      status: { status: 'failed', failedRecords: 2, sentRecords: 0 },
    })
  })

  test('a target that drops every connection', async () => {
    const failure = replayAgainst(Array<Answer>(20).fill(reset))
    await expect(failure).rejects.toMatchObject({
      reason: 'IngestionFailure',
      message: stringMatching(/^http:\/\/127.* can't be reached: /),
      status: { status: 'failed', sentRecords: 0, totalRecords: 6 },
    })
  })

  test('a target that never answers', async () => {
    const failure = replayAgainst(Array<Answer>(20).fill(hang), { timeoutMillis: 100 })
    await expect(failure).rejects.toMatchObject({
      reason: 'IngestionFailure',
      message: stringContaining('no answer within 100 ms'),
    })
  })

  test('a target that is not there', async () => {
    const target = await openTarget()
    const { url } = target
    await target.close()
    await expect(replayAgainst([], { targetEndpoint: url })).rejects.toMatchObject({
      reason: 'IngestionFailure',
      message: stringContaining('ECONNREFUSED'),
      status: { error: stringContaining(`${url}/v1/traces can't be reached`) },
    })
  })

  test('a host that does not exist', async () => {
    const targetEndpoint = 'http://nowhere.invalid:4318'
    await expect(replayAgainst([], { targetEndpoint })).rejects.toMatchObject({
      reason: 'IngestionFailure',
      message: stringContaining(targetEndpoint),
    })
  })
})
