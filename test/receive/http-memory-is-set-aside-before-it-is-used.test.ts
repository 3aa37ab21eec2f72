// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { gzipSync } from 'node:zlib'
import { makeBatch } from '../support/recording'
import type { IntakeResult } from '../../src/receive/intake'
import {
  ALL_TAKEN,
  JSON_TYPE,
  PROTOBUF,
  rawRequest,
  readStatus,
  startTestEndpoint,
  type HttpAnswer,
  type RawRequest,
} from './http-fixture'

const SPANS = Buffer.from(makeBatch('traces', { names: ['a', 'b'] }).body)
const MAX_BUDGET_BYTES = 10_000

/** An intake that answers when it is told to. */
class HeldIntake {
  readonly #waiting: ((result: IntakeResult) => void)[] = []
  #arrival: (() => void) | undefined

  take(): Promise<IntakeResult> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#arrival?.()
    })
  }

  async arrived(): Promise<void> {
    if (this.#waiting.length > 0) return
    await new Promise<void>((resolve) => (this.#arrival = resolve))
  }

  answerAll(): void {
    for (const resolve of this.#waiting.splice(0)) resolve(ALL_TAKEN)
  }
}

function expectNoRoom(answer: HttpAnswer): void {
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1'])
  expect(readStatus(answer)).toEqual({
    code: 14,
    message: 'too many requests are waiting to be stored, come again later',
    retryAfterSeconds: 1,
  })
}

const padded = (length: number) => `{}${' '.repeat(length - 2)}`

test.each<[string, RawRequest]>([
  ['announces a length', { body: padded(2_000) }],
  ['comes in chunks', { body: padded(2_000), chunkLength: 500 }],
  ['comes in one chunk', { body: padded(2_000), chunkLength: 2_000 }],
  ['inflates to more', { body: gzipSync(padded(2_000)), encoding: 'gzip' }],
])('what %s is told to come again when memory is used up', async (_title, request) => {
  const intake = new HeldIntake()
  await using receiver = await startTestEndpoint({ intake, maxBudgetBytes: MAX_BUDGET_BYTES })
  const first = await receiver.connect()
  first.send(rawRequest({ type: JSON_TYPE, body: padded(9_000) }))
  await intake.arrived()
  expect(receiver.budget.usedBytes).toBe(9_000)

  const second = await receiver.connect()
  second.send(rawRequest({ type: JSON_TYPE, ...request }))
  expectNoRoom(await second.answer())
  expect([receiver.budget.usedBytes, receiver.refused]).toEqual([9_000, [503]])

  intake.answerAll()
  expect((await first.answer()).status).toBe(200)
  expect(receiver.budget.usedBytes).toBe(0)

  second.send(rawRequest({ type: JSON_TYPE, ...request }))
  await intake.arrived()
  intake.answerAll()
  expect((await second.answer()).status).toBe(200)
  expect(receiver.budget.usedBytes).toBe(0)
})

test('a length is refused by its announcement, before a byte of it came', async () => {
  const intake = new HeldIntake()
  await using receiver = await startTestEndpoint({ intake, maxBudgetBytes: MAX_BUDGET_BYTES })
  const first = await receiver.connect()
  first.send(rawRequest({ type: JSON_TYPE, body: padded(9_000) }))
  await intake.arrived()
  const second = await receiver.connect()
  const head = rawRequest({ type: PROTOBUF, body: Buffer.alloc(5_000) }).subarray(0, -5_000)
  second.send(head)
  expectNoRoom(await second.answer())
  second.send(Buffer.alloc(5_000))
  second.send(rawRequest({ type: PROTOBUF, body: SPANS }))
  intake.answerAll()
  await intake.arrived()
  intake.answerAll()
  expect((await second.answer()).status).toBe(200)
})

test('a request that has the receiver to itself may be larger than all memory', async () => {
  const intake = { take: async () => ALL_TAKEN }
  await using receiver = await startTestEndpoint({ intake, maxBudgetBytes: 100 })
  const connection = await receiver.connect()
  const large = padded(50_000)
  const requests = [
    { body: large },
    { body: large, chunkLength: 1_000 },
    { body: gzipSync(large), encoding: 'gzip' },
  ]
  for (const request of requests) {
    connection.send(rawRequest({ type: JSON_TYPE, ...request }))
    expect((await connection.answer()).status).toBe(200)
  }
  expect([receiver.budget.usedBytes, receiver.refused]).toEqual([0, []])
})
