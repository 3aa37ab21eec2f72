// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { EventEmitter, once } from 'node:events'
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { untraced } from '../storage/untraced'
import type { Endpoint, EndpointParts } from './endpoint'
import { type HttpAnswer, refusedAnswer } from './http-answer'
import { createHttpApp, type HttpAppParts } from './http-app'
import { HttpExchange } from './http-exchange'
import { answerExport, signalOfPlainExport } from './http-export'
import { HttpRefusal } from './http-refusal'
import { shownAddress } from './listen-address'
import { ReceiverError } from './receiver-error'
import { type ReceiverTls, tlsServerOptions } from './receiver-tls'
import { TlsHandshakes } from './tls-handshakes'

export type HttpEndpointParts = EndpointParts & HttpAppParts

/** How long senders may take, in milliseconds; whoever takes longer is cut off. */
export interface HttpTimeLimits {
  /** Until all headers of a request have come. */
  readonly headersMillis: number
  /** Until all of a request has come. */
  readonly requestMillis: number
  /** Between two requests on a connection. */
  readonly idleMillis: number
  /** How often the limits are looked at. */
  readonly checkIntervalMillis: number
  /** Until the end of a body that was refused for its size. */
  readonly lingerMillis: number
}

const TIME_LIMITS: HttpTimeLimits = Object.freeze({
  headersMillis: 30_000,
  requestMillis: 60_000,
  // More than the 5 to 60 s between two exports: a connection that is closed just when
  // the sender uses it again costs the sender a request.
  idleMillis: 75_000,
  checkIntervalMillis: 5_000,
  lingerMillis: 2_000,
})

/**
 * Listens for OTLP/HTTP, over TLS if it is told how. Requests that are none of HTTP at all are answered by Node's parser,
 * with an empty 400, 408 or 431, and not counted as refused.
 *
 * @throws ReceiverError when the address can't be listened on
 *
 * @example
 * const endpoint = await startHttpEndpoint({ host: '127.0.0.1', port: 0, corsOrigins: [], ...parts })
 * …
 * await endpoint.close(AbortSignal.timeout(5_000))
 */
export async function startHttpEndpoint(
  parts: HttpEndpointParts,
  timeLimits: HttpTimeLimits = TIME_LIMITS,
): Promise<Endpoint> {
  const endpoint = new HttpEndpoint(parts, timeLimits)
  await endpoint.listen(parts)
  return endpoint
}

class HttpEndpoint implements Endpoint {
  readonly #parts: HttpEndpointParts
  readonly #lingerMillis: number
  readonly #server: Server
  // Connections on which nothing was asked yet. Node takes them for busy when it closes.
  readonly #unused = new Set<Socket>()
  readonly #handshakes: TlsHandshakes | undefined
  #address = ''
  #closed: Promise<unknown> | undefined

