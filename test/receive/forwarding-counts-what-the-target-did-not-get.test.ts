// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { status } from '@grpc/grpc-js'
import fc from 'fast-check'
import { type Forwarder, type ForwarderOptions, createForwarder } from '../../src/receive/forwarder'
import type { OtlpBatch } from '../../src/otlp/otlp-batch'
import { SIGNALS } from '../../src/otlp/signal'
import { type Answer, accept, openTarget } from '../replay/otlp-target'
import { makeBatch } from '../support/recording'
import { openGrpcTarget, partialSuccess, taken } from '../transport/grpc-target'

// By number, not by time: on a busy machine a request that succeeds may take long.
const QUICK = { initialDelayMillis: 1, maxAttempts: 8 }
const MiB = 1024 * 1024

const never = (): AbortSignal => new AbortController().signal
const now = (): AbortSignal => AbortSignal.abort()

function forwardTo(targetEndpoint: string, options: Partial<ForwarderOptions> = {}) {
  const failures: string[] = []
  const forwarder = createForwarder({
    targetEndpoint,
    maxQueueBytes: MiB,
    retry: QUICK,
    onFailure: ({ message }) => failures.push(message),
    ...options,
  })
  return { forwarder, failures }
}

/** Two items each. */
const batches = (count: number): OtlpBatch[] =>
  Array.from({ length: count }, (_, index) =>
    makeBatch(SIGNALS[index % 3], { names: [`${index}`, 'x'] }),
  )

function offerAll(forwarder: Forwarder, offered: readonly OtlpBatch[]): void {
  for (const { signal, body } of offered) forwarder.offer(signal, body, 2)
}

function missed(forwarder: Forwarder): number {
  return Object.values(forwarder.status().missedItems).reduce((sum, count) => sum + count, 0)
}

const answering =
  (statusCode: number, body?: Buffer): Answer =>
  (response) =>
    void response.writeHead(statusCode, { 'content-type': 'application/x-protobuf' }).end(body)
const reset: Answer = (response) => void response.socket?.destroy()
const hang: Answer = () => undefined

test('the same bytes, over HTTP with its headers', async () => {
  await using target = await openTarget()
  const { forwarder, failures } = forwardTo(`${target.url}/prefix?key=hunter2`, {
    headers: { 'X-Tenant': 'a' },
  })
  const offered = batches(9)
  offerAll(forwarder, offered)
  await forwarder.close(never())
  const bodies = target.requests.map(({ signal, body }) => `${signal} ${body.toString('hex')}`)
  expect(bodies.sort()).toEqual(
    offered.map(({ signal, body }) => `${signal} ${Buffer.from(body).toString('hex')}`).sort(),
  )
  for (const { headers } of target.requests) {
    expect(headers).toMatchObject({ 'x-tenant': 'a', 'user-agent': 'otel-tape' })
  }
  expect(forwarder.status()).toEqual({
    targetEndpoint: `${target.url}/prefix`,
    sentItems: 18,
    missedItems: { traces: 0, metrics: 0, logs: 0 },
    waitingBytes: 0,
  })
  expect(failures).toEqual([])
})

test('the same bytes, over gRPC', async () => {
  await using target = await openGrpcTarget()
  const { forwarder } = forwardTo(target.url)
  const offered = batches(9)
  offerAll(forwarder, offered)
  await forwarder.close(never())
  const bodies = target.requests.map(({ body }) => body.toString('hex'))
  expect(bodies.sort()).toEqual(offered.map(({ body }) => Buffer.from(body).toString('hex')).sort())
  expect(forwarder.status()).toMatchObject({ sentItems: 18, waitingBytes: 0 })
})

test.each<[string, Answer, { missed: number; failure?: string }]>([
  ['503 for a while', (r, q, n) => (n < 6 ? answering(503) : accept)(r, q, n), { missed: 0 }],
  [
    'connections that are reset for a while',
    (r, q, n) => (n < 6 ? reset : accept)(r, q, n),
    { missed: 0 },
  ],
  ['400', answering(400), { missed: 12, failure: 'answered 400' }],
  [
    'a partial success',
    answering(200, partialSuccess(1, 'old')),
    { missed: 6, failure: 'partially: old' },
  ],
  ['503 for ever', answering(503), { missed: 12, failure: 'answered 503' }],
  ['connections that are always reset', reset, { missed: 12, failure: "can't be reached" }],
])('a target that answers %s', async (_name, answer, { missed: expected, failure }) => {
  await using target = await openTarget(answer)
  const { forwarder, failures } = forwardTo(target.url)
  offerAll(forwarder, batches(6))
  await forwarder.close(never())
  expect(missed(forwarder)).toBe(expected)
  expect(forwarder.status()).toMatchObject({ sentItems: 12 - expected, waitingBytes: 0 })
  // However many there were: the next one may be told in a minute.
  expect(failures).toHaveLength(1)
  if (failure) expect(forwarder.status().lastFailure).toContain(failure)
})

test('what is missed is counted by signal', async () => {
  await using target = await openGrpcTarget(({ signal }) =>
    signal === 'logs' ? { code: status.INVALID_ARGUMENT, details: 'no logs' } : taken,
  )
  const { forwarder } = forwardTo(target.url)
  offerAll(forwarder, batches(9))
  await forwarder.close(never())
  expect(forwarder.status()).toMatchObject({
    sentItems: 12,
    missedItems: { traces: 0, metrics: 0, logs: 6 },
  })
})

