// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { makeBatch } from '../support/recording'
import { post, startReceiver, stopReceivers } from './receiving'

afterEach(stopReceivers)

test.each(['http', 'grpc'] as const)('a %s connection beyond them is closed', async (endpoint) => {
  const receiver = await startReceiver({
    record: false,
    grpc: '127.0.0.1:0',
    maxConnections: 2,
  })
  const address = endpoint === 'http' ? receiver.httpUrl : `grpc://${receiver.grpcAddress}`
  const port = Number(/:(\d+)$/.exec(address ?? '')?.[1])
  const open = async (): Promise<Socket> => {
    const socket = connect({ host: '127.0.0.1', port })
    await once(socket, 'connect')
    return socket
  }
  const kept = [await open(), await open()]
  const refused = await open()
  refused.resume()
  await once(refused, 'close')
  expect(kept.map((socket) => socket.readable)).toEqual([true, true])
  for (const socket of kept) socket.destroy()
})

test('there is room again when one has ended', async () => {
  const receiver = await startReceiver({ record: false, maxConnections: 1 })
  receiver.batches.resume()
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(receiver.httpUrl ?? '').port) })
  await once(socket, 'connect')
  socket.end()
  await once(socket, 'close')
  expect((await post(receiver, makeBatch('logs', { names: ['a'] }))).status).toBe(200)
})
