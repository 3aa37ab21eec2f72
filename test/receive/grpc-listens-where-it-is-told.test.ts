// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { exportBytes, ONE_SPAN, startTestGrpc } from './grpc-fixture'
import { createTestIntake } from './http-fixture'
import { startGrpcEndpoint } from '../../src/receive/grpc-endpoint'
import { MemoryBudget } from '../../src/receive/memory-budget'
import { ReceiverError } from '../../src/receive/receiver-error'

test.each([
  ['127.0.0.1', /^127\.0\.0\.1:[1-9]\d*$/],
  ['::1', /^\[::1\]:[1-9]\d*$/],
  ['localhost', /^(127\.0\.0\.1|\[::1\]):[1-9]\d*$/],
])('on %s it takes a free port and says which', async (host, shown) => {
  const intake = createTestIntake()
  await using grpc = await startTestGrpc({ intake, host })
  expect(grpc.endpoint.address).toMatch(shown)
  await exportBytes(grpc.connect(), 'traces', ONE_SPAN)
  expect(intake.taken).toHaveLength(1)
})

test('an address in use is named in the error, and nothing is printed', async () => {
  const print = jest.spyOn(console, 'error').mockImplementation(() => {})
  await using grpc = await startTestGrpc({ intake: createTestIntake() })
  const port = Number(grpc.endpoint.address.split(':')[1])
  const error = await failureOf(listen('127.0.0.1', port))
  expect(error.reason).toBe('AddressInUse')
  expect(error.message).toContain(`127.0.0.1:${port}`)
  expect(error.cause).toMatchObject({ code: 'EADDRINUSE' })
  expect(print).not.toHaveBeenCalled()
  print.mockRestore()
})

test('a host that is not ours is a wrong configuration', async () => {
  const error = await failureOf(listen('192.0.2.1', 0))
  expect(error.reason).toBe('InvalidConfig')
  expect(error.message).toContain('192.0.2.1')
})

async function failureOf(listening: Promise<unknown>): Promise<ReceiverError> {
  const error: unknown = await listening.catch((failure: unknown) => failure)
  if (error instanceof ReceiverError) return error
  throw new Error('it listens')
}

function listen(host: string, port: number) {
  return startGrpcEndpoint({
    host,
    port,
    intake: createTestIntake(),
    budget: new MemoryBudget(1_000),
    maxRequestBytes: 1_000,
    maxConnections: 10,
    onRefused: () => {},
  })
}
