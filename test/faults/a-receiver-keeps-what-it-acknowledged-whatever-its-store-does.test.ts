// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client, type ServiceError, credentials } from '@grpc/grpc-js'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import { createOtlpReceiver } from '../../src/receive/create-otlp-receiver'
import type { OtlpReceiver } from '../../src/receive/receiver'
import type { OtlpReceiverOptions } from '../../src/receive/receiver-options'
import { exportBytes } from '../receive/grpc-fixture'
import { makeBatch } from '../support/recording'
import { type FaultStore, startFaultStore } from '../support/s3/fault-store'
import { type RunFigures, createFigures } from './figures'
import { HICCUPS, OUTAGES, SCALED_LIMITS, type StoreFault } from './store-faults'
import { type Names, namesIn } from './stored-items'

const MAX_QUEUE_BYTES = 10_000
/** Several times what may wait. */
const MANY = 30
const FEW = 6
const PREFIXES: Readonly<Record<Signal, string>> = { traces: 'span', metrics: 'point', logs: 'log' }

/** With `memory`, what lies behind the acknowledgement is the same: one fault of a kind will do. */
const withAcks = (faults: readonly StoreFault[]) => [
  ...faults.map((fault) => [fault.name, 'stored', fault] as const),
  ...faults
    .filter((_, index) => index % 4 === 0)
    .map((fault) => [fault.name, 'memory', fault] as const),
]

const figures = createFigures('receiver')
afterAll(() => figures.print())

describe('a store that is', () => {
  test.concurrent.each(withAcks(OUTAGES))(
    '%s at the start, with ack %s',
    async (_, ack, fault) => {
      await using run = await openStore()
      await fault.begin(run.under.s3)
      const receiver = await run.start({ ack }).catch((error: unknown) => error as Error)
      if (receiver instanceof Error) {
        // What would not pass by waiting is told at once.
        expect(receiver).toMatchObject({ name: 'ReceiverError', reason: 'StorageFailure' })
        expect(fault.codes).toContain('ACCESS_DENIED')
        return
      }
      const sent = await run.send(receiver, FEW)
      expect(sent.refused).toBe(0)
      await fault.end(run.under.s3)
      figures.add(fault.name, await run.expectAllStored(receiver))
    },
    30_000,
  )

  test.concurrent.each(withAcks(OUTAGES))(
    '%s in the middle, with ack %s',
    async (_, ack, fault) => {
      await using run = await openStore()
      const receiver = await run.start({ ack })
      expect(await run.send(receiver, FEW)).toMatchObject({ refused: 0 })
      await fault.begin(run.under.s3)
      const during = await run.send(receiver, MANY)
      expect(during.mostWaitingBytes).toBeLessThanOrEqual(MAX_QUEUE_BYTES)
      if (during.refused > 0)
        expect(receiver.status().refusedRequests.get(503)).toBe(during.refused)
      await wait(2 * SCALED_LIMITS.attemptTimeoutMillis)
      await fault.end(run.under.s3)
      figures.add(fault.name, await run.expectAllStored(receiver))
      expect(run.failures.length).toBeLessThanOrEqual(fault.codes.length + 1)
    },
    30_000,
  )
})

test.concurrent.each(withAcks(HICCUPS))('nobody notices %s, with ack %s', async (_, ack, fault) => {
  await using run = await openStore(10_000)
  await fault.begin(run.under.s3)
  const receiver = await run.start({ ack })
  expect(await run.send(receiver, FEW)).toMatchObject({ refused: 0 })
  await run.expectAllStored(receiver)
  expect(run.failures).toEqual([])
})

