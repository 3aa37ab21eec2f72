// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { type Signal, isSignal } from '../../otlp/signal'

/** A request as an OTLP backend got it. */
export interface ReceivedRequest {
  readonly signal: Signal
  readonly body: Uint8Array
}

export interface OtlpBackend {
  /** OTLP/HTTP base URL. */
  readonly url: string
  /** In the order of their arrival. */
  readonly requests: readonly ReceivedRequest[]
  close(): Promise<void>
}

const inflate = promisify(gunzip)

/** An OTLP/HTTP endpoint on this machine, on a port that is free, that keeps what it gets. */
export async function startOtlpBackend(): Promise<OtlpBackend> {
  const requests: ReceivedRequest[] = []
  const server = createServer((request, response) => {
    receive(request).then(
      (received) => {
        if (received) requests.push(received)
        answer(response, received ? 200 : 404)
      },
      () => answer(response, 400),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    // It listens on TCP, so it has a port.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.close()
      // Exporters keep their connections, which would keep the process.
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function receive(request: IncomingMessage): Promise<ReceivedRequest | undefined> {
  const chunks: Buffer[] = []
  // A byte stream gives nothing but buffers.
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const signal = request.url?.split('/').at(-1)
  if (!isSignal(signal)) return undefined
  const body = Buffer.concat(chunks)
  const isCompressed = request.headers['content-encoding'] === 'gzip'
  return { signal, body: isCompressed ? await inflate(body) : body }
}

function answer(response: ServerResponse, statusCode: number): void {
  response.writeHead(statusCode, { 'content-type': 'application/x-protobuf' }).end()
}
