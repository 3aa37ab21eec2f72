// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { startHttpEndpoint } from '../../src/receive/http-endpoint'
import { MemoryBudget } from '../../src/receive/memory-budget'
import {
  ALL_TAKEN,
  createTestIntake,
  JSON_TYPE,
  rawRequest,
  startTestEndpoint,
} from './http-fixture'

const GOOD = rawRequest({ type: JSON_TYPE, body: '{}' })
const never = new AbortController().signal

function partsFor(host: string, port: number) {
  return {
    host,
    port,
    intake: createTestIntake(),
    budget: new MemoryBudget(1_000),
    maxRequestBytes: 1_000,
    maxConnections: 10,
    corsOrigins: [],
    onRefused: () => {},
  }
}

const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
const testIPv6 = addresses.some(({ address }) => address === '::1') ? test : test.skip

test('on an IPv4 address, and says where', () =>
  expectListening('127.0.0.1', /^127\.0\.0\.1:[1-9]\d*$/))

testIPv6('on an IPv6 address, and says where', () => expectListening('::1', /^\[::1\]:[1-9]\d*$/))

async function expectListening(host: string, address: RegExp): Promise<void> {
  await using receiver = await startTestEndpoint({ intake: createTestIntake(), host })
  expect(receiver.endpoint.address).toMatch(address)
  const connection = await receiver.connect()
  connection.send(GOOD)
  expect((await connection.answer()).status).toBe(200)
}

test('not where another one listens already', async () => {
  await using receiver = await startTestEndpoint({ intake: createTestIntake() })
  const port = Number(new URL(receiver.url).port)
  await expect(startHttpEndpoint(partsFor('127.0.0.1', port))).rejects.toMatchObject({
    name: 'ReceiverError',
    reason: 'AddressInUse',
    message: `http: 127.0.0.1:${port} is in use; choose another port, 0 for a free one, or 'off'`,
    cause: { code: 'EADDRINUSE' },
  })
})

test('not on an address of another machine', async () => {
  await expect(startHttpEndpoint(partsFor('192.0.2.1', 0))).rejects.toMatchObject({
    name: 'ReceiverError',
    reason: 'InvalidConfig',
    message: expect.stringContaining("http: can't listen on 192.0.2.1:0: ") as string,
  })
})

test('connections that are idle, or were never used, do not hold it up', async () => {
  await using receiver = await startTestEndpoint({ intake: createTestIntake() })
  const idle = await receiver.connect()
  idle.send(GOOD)
  await idle.answer()
  const unused = await receiver.connect()
  await receiver.endpoint.close(never)
  await Promise.all([idle.closed(), unused.closed()])
  await expect(receiver.connect()).rejects.toThrow('ECONNREFUSED')
  // And again, as nothing is left to do.
  await receiver.endpoint.close(never)
  await receiver.endpoint.close(AbortSignal.abort())
})

/** An intake that answers one request, when it is told to. */
function createHeldIntake() {
  const events = new EventEmitter()
  const arrived = once(events, 'arrived')
  const answered = once(events, 'answered')
  const take = async () => {
    events.emit('arrived')
    await answered
    return ALL_TAKEN
  }
  return { take, arrived, answer: () => events.emit('answered') }
}

test('requests under way are answered, and their connections end then', async () => {
  const intake = createHeldIntake()
  await using receiver = await startTestEndpoint({ intake })
  const connection = await receiver.connect()
  connection.send(GOOD)
  await intake.arrived
  const closed = receiver.endpoint.close(never)
  const late = connect(Number(new URL(receiver.url).port), '127.0.0.1')
  await new Promise((resolve) => late.once('error', resolve))
  intake.answer()
  const answer = await connection.answer()
  expect([answer.status, answer.headers.connection]).toEqual([200, 'close'])
  await closed
})

test('requests that are not answered in time are cut', async () => {
  const intake = createHeldIntake()
  await using receiver = await startTestEndpoint({ intake })
  const connection = await receiver.connect()
  connection.send(GOOD)
  await intake.arrived
  const cut = new AbortController()
  const closed = receiver.endpoint.close(cut.signal)
  cut.abort()
  await closed
  expect((await connection.closed()).length).toBe(0)
  // What comes of it then reaches nobody, and breaks nothing.
  intake.answer()
  await new Promise(setImmediate)
  expect(receiver.budget.usedBytes).toBe(0)
})
