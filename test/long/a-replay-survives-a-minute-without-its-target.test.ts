// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// With the options that a replay has by default; about two and a half minutes.

import { setTimeout as wait } from 'node:timers/promises'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { type Answer, accept, openTarget } from '../replay/otlp-target'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { type GrpcAnswer, openGrpcTarget, taken } from '../transport/grpc-target'

const MINUTE_MILLIS = 60_000
const BATCHES = 2_000
const ITEMS = 2 * BATCHES
/** Of the requests that reach it, before it goes down. */
const UP_FOR = 500

let store: MemoryStore
beforeAll(async () => {
  store = new MemoryStore()
  const batches = Array.from({ length: BATCHES }, (_, index) =>
    makeBatch('traces', { names: [`item-${index}-`, 'x'], atMillis: EPOCH_MILLIS + index }),
  )
  await recordSession(store, 'troubled', batches)
})

/** How often each batch was taken. */
class Accounts {
  readonly #taken = new Map<string, number>()

  add(body: Buffer): void {
    const [item] = /item-\d+-/.exec(body.toString('latin1')) ?? []
    // An empty request asks whether anybody is there.
    if (item === undefined) return
    this.#taken.set(item, (this.#taken.get(item) ?? 0) + 1)
  }

  summary(): { arrived: number; twice: number } {
    const twice = [...this.#taken.values()].filter((count) => count > 1).length
    return { arrived: this.#taken.size, twice }
  }
}

async function replayTo(targetEndpoint: string, accounts: Accounts) {
  const startedAt = performance.now()
  const config = { sessionId: 'troubled', store, targetEndpoint, speedMultiplier: Infinity }
  const status = await startReplay(config).finished
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  const { arrived, twice } = accounts.summary()
  process.stderr.write(
    `${targetEndpoint.split(':')[0]}: ${ITEMS} items stored, ${status.sentRecords} sent, ` +
      `${status.failedRecords} failed, ${2 * (BATCHES - arrived)} lost, ${2 * twice} taken twice, ` +
      `after ${seconds} s\n`,
  )
  expect(status).toMatchObject({ status: 'completed', sentRecords: ITEMS, failedRecords: 0 })
  expect(arrived).toBe(BATCHES)
  return { twice, seconds }
}

test('HTTP: nobody listens for a minute', async () => {
  const accounts = new Accounts()
  const take: Answer = (response, request, number) => {
    accounts.add(request.body)
    return accept(response, request, number)
  }
  const first = await openTarget((...given) => {
    if (given[2] < UP_FOR) return take(...given)
    void first.close()
  })
  const back = first
    .received(UP_FOR + 1)
    .then(() => wait(MINUTE_MILLIS))
    .then(() => openTarget(take, undefined, { port: Number(new URL(first.url).port) }))
  const { twice, seconds } = await replayTo(first.url, accounts).finally(async () =>
    (await back).close(),
  )
  // Those whose answer was on its way when the connections ended.
  expect(twice).toBeLessThanOrEqual(3)
  expect(seconds).toBeGreaterThanOrEqual(60)
})

test('gRPC: nobody listens for a minute', async () => {
  const accounts = new Accounts()
  const take = (body: Buffer): GrpcAnswer => {
    accounts.add(body)
    return taken
  }
  const first = await openGrpcTarget(({ body }, number) => {
    if (number < UP_FOR) return take(body)
    first.die()
    return undefined
  })
  const back = first
    .received(UP_FOR + 1)
    .then(() => wait(MINUTE_MILLIS))
    .then(() => openGrpcTarget(({ body }) => take(body), { port: Number(new URL(first.url).port) }))
  const { twice, seconds } = await replayTo(first.url, accounts).finally(async () =>
    (await back).die(),
  )
  expect(twice).toBeLessThanOrEqual(3)
  expect(seconds).toBeGreaterThanOrEqual(60)
})

test('HTTP: one request in a hundred fails, in one way or another', async () => {
  const accounts = new Accounts()
  const troubles: Answer[] = [
    (response) => void response.socket?.destroy(),
    (response) => void response.writeHead(503).end(),
    (response) => void response.writeHead(429, { 'retry-after': '1' }).end(),
    (response, { body }) => {
      // Taken, and the answer is lost.
      accounts.add(body)
      response.socket?.destroy()
    },
  ]
  await using target = await openTarget((...given) => {
    const isTrouble = Math.random() < 0.01
    if (isTrouble) return troubles[given[2] % troubles.length](...given)
    accounts.add(given[1].body)
    return accept(...given)
  })
  await replayTo(target.url, accounts)
})
