// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Client, credentials } from '@grpc/grpc-js'
import { SIGNALS } from '../../src/otlp/signal'
import type { OtlpReceiver } from '../../src/receive/receiver'
import { MemoryStore } from '../../src/storage/memory-store'
import { accept, openTarget } from '../replay/otlp-target'
import { post, startReceiver, stopReceivers } from '../receive/receiving'
import { makeBatch } from '../support/recording'
import { TroubledStore } from '../support/stores/troubled-store'
import { type Measured, type Point, startMeasuring } from './measured'

let measured: Measured

beforeEach(() => {
  measured = startMeasuring()
})

afterEach(async () => {
  await stopReceivers()
  await measured.stop()
})

const METHOD = '/opentelemetry.proto.collector.logs.v1.LogsService/Export'

/** Resolves with the code of the status. */
function call({ grpcAddress = '' }: OtlpReceiver, body: Uint8Array): Promise<number> {
  const client = new Client(grpcAddress, credentials.createInsecure())
  const asIs = (bytes: Buffer): Buffer => bytes
  return new Promise((resolve) => {
    client.makeUnaryRequest(METHOD, asIs, asIs, Buffer.from(body), (error) => {
      client.close()
      resolve(error?.code ?? 0)
    })
  })
}

/** `http traces: 2`, and what went wrong behind it. */
function shown({ attributes, value }: Point): string {
  const { 'otel_tape.protocol': protocol, 'otel_tape.signal': signal } = attributes
  const error = attributes['error.type']
  return `${String(protocol)} ${String(signal ?? '-')}: ${value}${error ? ` ${String(error)}` : ''}`
}

async function told(name: string): Promise<string[]> {
  return (await measured.points(name)).map(shown).sort()
}

test('requests and items by protocol, signal and outcome, and the bytes of what was taken', async () => {
  const receiver = await startReceiver({ store: new MemoryStore(), grpc: '127.0.0.1:0' })
  for (const signal of SIGNALS) await post(receiver, makeBatch(signal, { names: ['a', 'b'] }))
  const traces = makeBatch('traces', { names: ['c'] })
  await post(receiver, traces)
  const nonsense = Buffer.from('nonsense')
  await post(receiver, { signal: 'traces', body: nonsense })
  await fetch(`${receiver.httpUrl}/v1/profiles`, { method: 'POST' })
  const logs = makeBatch('logs', { names: ['d'] })
  expect(await call(receiver, logs.body)).toBe(0)
  expect(await call(receiver, nonsense)).toBe(3)

  expect(await told('otel_tape.receiver.requests')).toEqual([
    'grpc logs: 1',
    'grpc logs: 1 INVALID_ARGUMENT',
    'http -: 1 404',
    'http logs: 1',
    'http metrics: 1',
    'http traces: 1 400',
    'http traces: 2',
  ])
  expect(await told('otel_tape.receiver.items')).toEqual([
    'grpc logs: 1',
    'http logs: 2',
    'http metrics: 2',
    'http traces: 3',
  ])
  const { received } = receiver.status()
  for (const signal of SIGNALS) {
    const bytes = await measured.sum('otel_tape.receiver.io', { 'otel_tape.signal': signal })
    expect(bytes).toBe(received[signal].bytes)
  }
})

test('what is written ahead, for as long as it is there', async () => {
  const store = new TroubledStore('down')
  const receiver = await startReceiver({ store, ack: 'stored', sessionId: 'kept' })
  const batches = SIGNALS.map((signal) => makeBatch(signal, { names: ['a', 'b'] }))
  const size = batches.reduce((bytes, { body }) => bytes + body.length, 0)
  const before = await measured.sum('otel_tape.write_ahead.io')
  for (const batch of batches) await post(receiver, batch)
  expect(await measured.sum('otel_tape.write_ahead.io')).toBe(before + size)
  expect(await measured.sum('otel_tape.write_ahead.size')).toBe(size)
  store.trouble = 'none'
  await receiver.stop()
  expect(await measured.sum('otel_tape.write_ahead.size')).toBe(0)
})

test('items that are refused for good, in a request that is taken', async () => {
  const receiver = await startReceiver({ store: new MemoryStore(), sessionBy: 'service.name' })
  const before = await measured.sum('otel_tape.receiver.items')
  const mixed = [
    makeBatch('logs', { names: ['a', 'b'], service: 'a name/that is no session id' }).body,
    makeBatch('logs', { names: ['c'], service: 'shop' }).body,
  ]
  await post(receiver, { signal: 'logs', body: Buffer.concat(mixed) })
  const rejected = { 'error.type': 'rejected', 'otel_tape.signal': 'logs' }
  expect(await measured.sum('otel_tape.receiver.items', rejected)).toBe(2)
  expect(await measured.sum('otel_tape.receiver.items')).toBe(before + 3)
})

test('what waits to be forwarded, what was, and what the target did not get', async () => {
  let answers: (() => void)[] = []
  await using target = await openTarget((response, request, number) => {
    answers.push(() => {
      if (number === 0) response.writeHead(400).end()
      else void accept(response, request, number)
    })
  })
  const receiver = await startReceiver({ record: false, forward: target.url })
  const batch = makeBatch('traces', { names: ['a', 'b'] })
  await post(receiver, batch)
  await post(receiver, batch)
  await target.received(2)
  expect(await measured.sum('otel_tape.forward.queue.size')).toBe(2 * batch.body.length)
  const component = { 'otel.component.name': 'otel_tape_forward_span_exporter' }
  expect(await measured.sum('otel.sdk.exporter.span.inflight', component)).toBe(4)
  for (const answer of answers) answer()
  answers = []
  await receiver.stop()

  expect(await measured.sum('otel_tape.forward.queue.size')).toBe(0)
  const missed = await measured.points('otel_tape.forward.missed')
  expect(missed).toMatchObject([
    { attributes: { 'otel_tape.signal': 'traces', 'error.type': 'refused' }, value: 2 },
  ])
  const exported = await measured.points('otel.sdk.exporter.span.exported')
  expect(exported).toMatchObject([
    { attributes: component, value: 2 },
    { attributes: { ...component, 'error.type': '400' }, value: 2 },
  ])
})