test('a target that was down gets what is still queued, when it is back', async () => {
  const down = await openGrpcTarget()
  down.die()
  const { forwarder, failures } = forwardTo(down.url, {
    retry: { initialDelayMillis: 20 },
  })
  offerAll(forwarder, batches(20))
  // The first is told at once, not when the first request is given up.
  while (failures.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(failures[0]).toContain('ECONNREFUSED')
  await using target = await openGrpcTarget(undefined, { port: Number(down.url.split(':').at(-1)) })
  await forwarder.close(never())
  expect(forwarder.status()).toMatchObject({ sentItems: 40, waitingBytes: 0 })
  expect(missed(forwarder)).toBe(0)
  expect(target.requests).toHaveLength(20)
})

test('a target that hangs is told of at its first time-out', async () => {
  await using target = await openTarget(hang)
  const kept = process.env
  process.env = { ...kept, OTEL_EXPORTER_OTLP_TIMEOUT: '50' }
  const { forwarder, failures } = forwardTo(target.url, { retry: {} })
  process.env = kept
  offerAll(forwarder, batches(1))
  while (failures.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(failures[0]).toMatch(/^forwarding: http:.*: no answer within 50 ms$/)
  expect(missed(forwarder)).toBe(0)
  await forwarder.close(now())
})

test('a queue that is full takes no more, and stays as small', async () => {
  await using target = await openTarget(hang)
  const { forwarder, failures } = forwardTo(target.url, { maxQueueBytes: 20_000 })
  const offered = batches(1_000)
  offerAll(forwarder, offered)
  const { waitingBytes } = forwarder.status()
  expect(waitingBytes).toBeLessThanOrEqual(20_000)
  expect(missed(forwarder)).toBeGreaterThan(1_800)
  expect(failures).toEqual([expect.stringContaining('the queue is full (20000 bytes wait')])
  await target.received(4)
  await forwarder.close(now())
  expect(forwarder.status()).toMatchObject({ sentItems: 0, waitingBytes: 0 })
  expect(missed(forwarder)).toBe(2_000)
})

test('one request always fits, and empty ones do not pile up', async () => {
  await using target = await openTarget()
  const { forwarder } = forwardTo(target.url, { maxQueueBytes: 1_000 })
  forwarder.offer('logs', makeBatch('logs', { names: Array<string>(200).fill('x') }).body, 200)
  for (let count = 0; count < 100; count++) forwarder.offer('logs', new Uint8Array(), 0)
  await forwarder.close(never())
  expect(target.requests).toHaveLength(1)
  expect(forwarder.status()).toMatchObject({ sentItems: 200 })
})

test('closing waits no longer than it may, however slow the target is', async () => {
  await using target = await openTarget(hang)
  const { forwarder } = forwardTo(target.url, { retry: {} })
  offerAll(forwarder, batches(50))
  await target.received(4)
  const deadline = new AbortController()
  const closed = Promise.all([forwarder.close(deadline.signal), forwarder.close(never())])
  deadline.abort()
  await closed
  expect(missed(forwarder)).toBe(100)
  offerAll(forwarder, batches(1))
  expect(missed(forwarder)).toBe(102)
})

test('a listener that throws hurts nobody', async () => {
  await using target = await openTarget(answering(400))
  const onFailure = (): never => {
    throw new Error('mine')
  }
  const { forwarder } = forwardTo(target.url, { onFailure, maxQueueBytes: 1_000 })
  expect(() => offerAll(forwarder, batches(50))).not.toThrow()
  await forwarder.close(never())
  expect(missed(forwarder)).toBe(100)
})

test('sent + missed + waiting = offered, whatever the target does, at any time', async () => {
  const anyAnswer = fc.constantFrom<Answer>(
    accept,
    answering(400),
    answering(503),
    answering(200, partialSuccess(1, 'one')),
    answering(200, partialSuccess(99, 'more than there were')),
    reset,
  )
  const bytes = batches(1)[0].body.length
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyAnswer, { maxLength: 40 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 500, max: 20_000 }),
      fc.boolean(),
      async (answers, count, maxQueueBytes, hangsAtTheEnd) => {
        const last = hangsAtTheEnd ? hang : accept
        let offeredItems = 0
        let check = (): void => undefined
        await using target = await openTarget(async (response, request, number) => {
          check()
          await (answers[number] ?? last)(response, request, number)
        })
        const { forwarder } = forwardTo(target.url, { maxQueueBytes })
        check = () => {
          const { sentItems, waitingBytes } = forwarder.status()
          expect(sentItems + missed(forwarder) + (waitingBytes / bytes) * 2).toBe(offeredItems)
        }
        for (let index = 0; index < count; index++) {
          forwarder.offer('traces', batches(1)[0].body, 2)
          offeredItems += 2
          check()
          if (index % 7 === 0) await new Promise((resolve) => setImmediate(resolve))
        }
        await forwarder.close(hangsAtTheEnd ? AbortSignal.timeout(20) : never())
        expect(forwarder.status().waitingBytes).toBe(0)
        check()
      },
    ),
    { numRuns: 40 },
  )
})

test.each([
  ['nowhere', "forward 'nowhere' can't be used: it is no URL; try 'http://nowhere'"],
  ['grpc://host/path', 'OTLP/gRPC has no path'],
])('a target that is none, %s, is told at once', (targetEndpoint, message) => {
  expect(() => forwardTo(targetEndpoint)).toThrow(message)
})
