// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { type AddressInfo, type Server, createServer as createTcpServer } from 'node:net'
import type { OtlpBatch } from '../../src/otlp/otlp-batch'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'

const BATCHES = 20
/** More than a socket takes at once, so that an early answer overtakes the body. */
const SPANS_PER_BATCH = 50_000

type Answer = (request: IncomingMessage, response: ServerResponse, number: number) => void

const inTime: Answer = (request, response) => void request.on('end', () => response.end())

/** A server that answers as it likes, and what arrived there all the same. */
async function openServer(answer: Answer) {
  const bodies: Buffer[] = []
  let count = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => bodies.push(Buffer.concat(chunks)))
    answer(request, response, count++)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: urlOf(server),
    bodies,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections()
      return closed(server)
    },
  }
}

function urlOf(server: Server): string {
  // Listening on a port, it has an address.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function closed(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}

async function recordLarge(count: number, spansPerBatch: number) {
  const store = new MemoryStore()
  const batches = Array.from({ length: count }, (_, index) => {
    const names = Array.from({ length: spansPerBatch }, () => `span of ${index}`)
    return makeBatch('traces', { names, atMillis: EPOCH_MILLIS + index })
  })
  await recordSession(store, 'x', batches)
  return { store, bodies: batches.map(({ body }) => Buffer.from(body)) }
}

const replayAll = {
  sessionId: 'x',
  speedMultiplier: Infinity,
  timestampAdjustment: 'none',
} as const

function hashesOf(bodies: readonly Buffer[]): string[] {
  return bodies.map((body) => createHash('sha256').update(body).digest('hex')).toSorted()
}

/** Answers each request as soon as its headers are there, and reads its body later. */
async function openHastyServer() {
  const bodies: Buffer[] = []
  const server = createTcpServer((socket) => {
    let unread = Buffer.alloc(0)
    let bodyBytes = -1
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      unread = Buffer.concat([unread, chunk])
      if (bodyBytes < 0) {
        const headBytes = unread.indexOf('\r\n\r\n') + 4
        bodyBytes = Number(
          /content-length: (\d+)/i.exec(unread.toString('latin1', 0, headBytes))?.[1],
        )
        unread = unread.subarray(headBytes)
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
        socket.pause()
        // Time enough to free memory, and to inflate the next block into it.
        setTimeout(() => socket.resume(), 50)
      }
      if (unread.length < bodyBytes) return
      bodies.push(unread.subarray(0, bodyBytes))
      unread = unread.subarray(bodyBytes)
      bodyBytes = -1
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: urlOf(server), bodies, [Symbol.asyncDispose]: () => closed(server) }
}

test('a target that answers before it has read gets what was recorded', async () => {
  const { store, bodies } = await recordLarge(4, SPANS_PER_BATCH)
  await using server = await openHastyServer()
  await startReplay({ ...replayAll, store, targetEndpoint: server.url, concurrency: 1 }).finished
  // The last one may have been cut off: to whoever sent it, it was answered.
  expect(server.bodies.length).toBeGreaterThanOrEqual(3)
  server.bodies.forEach((body, index) => expect(body.equals(bodies[index])).toBe(true))
})

test('a request that is sent again is the same again', async () => {
  const { store, bodies } = await recordLarge(BATCHES, 500)
  const again: Answer = (request, response, number) => {
    if (number % 3 === 0) response.statusCode = 503
    inTime(request, response, number)
  }
  await using server = await openServer(again)
  const retry = { initialDelayMillis: 1 }
  const config = { ...replayAll, store, targetEndpoint: server.url, retry }
  const { sentRecords } = await startReplay(config).finished
  expect(sentRecords).toBe(BATCHES * 500)
  expect(new Set(hashesOf(server.bodies))).toEqual(new Set(hashesOf(bodies)))
})

test('several batches of a block arrive whole', async () => {
  const { store, bodies } = await recordLarge(BATCHES, 500)
  await using server = await openServer(inTime)
  await startReplay({ ...replayAll, store, targetEndpoint: server.url }).finished
  expect(hashesOf(server.bodies)).toEqual(hashesOf(bodies))
})

test('what a transform has kept stays what it was', async () => {
  const { store, bodies } = await recordLarge(BATCHES, 500)
  await using server = await openServer(inTime)
  const kept: OtlpBatch[] = []
  const keep = (batch: OtlpBatch): OtlpBatch => {
    kept.push(batch)
    return batch
  }
  const config = { ...replayAll, store, targetEndpoint: server.url, transforms: [keep] }
  await startReplay(config).finished
  expect(hashesOf(kept.map(({ body }) => Buffer.from(body)))).toEqual(hashesOf(bodies))
})
