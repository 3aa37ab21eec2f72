// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { EventEmitter, once } from 'node:events'
import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'
import type { Signal } from '../../src/otlp/signal'

export interface ReceivedRequest {
  readonly path: string
  readonly signal: Signal
  readonly headers: IncomingHttpHeaders
  /** Inflated. */
  readonly body: Buffer
}

/** Answers the request with this number, counted from 0. Not answering leaves it hanging. */
export type Answer = (
  response: ServerResponse,
  request: ReceivedRequest,
  number: number,
) => void | Promise<void>

export interface OtlpTarget extends AsyncDisposable {
  readonly url: string
  /** In the order of their arrival. */
  readonly requests: readonly ReceivedRequest[]
  /** Resolves when as many requests have arrived. */
  received(count: number): Promise<void>
  close(): Promise<void>
  /** Resolves when its clients have closed every connection they opened. */
  disconnected(): Promise<void>
}

export const accept: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
}

/** A real HTTP server that takes OTLP, or does not. */
export async function openTarget(
  answer: Answer = accept,
  onReceived: (request: ReceivedRequest) => void = () => undefined,
  { keepsRequests = true, port = 0 } = {},
): Promise<OtlpTarget> {
  const requests: ReceivedRequest[] = []
  let count = 0
  const events = new EventEmitter()
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const path = incoming.url ?? ''
      const isGzip = incoming.headers['content-encoding'] === 'gzip'
      const body = Buffer.concat(chunks)
      const request = {
        path,
        signal: path.split('?')[0].split('/').at(-1) as Signal,
        headers: incoming.headers,
        body: isGzip ? gunzipSync(body) : body,
      }
      onReceived(request)
      if (keepsRequests) requests.push(request)
      count++
      events.emit('received')
      void answer(response, request, count - 1)
    })
  })
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => sockets.push(socket))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
    if (server.listening) await once(server, 'close')
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close,
    async disconnected() {
      await Promise.all(
        sockets.filter(({ closed }) => !closed).map((socket) => once(socket, 'close')),
      )
    },
    [Symbol.asyncDispose]: close,
    async received(expected) {
      while (count < expected) await once(events, 'received')
    },
  }
}
