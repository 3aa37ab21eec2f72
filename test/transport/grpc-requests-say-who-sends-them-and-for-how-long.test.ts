// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { isTracingSuppressed } from '@opentelemetry/core'
import { Client, type ClientUnaryCall } from '@grpc/grpc-js'
import { type OtlpGrpcSinkOptions, otlpGrpcSink } from '../../src/replay/otlp-grpc-sink'
import type { ReplayConfig } from '../../src/replay/replay-config'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { makeBatch, recordSession } from '../support/recording'
import { type GrpcRequest, openGrpcTarget } from './grpc-target'

/** By one of its many signatures. */
interface WatchedClient {
  makeUnaryRequest(...args: unknown[]): ClientUnaryCall
}

const batch = makeBatch('logs', { names: ['x'] })

async function requestWith(options: OtlpGrpcSinkOptions): Promise<GrpcRequest> {
  await using target = await openGrpcTarget()
  await pipeline(Readable.from([batch]), otlpGrpcSink({ targetEndpoint: target.url, ...options }))
  return target.requests[0]
}

async function replayedWith(config: Partial<ReplayConfig>): Promise<GrpcRequest> {
  await using target = await openGrpcTarget()
  const store = new MemoryStore()
  await recordSession(store, 'mine', [batch])
  await startReplay({ sessionId: 'mine', store, targetEndpoint: target.url, ...config }).finished
  return target.requests[0]
}

test('headers are metadata, binary ones by the name that gRPC gives them', async () => {
  const binary = Buffer.from([0, 255, 7])
  const { metadata } = await requestWith({
    headers: { 'X-Tenant': 'a', authorization: 'Basic x=', 'trace-bin': binary.toString('base64') },
  })
  expect(metadata.get('x-tenant')).toEqual(['a'])
  expect(metadata.get('authorization')).toEqual(['Basic x='])
  expect(metadata.get('trace-bin')).toEqual([binary])
})

test.each<[Record<string, string> | undefined, RegExp]>([
  [undefined, /^otel-tape grpc-node-js\//],
  [{ 'User-Agent': 'nightly' }, /^nightly grpc-node-js\//],
])('with headers %j, the user agent is %s', async (headers, pattern) => {
  const { metadata } = await requestWith({ headers })
  expect(metadata.get('user-agent')).toEqual([expect.stringMatching(pattern)])
})

test('the target is told how long it has', async () => {
  const { timeLeftMillis } = await requestWith({ timeoutMillis: 3_000 })
  expect(timeLeftMillis).toBeLessThanOrEqual(3_000)
  expect(timeLeftMillis).toBeGreaterThan(1_000)
})

test('a replay says whose it is, unless its headers say otherwise', async () => {
  const first = await replayedWith({})
  expect(first.metadata.get('x-replay-session')).toEqual(['mine'])
  const second = await replayedWith({ headers: { 'X-Replay-Session': 'other' } })
  expect(second.metadata.get('x-replay-session')).toEqual(['other'])
  const raw = await requestWith({})
  expect(raw.metadata.get('x-replay-session')).toEqual([])
})

test.each(['none', 'gzip'] as const)(
  'compression %s is what goes over the wire',
  async (compression) => {
    const encodings: unknown[] = []
    const server = createServer()
    server.on('stream', (stream, headers) => {
      encodings.push(headers['grpc-encoding'])
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc' },
        { waitForTrailers: true },
      )
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      // The first byte of gRPC's framing says whether what follows is compressed.
      stream.once('data', (chunk: Buffer) => encodings.push(chunk[0]))
      stream.on('end', () => stream.end(Buffer.alloc(5)))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const targetEndpoint = `grpc://127.0.0.1:${port}`
    await pipeline(Readable.from([batch]), otlpGrpcSink({ targetEndpoint, compression }))
    server.close()
    expect(encodings).toEqual(compression === 'gzip' ? ['gzip', 1] : [undefined, 0])
  },
)

test('no request is traced', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const wasSuppressed: boolean[] = []
  // Where instrumentation of gRPC starts its spans.
  const watched = jest.spyOn(Client.prototype, 'makeUnaryRequest')
  watched.mockImplementation(function (this: Client, ...args: unknown[]) {
    wasSuppressed.push(isTracingSuppressed(context.active()))
    watched.mockRestore()
    return (this as unknown as WatchedClient).makeUnaryRequest(...args)
  })
  await replayedWith({})
  context.disable()
  expect(wasSuppressed).toEqual([true])
})

test.each<[string, Record<string, string>]>([
  ['a value beyond ASCII', { a: 'é' }],
  ['a name that gRPC keeps for itself', { 'grpc-timeout': '1S' }],
  ['a name with a sign that only HTTP allows', { 'a!b': 'x' }],
])('%s is told before anything is sent', (_name, headers) => {
  expect(() => otlpGrpcSink({ targetEndpoint: 'grpc://localhost', headers })).toThrow(
    "can't be sent over OTLP/gRPC",
  )
})
