// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type ServerHttp2Stream, createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'
import { status } from '@grpc/grpc-js'
import type { RejectedBatch } from '../../src/replay/batch-sink'
import type { ReplayConfig } from '../../src/replay/replay-config'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import {
  type GrpcAnswer,
  openGrpcTarget,
  partialSuccess,
  statusWithRetryInfo,
  taken,
} from './grpc-target'

const stringContaining = (text: string): unknown => expect.stringContaining(text)

const QUICK_RETRIES = { maxAttempts: 3, totalTimeoutMillis: 10_000, initialDelayMillis: 1 }

/** Three batches of two spans, one after another. */
async function replayTo(targetEndpoint: string, config: Partial<ReplayConfig> = {}) {
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
    targetEndpoint,
    speedMultiplier: Infinity,
    concurrency: 1,
    retry: QUICK_RETRIES,
    ...config,
  })
  const rejected: RejectedBatch[] = []
  replay.on('rejected', (batch) => rejected.push(batch))
  return { status: await replay.finished, rejected }
}

/** `answers` go to the requests in their order, then all are accepted. */
async function replayAgainst(answers: GrpcAnswer[], config: Partial<ReplayConfig> = {}) {
  await using target = await openGrpcTarget((_request, number) =>
    number < answers.length ? answers[number] : taken,
  )
  const { url, requests } = target
  return { ...(await replayTo(url, config)), requests, url }
}

const answering = (code: status, details = 'because'): GrpcAnswer => ({ code, details })

describe('sent again', () => {
  test.each<[string, GrpcAnswer]>([
    ['CANCELLED', answering(status.CANCELLED)],
    ['DEADLINE_EXCEEDED', answering(status.DEADLINE_EXCEEDED)],
    ['ABORTED', answering(status.ABORTED)],
    ['OUT_OF_RANGE', answering(status.OUT_OF_RANGE)],
    ['UNAVAILABLE', answering(status.UNAVAILABLE)],
    ['DATA_LOSS', answering(status.DATA_LOSS)],
    ['RESOURCE_EXHAUSTED with RetryInfo', statusWithRetryInfo(status.RESOURCE_EXHAUSTED, 1)],
    ['no answer within the time limit', undefined],
  ])('after %s, and counted once', async (_name, answer) => {
    const timeoutMillis = answer === undefined ? 400 : undefined
    const { status, requests, rejected } = await replayAgainst([answer, answer], { timeoutMillis })
    expect(status).toMatchObject({ status: 'completed', sentRecords: 6, failedRecords: 0 })
    expect(rejected).toEqual([])
    expect(requests).toHaveLength(5)
    expect(requests[1].body).toEqual(requests[0].body)
    expect(requests[2].body).toEqual(requests[0].body)
  })

  test('not before RetryInfo says so', async () => {
    const receivedAt: number[] = []
    await using target = await openGrpcTarget((_request, number) => {
      receivedAt.push(performance.now())
      return number === 0 ? statusWithRetryInfo(status.UNAVAILABLE, 1_200) : taken
    })
    await replayTo(target.url)
    expect(receivedAt[1] - receivedAt[0]).toBeGreaterThanOrEqual(1_190)
  })

  test('over another connection, when the one at hand has gone without a word', async () => {
    // As a firewall does that forgets a connection: nothing passes, nobody is told.
    let forget = (): void => undefined
    await using target = await openGrpcTarget((_request, number) => {
      if (number === 0) setImmediate(() => forget())
      return taken
    })
    const sockets: Socket[] = []
    const firewall = createServer((inner) => {
      const outer = connect(Number(new URL(target.url).port), '127.0.0.1')
      sockets.push(inner, outer)
      for (const socket of [inner, outer]) socket.on('error', () => undefined)
      inner.pipe(outer).pipe(inner)
      forget = () => void inner.unpipe(outer).resume()
    })
    await new Promise<void>((resolve) => firewall.listen(0, '127.0.0.1', resolve))
    const { port } = firewall.address() as AddressInfo
    try {
      const { status: last } = await replayTo(`grpc://127.0.0.1:${port}`, { timeoutMillis: 400 })
      expect(last).toMatchObject({ status: 'completed', sentRecords: 6 })
      expect(sockets.length).toBeGreaterThan(2)
    } finally {
      firewall.close()
      for (const socket of sockets) socket.destroy()
    }
  })
})

