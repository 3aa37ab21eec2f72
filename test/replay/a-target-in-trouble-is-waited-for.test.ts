// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setTimeout as wait } from 'node:timers/promises'
import type { ReplayConfig } from '../../src/replay/replay-config'
import type { ReplayStatus } from '../../src/replay/replay-status'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { type GrpcAnswer, openGrpcTarget, taken } from '../transport/grpc-target'
import { type Answer, type ReceivedRequest, accept, openTarget } from './otlp-target'
import { openResumableTarget } from './resumed-replay'

const BATCHES = 40
/** A minute of trouble in the time that a test has; test/long takes the minute. */
const OUTAGE_MILLIS = 1_200
/** Nothing else is other than by default: waits begin shorter, as the outage is shorter. */
const SCALED = { retry: { initialDelayMillis: 20 } }

let store: MemoryStore
beforeAll(async () => {
  store = new MemoryStore()
  const batches = Array.from({ length: BATCHES }, (_, index) =>
    makeBatch('traces', { names: [`item-${index}-0-`], atMillis: EPOCH_MILLIS + index }),
  )
  await recordSession(store, 'troubled', batches)
})

async function replay(targetEndpoint: string, config: Partial<ReplayConfig> = {}) {
  const replay = startReplay({
    ...{ sessionId: 'troubled', store, targetEndpoint, speedMultiplier: Infinity },
    ...SCALED,
    ...config,
  })
  const waits: NonNullable<ReplayStatus['waiting']>[] = []
  replay.on('progress', ({ waiting }) => waiting && waits.push(waiting))
  return { status: await replay.finished, waits }
}

/** What was taken, by those who answered so. */
class Accounts {
  readonly taken: string[] = []

  readonly take: Answer = (response, request, number) => {
    this.add(request)
    return accept(response, request, number)
  }

  add({ body }: Pick<ReceivedRequest, 'body'>): void {
    this.taken.push(...(/item-\d+-0-/.exec(body.toString('latin1')) ?? []))
  }

  expectEachOnce(): void {
    expect(this.taken).toHaveLength(BATCHES)
    expect(new Set(this.taken).size).toBe(BATCHES)
  }
}

const complete = { status: 'completed', sentRecords: BATCHES, failedRecords: 0 }
const reset: Answer = (response) => void response.socket?.destroy()
const hang: Answer = () => undefined
const refuse503: Answer = (response) => void response.writeHead(503).end()

/** That of `trouble` from the tenth request on, for as long as an outage lasts. */
function inTrouble(accounts: Accounts, trouble: Answer): Answer {
  let since: number | undefined
  return (...given) => {
    if (given[2] >= 10) since ??= performance.now()
    const isOver = since === undefined || performance.now() - since > OUTAGE_MILLIS
    return (isOver ? accounts.take : trouble)(...given)
  }
}

test.each<[string, Answer, Partial<ReplayConfig>]>([
  ['resets every connection', reset, {}],
  ['answers 503', refuse503, {}],
  ['answers nothing', hang, { timeoutMillis: 100 }],
])('a target that %s for a while gets everything', async (_name, trouble, config) => {
  const accounts = new Accounts()
  await using target = await openTarget(inTrouble(accounts, trouble))
  const { status, waits } = await replay(target.url, config)
  expect(status).toMatchObject(complete)
  accounts.expectEachOnce()
  expect(waits[0]).toMatchObject({ message: expect.stringContaining(target.url) as unknown })
  expect(status.waiting).toBeUndefined()
})

test('a target that is gone for a while gets everything', async () => {
  const accounts = new Accounts()
  const first = await openTarget((...given) => {
    if (given[2] < 10) return accounts.take(...given)
    void first.close()
  })
  const back = first
    .received(11)
    .then(() => wait(OUTAGE_MILLIS))
    .then(() => openTarget(accounts.take, undefined, { port: Number(new URL(first.url).port) }))
  const { status, waits } = await replay(first.url)
  await (await back).close()
  expect(status).toMatchObject(complete)
  accounts.expectEachOnce()
  expect(waits.some(({ message }) => message.includes('ECONNREFUSED'))).toBe(true)
})

