// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
} from 'node:http'
import { type ServerOptions, createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { gunzipSync } from 'node:zlib'
import type { ExportResult } from '../../src/otlp/sdk-types'

/** A request as a backend gets it. */
export interface ReceivedRequest {
  readonly method?: string
  readonly url?: string
  readonly headers: IncomingHttpHeaders
  /** As it went over the wire. */
  readonly body: Buffer
  /** The common name in the client's certificate, if it showed one. */
  readonly client?: unknown
  /** The client's port: two requests from one port came over one connection. */
  readonly port?: number
}

type Answer = (response: ServerResponse, request: ReceivedRequest) => unknown

/** A backend that keeps whole requests and answers what it is told to. */
export interface ScriptedBackend extends AsyncDisposable {
  readonly url: string
  readonly requests: ReceivedRequest[]
  /** How each request from now on is answered; default: 200, empty. */
  answer: Answer
}

export const ok: Answer = (response) =>
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()

export async function openScriptedBackend(tls?: ServerOptions): Promise<ScriptedBackend> {
  const requests: ReceivedRequest[] = []
  const backend = { answer: ok }
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method, url, headers, socket } = request
      const certificate = tls && (socket as TLSSocket).getPeerCertificate()
      const client = certificate?.subject?.CN
      const body = Buffer.concat(chunks)
      const received = { method, url, headers, body, client, port: socket.remotePort }
      requests.push(received)
      backend.answer(response, received)
    })
  }
  const server: Server = tls ? createSecureServer(tls, listener) : createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return Object.assign(backend, {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<string> {
  const { url, [Symbol.asyncDispose]: close } = await openScriptedBackend()
  await close()
  return url
}

export function contentOf({ headers, body }: ReceivedRequest): string {
  return (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('hex')
}

interface Exporter<Items> {
  export(items: Items, resultCallback: (result: ExportResult) => void): void
}

export function exported<Items>(exporter: Exporter<Items>, items: Items): Promise<ExportResult> {
  return new Promise((resolve) => exporter.export(items, resolve))
}