  constructor(parts: HttpEndpointParts, limits: HttpTimeLimits) {
    this.#parts = parts
    this.#lingerMillis = limits.lingerMillis
    const server = createServerWith(parts.tls, {
      headersTimeout: limits.headersMillis,
      requestTimeout: limits.requestMillis,
      keepAliveTimeout: limits.idleMillis,
      connectionsCheckingInterval: limits.checkIntervalMillis,
    })
    server.maxConnections = parts.maxConnections
    // HTTP instrumentation patches `emit` of all servers to make a span of each request;
    // with an app's receiver in the app's process, these would come back here, for ever.
    server.emit = (event: string | symbol, ...values: unknown[]) =>
      EventEmitter.prototype.emit.call(server, event, ...values)
    const answerAny = this.#createListener()
    const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse) => {
      this.#unused.delete(incoming.socket)
      const answer = () =>
        this.#answerPlainExport(incoming, outgoing) ?? answerAny(incoming, outgoing)
      untraced(() => void answer())
    }
    // With a listener of its own, `100 Continue` is sent when the body is wanted.
    server.on('request', onRequest).on('checkContinue', onRequest)
    // Over TLS, 'connection' brings sockets that no request will ever name.
    server.on(parts.tls ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#unused.add(socket)
      socket.on('close', () => this.#unused.delete(socket))
    })
    this.#handshakes = parts.tls && new TlsHandshakes(server)
    this.#server = server
  }

  get address(): string {
    return this.#address
  }

  async listen({ host, port }: EndpointParts): Promise<void> {
    this.#server.listen({ host, port })
    try {
      await once(this.#server, 'listening')
    } catch (error) {
      throw notListening(error as NodeJS.ErrnoException, shownAddress({ host, port }))
    }
    // Kept, as a server that is closed has none. It listens on no pipe, so this is what it is.
    const { address, port: actualPort } = this.#server.address() as AddressInfo
    this.#address = shownAddress({ host: address, port: actualPort })
  }

  async close(signal: AbortSignal): Promise<void> {
    const cut = () => this.#server.closeAllConnections()
    this.#closed ??= this.#stopListening()
    if (signal.aborted) cut()
    signal.addEventListener('abort', cut, { once: true })
    await this.#closed
    signal.removeEventListener('abort', cut)
  }

  #stopListening(): Promise<unknown> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#handshakes?.cut()
    for (const socket of this.#unused) socket.destroy()
    return closed
  }

  /** What nearly all requests are takes the short way: the long one costs a fifth more. */
  #answerPlainExport(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ): Promise<void> | undefined {
    const signal = signalOfPlainExport(incoming)
    if (signal === undefined) return undefined
    const exchange = new HttpExchange(incoming, outgoing, this.#lingerMillis)
    return answerExport(this.#parts, signal, exchange)
      .then((answer) => answer && this.#send(exchange, answer, outgoing))
      .catch(() => {
        // An answer that can't be sent ends its connection, not the process.
        incoming.socket.destroy()
      })
  }

  #send(exchange: HttpExchange, answer: HttpAnswer, outgoing: ServerResponse): Promise<void> {
    if (!this.#server.listening) outgoing.setHeader('connection', 'close')
    return exchange.send(answer)
  }

  /** For what is no plain export: it finds out what it is. */
  #createListener() {
    const parts = this.#parts
    const node = require('@hono/node-server') as typeof import('@hono/node-server')
    const sent = require('@hono/node-server/utils/response') as AlreadySent
    const app = createHttpApp(parts)
    return node.getRequestListener(
      async (request, bindings) => {
        // The server speaks HTTP/1, so this is what it is.
        const { incoming, outgoing } = bindings as {
          incoming: IncomingMessage
          outgoing: ServerResponse
        }
        const exchange = new HttpExchange(incoming, outgoing, this.#lingerMillis)
        const response = await app.fetch(request, { incoming, outgoing, exchange })
        await this.#send(exchange, await fromResponse(response), outgoing)
        return sent.RESPONSE_ALREADY_SENT
      },
      {
        // HTTP/1.0 has no Host.
        hostname: 'localhost',
        overrideGlobalObjects: false,
        autoCleanupIncoming: false,
        // The app answers its own errors: this is for what does not get as far.
        errorHandler: () => {
          parts.onRefused(400)
          const refusal = new HttpRefusal(400, 'Host and path make no URL')
          const { status, headers, body } = refusedAnswer(refusal, 'application/json')
          return new Response(body, { status, headers })
        },
      },
    )
  }
}

async function fromResponse(response: Response): Promise<HttpAnswer> {
  const { status, headers } = response
  const body = new Uint8Array(await response.arrayBuffer())
  return { status, headers: Object.fromEntries(headers), body }
}

function createServerWith(tls: ReceiverTls | undefined, options: ServerOptions): Server {
  if (!tls) return createServer(options)
  const https = require('node:https') as typeof import('node:https')
  return https.createServer({ ...options, ...tlsServerOptions(tls) })
}

type AlreadySent = typeof import('@hono/node-server/utils/response')

function notListening(error: NodeJS.ErrnoException, address: string): ReceiverError {
  if (error.code === 'EADDRINUSE') {
    const message = `http: ${address} is in use; choose another port, 0 for a free one, or 'off'`
    return new ReceiverError('AddressInUse', message, { cause: error })
  }
  const message = `http: can't listen on ${address}: ${error.message}`
  return new ReceiverError('InvalidConfig', message, { cause: error })
}