describe('refused, counted and reported, while the rest is sent', () => {
  test.each<{ name: string; answer: GrpcAnswer; failed?: number; message: string }>([
    ...(
      [
        'UNKNOWN',
        'INVALID_ARGUMENT',
        'NOT_FOUND',
        'ALREADY_EXISTS',
        'PERMISSION_DENIED',
        'FAILED_PRECONDITION',
        'UNIMPLEMENTED',
        'INTERNAL',
        'UNAUTHENTICATED',
        'RESOURCE_EXHAUSTED',
      ] as const
    ).map((name) => ({ name, answer: answering(status[name]), message: `${name}: because` })),
    {
      name: 'a message of many lines',
      answer: answering(status.INVALID_ARGUMENT, 'no\nservice'),
      message: 'answered INVALID_ARGUMENT: no service',
    },
    {
      name: 'a status beyond those that are known',
      answer: answering(99 as status, 'odd'),
      message: 'answered ',
    },
    {
      name: 'a partial success',
      answer: partialSuccess(1, 'too old'),
      failed: 1,
      message: 'answered OK, partially: too old',
    },
    {
      name: 'a partial success of more than was sent',
      answer: partialSuccess(99, 'all of it'),
      message: 'answered OK, partially: all of it',
    },
    {
      name: 'a response that is none',
      answer: Buffer.from([0x0a, 0x7f]),
      message: 'is it an OTLP/gRPC endpoint?',
    },
  ])('$name', async ({ answer, failed = 2, message }) => {
    const { status, rejected, requests, url } = await replayAgainst([answer])
    expect(status).toMatchObject({
      status: 'completed',
      sentRecords: 6 - failed,
      failedRecords: failed,
    })
    expect(requests).toHaveLength(3)
    expect(rejected).toMatchObject([{ itemCount: failed, message: stringContaining(message) }])
    expect(rejected[0].message).toContain(url)
    expect(rejected[0]).not.toHaveProperty('statusCode')
  })

  test('UNAVAILABLE for as long as the budget lasts', async () => {
    const answers = Array<GrpcAnswer>(3).fill(answering(status.UNAVAILABLE))
    const { status: last, rejected, requests } = await replayAgainst(answers)
    expect(last).toMatchObject({ sentRecords: 4, failedRecords: 2 })
    expect(rejected[0].message).toContain('answered UNAVAILABLE: because')
    expect(requests).toHaveLength(5)
  })

  test('a delay beyond the budget is not waited for', async () => {
    const { status: last, requests } = await replayAgainst([
      statusWithRetryInfo(status.UNAVAILABLE, 3_600_000),
    ])
    expect(last).toMatchObject({ sentRecords: 4, failedRecords: 2 })
    expect(requests).toHaveLength(3)
  })
})

describe('accepted', () => {
  test.each<[string, GrpcAnswer]>([
    ['an empty response', taken],
    ['a partial success that only warns', partialSuccess(0, 'deprecated')],
    ['a response with unknown fields', Buffer.from([0x78, 1, 0x0a, 2, 0x78, 1])],
  ])('%s', async (_name, answer) => {
    const { status, rejected } = await replayAgainst([answer, answer, answer])
    expect(status).toMatchObject({ sentRecords: 6, failedRecords: 0 })
    expect(rejected).toEqual([])
  })
})

describe('ends the replay', () => {
  test('a target that never answers', async () => {
    const failure = replayAgainst(Array<GrpcAnswer>(20).fill(undefined), { timeoutMillis: 100 })
    await expect(failure).rejects.toMatchObject({
      reason: 'IngestionFailure',
      message: stringContaining('no answer within 100 ms'),
    })
  })

  test('a target that is not there', async () => {
    const target = await openGrpcTarget()
    target.die()
    await expect(replayTo(target.url)).rejects.toMatchObject({
      name: 'ReplayError',
      reason: 'IngestionFailure',
      message: stringContaining('ECONNREFUSED'),
      status: { status: 'failed', error: stringContaining(`${target.url} can't be reached`) },
    })
  })

  test('a host that does not exist', async () => {
    await expect(replayTo('grpc://nowhere.invalid:4317')).rejects.toMatchObject({
      reason: 'IngestionFailure',
      message: stringContaining('grpc://nowhere.invalid:4317'),
    })
  })

  test('a target that dies in the middle', async () => {
    const target = await openGrpcTarget((_request, number) => {
      if (number === 0) return taken
      target.die()
      return undefined
    })
    await expect(replayTo(target.url)).rejects.toMatchObject({
      reason: 'IngestionFailure',
      message: stringContaining("can't be reached"),
      status: { status: 'failed', sentRecords: 2 },
    })
  })

  test('something that is no gRPC server', async () => {
    const server = createServer((socket) =>
      socket.on('error', () => undefined).end('HTTP/1.1 400\r\n\r\n'),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      await expect(replayTo(`grpc://127.0.0.1:${port}`)).rejects.toMatchObject({
        reason: 'IngestionFailure',
        message: stringContaining('Check that an OTLP/gRPC endpoint listens there'),
      })
    } finally {
      server.close()
    }
  })
})

/** Servers that gRPC's own library can't be told to be. */
describe('over bare HTTP/2', () => {
  test.each<[string, (stream: ServerHttp2Stream) => void, string]>([
    [
      'a status behind headers is one too',
      (stream) => {
        stream.respond(
          { ':status': 200, 'content-type': 'application/grpc' },
          { waitForTrailers: true },
        )
        stream.on('wantTrailers', () =>
          stream.sendTrailers({ 'grpc-status': '3', 'grpc-message': 'no' }),
        )
        stream.end()
      },
      'answered INVALID_ARGUMENT: no',
    ],
    [
      'a web server that knows no such path',
      (stream) => {
        stream.respond({ ':status': 404, 'content-type': 'text/html' })
        stream.end('<h1>nope</h1>')
      },
      'answered UNIMPLEMENTED',
    ],
    ['a request that is always reset', (stream) => stream.close(2), 'gave no answer'],
    [
      'an answer that breaks off',
      (stream) => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
        stream.close(2)
      },
      'gave no answer',
    ],
  ])('%s', async (_name, answer, message) => {
    const server = createHttp2Server()
    server.on('stream', (stream) => {
      stream.on('error', () => undefined)
      let bytes = 0
      stream.on('data', (chunk: Buffer) => (bytes += chunk.length))
      // Empty requests, which are 5 bytes in gRPC's framing, get through.
      stream.on('end', () => (bytes > 5 ? answer(stream) : acceptAt(stream)))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      const { status: last, rejected } = await replayTo(`grpc://127.0.0.1:${port}`)
      expect(last).toMatchObject({ status: 'completed', sentRecords: 0, failedRecords: 6 })
      expect(rejected[0].message).toContain(message)
    } finally {
      server.close()
    }
  })

  function acceptAt(stream: ServerHttp2Stream): void {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    )
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(Buffer.alloc(5))
  }
})
