// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createOtlpReceiver } from '../../src/receive/create-otlp-receiver'
import { resolveReceiverConfig } from '../../src/receive/receiver-config'
import type { OtlpReceiverOptions } from '../../src/receive/receiver-options'
import { stopReceivers, temporaryFolder } from './receiving'

afterEach(stopReceivers)

test.each<[string, unknown, RegExp]>([
  ['an unknown option', { port: 4318 }, /no option 'port'/],
  ['an address that is none', { http: 'localhost' }, /http 'localhost' is no address/],
  ['a port that is none', { grpc: '127.0.0.1:70000' }, /grpc '127.0.0.1:70000' is no address/],
  ['a URL for an address', { http: 'http://127.0.0.1:1' }, /is no address to listen on/],
  ['nothing to listen on', { http: 'off', grpc: 'off' }, /are both off/],
  ['a session id that is a path', { sessionId: '../x' }, /'\.\.\/x' is not allowed/],
  ['an empty attribute name', { sessionBy: '' }, /'sessionBy' has to be the name/],
  ['another acknowledgement', { ack: 'never' }, /'ack' has to be 'stored' or 'memory'/],
  ['a store of another kind', { store: 'ftp://x' }, /ftp/],
  ['a target that is no URL', { forward: 'backend', http: '127.0.0.1:0' }, /'backend'/],
  ['a target of another kind', { forward: 'ftp://backend' }, /ftp/],
  ['itself as the target', { forward: 'http://localhost:4318' }, /itself listens/],
  ['itself as the target, over gRPC', { forward: 'grpc://[::1]:4317' }, /itself listens/],
  ['a header that is none', { forward: 'http://b', forwardHeaders: { 'a b': 'c' } }, /header/],
  ['a limit of nothing', { maxRequestBytes: 0 }, /'maxRequestBytes' has to be a whole number/],
  ['a negative time', { rotateMinutes: -1 }, /'rotateMinutes' has to be a number of 0 or more/],
])('%s', async (_, options, message) => {
  await expect(createOtlpReceiver(options as OtlpReceiverOptions)).rejects.toMatchObject({
    name: 'ReceiverError',
    reason: 'InvalidConfig',
    message: expect.stringMatching(message) as string,
  })
})

test('a write-ahead folder that can not be is told before anything is received', async () => {
  const file = join(await temporaryFolder(), 'file')
  await writeFile(file, '')
  await expect(
    createOtlpReceiver({
      http: '127.0.0.1:0',
      grpc: 'off',
      store: 'memory:',
      writeAheadFolder: file,
    }),
  ).rejects.toMatchObject({
    reason: 'StorageFailure',
    message: expect.stringContaining(file) as string,
  })
})

describe('addresses', () => {
  test.each<[string, object | undefined]>([
    ['127.0.0.1:4318', { host: '127.0.0.1', port: 4318 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['0.0.0.0:1', { host: '0.0.0.0', port: 1 }],
    [':4318', { host: '127.0.0.1', port: 4318 }],
    ['4318', { host: '127.0.0.1', port: 4318 }],
    ['off', undefined],
  ])('%s', (http, address) => {
    expect(resolveReceiverConfig({ http }).http).toEqual(address)
  })
})

test('code beats the environment, which beats the default', () => {
  process.env.OTEL_TAPE_SESSION_ID = 'named'
  process.env.OTEL_TAPE_WRITE_AHEAD_FOLDER = 'elsewhere'
  try {
    expect(resolveReceiverConfig({})).toMatchObject({
      sessionId: 'named',
      writeAheadFolder: 'elsewhere',
      maxRequestBytes: 20 * 1024 * 1024,
    })
    const given = { sessionId: 'mine', writeAheadFolder: 'here', maxQueueBytes: 1_000 }
    expect(resolveReceiverConfig(given)).toMatchObject({
      sessionId: 'mine',
      writeAheadFolder: 'here',
      // What is larger than the queue could never be taken.
      maxRequestBytes: 1_000,
    })
  } finally {
    delete process.env.OTEL_TAPE_SESSION_ID
    delete process.env.OTEL_TAPE_WRITE_AHEAD_FOLDER
  }
})