test('so does one over gRPC', async () => {
  const accounts = new Accounts()
  const answer = (request: { body: Buffer }): GrpcAnswer => {
    accounts.add(request)
    return taken
  }
  const first = await openGrpcTarget((request, number) => {
    if (number < 10) return answer(request)
    first.die()
    return undefined
  })
  const back = first
    .received(11)
    .then(() => wait(OUTAGE_MILLIS))
    .then(() => openGrpcTarget(answer, { port: Number(new URL(first.url).port) }))
  // With others under way, the server would die between taking one and saying so.
  const { status } = await replay(first.url, { concurrency: 1 })
  ;(await back).die()
  expect(status).toMatchObject(complete)
  accounts.expectEachOnce()
})

test('a target that fails now and then, and is slow, gets everything', async () => {
  const accounts = new Accounts()
  const troubles = [reset, refuse503, hang]
  await using target = await openTarget(async (...given) => {
    // A third of them, where one in a hundred would show nothing in forty.
    if (given[2] % 3 === 1) return troubles[given[2] % troubles.length](...given)
    await wait(20)
    return accounts.take(...given)
  })
  const { status } = await replay(target.url, { timeoutMillis: 200 })
  expect(status).toMatchObject(complete)
  accounts.expectEachOnce()
})

test('what was taken without an answer comes again, and counts once', async () => {
  const accounts = new Accounts()
  await using target = await openTarget((...given) => {
    if (given[2] % 5 !== 2) return accounts.take(...given)
    accounts.add(given[1])
    return reset(...given)
  })
  const { status } = await replay(target.url)
  expect(status).toMatchObject(complete)
  expect(new Set(accounts.taken).size).toBe(BATCHES)
})

test.each<[name: string, trouble: Answer, message: string, totalTimeoutMillis: number]>([
  ['is dropped', reset, 'gave no answer', 10_000],
  ['is answered with 503', refuse503, 'answered 503', 300],
])('a batch that %s whenever it comes holds up no other', async (...given) => {
  const [, trouble, message, totalTimeoutMillis] = given
  const accounts = new Accounts()
  await using target = await openTarget((...request) =>
    (request[1].body.includes('item-7-0-') ? trouble : accounts.take)(...request),
  )
  const retry = { ...SCALED.retry, totalTimeoutMillis }
  const { status } = await replay(target.url, { retry })
  expect(status).toMatchObject({ status: 'completed', sentRecords: BATCHES - 1, failedRecords: 1 })
  expect(status.error).toContain(message)
})

test.each<[string, Answer, string]>([
  ['drops every connection', reset, "can't be reached"],
  ['answers 503 to everything', refuse503, 'takes nothing: it answered 503'],
])('one that %s for longer than that ends the replay, which goes on later', async (...given) => {
  const [, trouble, message] = given
  await using resumable = await openResumableTarget()
  const retry = { ...SCALED.retry, totalTimeoutMillis: 400 }
  const config = { sessionId: 'troubled', store, retry, concurrency: 1 }
  resumable.answer = (...request) => (request[2] < 10 ? accept : trouble)(...request)
  await expect(resumable.run(config)).rejects.toMatchObject({
    reason: 'IngestionFailure',
    message: expect.stringContaining(message) as unknown,
    status: { status: 'failed', sentRecords: 10, failedRecords: 0 },
  })
  resumable.answer = accept
  const status = await resumable.run({ ...config, resume: true })
  expect(status).toMatchObject({ ...complete, sentRecords: BATCHES - 10, skippedRecords: 10 })
})

test('one that was never there is not waited for', async () => {
  const gone = await openTarget()
  await gone.close()
  const startedAt = performance.now()
  await expect(replay(gone.url)).rejects.toMatchObject({
    reason: 'IngestionFailure',
    message: expect.stringContaining('ECONNREFUSED') as unknown,
  })
  expect(performance.now() - startedAt).toBeLessThan(3_000)
})

test('attempts that are counted out are not exceeded', async () => {
  let came = 0
  await using target = await openTarget((...given) => {
    came++
    return refuse503(...given)
  })
  const retry = { maxAttempts: 4, initialDelayMillis: 1 }
  const { status } = await replay(target.url, { retry })
  expect(status).toMatchObject({ status: 'completed', sentRecords: 0, failedRecords: BATCHES })
  expect(came).toBe(4 * BATCHES)
})
