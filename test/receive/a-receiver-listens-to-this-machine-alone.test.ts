// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { createBearerTokens } from '../../src/receive/bearer-tokens'
import { warnOfExposure } from '../../src/receive/exposure-warning'
import { resolveReceiverConfig } from '../../src/receive/receiver-config'
import { MemoryStore } from '../../src/storage/memory-store'
import { useWarnings } from '../support/collect-warnings'
import { startReceiver, stopReceivers } from './receiving'

const warnings = useWarnings()

afterEach(stopReceivers)

test('unless it is told otherwise', () => {
  expect(resolveReceiverConfig({})).toMatchObject({
    http: { host: '127.0.0.1', port: 4318 },
    grpc: { host: '127.0.0.1', port: 4317 },
  })
  expect(resolveReceiverConfig({ http: '4000', grpc: ':4001' })).toMatchObject({
    http: { host: '127.0.0.1' },
    grpc: { host: '127.0.0.1' },
  })
})

const outside = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')
const testOutside = outside ? test : test.skip

testOutside('nobody gets to it by the address that others know', async () => {
  const receiver = await startReceiver({ grpc: '127.0.0.1:0', store: new MemoryStore() })
  for (const address of [receiver.httpUrl, receiver.grpcAddress]) {
    const socket = connect(Number(address?.split(':').at(-1)), outside?.address)
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNREFUSED')
  }
  expect(warnings).toEqual([])
})

test('where others reach it, it warns, once', async () => {
  await startReceiver({ http: '0.0.0.0:0', grpc: '127.0.0.1:0', store: new MemoryStore() })
  expect(warnings).toEqual([
    expect.stringMatching(/listening on 0\.0\.0\.0:\d+, which .* without a token .* and TLS/),
  ])
})

const tokens = createBearerTokens(['x'])
const tls = { cert: Buffer.alloc(0), key: Buffer.alloc(0) }
const mutual = { ...tls, clientCa: Buffer.alloc(0) }

test.each([
  ['127.0.0.1:1', {}, undefined],
  ['127.1.2.3:1', {}, undefined],
  ['[::1]:1', {}, undefined],
  ['0.0.0.0:1', {}, /0\.0\.0\.0:1.* a token \(bearerToken\) and TLS/],
  ['[::]:1', { bearerTokens: tokens }, /\[::\]:1.* without TLS/],
  ['192.0.2.1:1', { tls }, /without a token \(bearerToken\):/],
  ['192.0.2.1:1', { tls, bearerTokens: tokens }, undefined],
  // A certificate says who is there as well.
  ['192.0.2.1:1', { tls: mutual }, undefined],
])('%s with %j', (address, access, expected) => {
  warnOfExposure([undefined, address], access)
  expect(warnings).toEqual(expected ? [expect.stringMatching(expected)] : [])
})