test('gRPC senders are told UNAVAILABLE where there is no more room', async () => {
  await using run = await openStore()
  const receiver = await run.start({ grpc: '127.0.0.1:0' })
  await run.under.s3.goDown()
  const client = new Client(receiver.grpcAddress ?? '', credentials.createInsecure())
  const refusals: ServiceError[] = []
  for (let request = 0; request < MANY; request++) {
    const { body, names } = run.batch('logs')
    await exportBytes(client, 'logs', Buffer.from(body)).then(
      () => run.acknowledged.logs.push(...names),
      (error: ServiceError) => refusals.push(error),
    )
  }
  client.close()
  expect(refusals.length).toBeGreaterThan(0)
  expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set([14]))
  expect(receiver.status().refusedRequests).toEqual(new Map([['UNAVAILABLE', refusals.length]]))
  await run.under.s3.comeBack()
  await run.expectAllStored(receiver)
})

interface ReceiverRun extends AsyncDisposable {
  readonly under: FaultStore
  readonly acknowledged: Names
  readonly failures: readonly Error[]
  start(options: OtlpReceiverOptions): Promise<OtlpReceiver>
  batch(signal: Signal): { body: Uint8Array; names: string[] }
  /** Requests of two items each, of each signal in turn. */
  send(
    receiver: OtlpReceiver,
    requests: number,
  ): Promise<{ refused: number; mostWaitingBytes: number }>
  /** Stops it. All that was acknowledged is in the store, once, and nothing else. */
  expectAllStored(receiver: OtlpReceiver): Promise<RunFigures>
}

async function openStore(
  timeoutMillis: number = SCALED_LIMITS.timeoutMillis,
): Promise<ReceiverRun> {
  const under = await startFaultStore({ ...SCALED_LIMITS, timeoutMillis })
  const folder = await mkdtemp(join(tmpdir(), 'otel-tape-faults-'))
  const acknowledged: Names = { traces: [], metrics: [], logs: [] }
  const failures: Error[] = []
  const receivers: OtlpReceiver[] = []
  let items = 0
  const batch = (signal: Signal): { body: Uint8Array; names: string[] } => {
    const payload = randomBytes(300).toString('hex')
    const names = [1, 2].map(() => `${PREFIXES[signal]}-${items++}-${payload}`)
    return { names, body: makeBatch(signal, { names }).body }
  }
  return {
    under,
    batch,
    acknowledged,
    failures,
    async start(options) {
      const receiver = await createOtlpReceiver({
        ...{ http: '127.0.0.1:0', grpc: 'off', store: under.store, sessionId: 'tape' },
        ...{ maxQueueBytes: MAX_QUEUE_BYTES, flushIntervalMillis: 20, writeAheadFolder: folder },
        ...options,
      })
      receivers.push(receiver)
      receiver.on('failure', (error) => failures.push(error))
      return receiver
    },
    async send(receiver, requests) {
      let [refused, mostWaitingBytes] = [0, 0]
      for (let request = 0; request < requests; request++) {
        const signal = SIGNALS[request % SIGNALS.length]
        const { body, names } = batch(signal)
        const { status } = await fetch(`${receiver.httpUrl}/v1/${signal}`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-protobuf' },
          body: Buffer.from(body),
        })
        if (status === 200) acknowledged[signal].push(...names)
        else refused++
        expect([200, 503]).toContain(status)
        mostWaitingBytes = Math.max(mostWaitingBytes, receiver.status().storage.waitingBytes)
      }
      return { refused, mostWaitingBytes }
    },
    async expectAllStored(receiver) {
      const [metadata] = await receiver.stop()
      const objects = under.s3.buckets.get('bucket') ?? []
      const stored = namesIn([...objects].map(([key, { body }]) => [key, body] as const))
      for (const signal of SIGNALS) {
        const names = acknowledged[signal]
        expect(stored[signal]).toEqual([...names].sort())
        const { items: counted, droppedItems } = metadata.signals[signal]
        expect({ signal, counted, droppedItems }).toEqual({
          signal,
          counted: names.length,
          droppedItems: 0,
        })
      }
      expect(metadata.status).toBe('completed')
      const sum = (names: Names): number =>
        SIGNALS.reduce((total, signal) => total + names[signal].length, 0)
      return { sent: sum(acknowledged), stored: sum(stored), dropped: 0 }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(receivers.map((receiver) => receiver.stop()))
      await under.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
