// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { SIGNALS, type Signal } from '../../src/otlp/signal'

/** An OTLP/HTTP backend on a port of its own that keeps every request body. */
export interface OtlpBackend {
  readonly url: string
  readonly received: Record<Signal, Buffer[]>
  close(): Promise<void>
}

export async function startOtlpBackend(): Promise<OtlpBackend> {
  const received: Record<Signal, Buffer[]> = { traces: [], metrics: [], logs: [] }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const signal = SIGNALS.find((known) => request.url === `/v1/${known}`)
      if (!signal) return response.writeHead(404).end()
      const isGzip = request.headers['content-encoding'] === 'gzip'
      received[signal].push(isGzip ? gunzipSync(body) : body)
      return response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, received, close: () => closeServer(server) }
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise<void>((resolve) => server.close(() => resolve()))
}
