// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ConnectionInjector, Server as GrpcServer } from '@grpc/grpc-js'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Endpoint, EndpointParts } from './endpoint'
import { createCallGuard, type CallGuard } from './grpc-call-guard'
import { addDiscovery, type Discovery } from './grpc-discovery'
import { addExportServices } from './grpc-export-services'
import { shownAddress } from './listen-address'
import { ReceiverError } from './receiver-error'
import { tlsServerOptions } from './receiver-tls'
import { TlsHandshakes } from './tls-handshakes'

// What one connection can make us hold is this many messages, each as long as `maxRequestBytes`
// and once more inflated; RFC 9113 asks for no fewer. Those that have come complete count
// against the budget, over all connections, and with no room left there none is read at all.
// A sender that leaves messages incomplete on purpose holds up to
// 100 × maxRequestBytes (400 MB by default) a connection, until it goes.
const MAX_CONCURRENT_STREAMS = 100
// Far more than the 5 to 60 s between two exports; senders reconnect by themselves.
const MAX_IDLE_MILLIS = 10 * 60_000
// A sender that vanished without a word is noticed, and what it had half sent is let go.
const PING_INTERVAL_MILLIS = 60_000
const PING_TIMEOUT_MILLIS = 20_000

/**
 * Listens for OTLP/gRPC, over TLS if it is told how: the three export services, the standard health service
 * and server reflection. What is no gRPC at all, or names a method that nobody has, is
 * answered by grpc-js and not counted as refused.
 *
 * @throws ReceiverError when the address can't be listened on
 *
 * @example
 * const endpoint = await startGrpcEndpoint({ host: '127.0.0.1', port: 0, ...parts })
 * …
 * await endpoint.close(AbortSignal.timeout(5_000))
 */
export async function startGrpcEndpoint(parts: EndpointParts): Promise<Endpoint> {
  const endpoint = new GrpcEndpoint(parts)
  await endpoint.listen(parts)
  return endpoint
}

class GrpcEndpoint implements Endpoint {
  // Listening ourselves, where grpc-js offers it too: it hides why it could not, prints
  // to the console instead, and resolves a host name to several sockets.
  readonly #listener: Server
  readonly #sockets = new Set<Socket>()
  readonly #handshakes: TlsHandshakes | undefined
  readonly #server: GrpcServer
  readonly #connections: ConnectionInjector
  readonly #guard: CallGuard
  readonly #discovery: Discovery
  #closed: Promise<unknown> | undefined

  constructor(parts: EndpointParts) {
    const { Server, ServerCredentials } = require('@grpc/grpc-js') as typeof import('@grpc/grpc-js')
    this.#guard = createCallGuard(parts)
    this.#server = new Server({
      'grpc.max_receive_message_length': parts.maxRequestBytes,
      'grpc.max_concurrent_streams': MAX_CONCURRENT_STREAMS,
      'grpc.max_connection_idle_ms': MAX_IDLE_MILLIS,
      'grpc.keepalive_time_ms': PING_INTERVAL_MILLIS,
      'grpc.keepalive_timeout_ms': PING_TIMEOUT_MILLIS,
      'grpc.enable_channelz': 0,
      interceptors: [this.#guard.interceptor],
    })
    addExportServices(this.#server, parts)
    this.#discovery = addDiscovery(this.#server)
    this.#connections = this.#server.createConnectionInjector(ServerCredentials.createInsecure())
    this.#listener = this.#createListener(parts)
    this.#handshakes = parts.tls && new TlsHandshakes(this.#listener)
    this.#listener.maxConnections = parts.maxConnections
  }

  get address(): string {
    const { address, port } = this.#listener.address() as AddressInfo
    return shownAddress({ host: address, port })
  }

  async listen({ host, port }: EndpointParts): Promise<void> {
    this.#listener.listen({ host, port })
    try {
      await once(this.#listener, 'listening')
    } catch (error) {
      this.#server.forceShutdown()
      throw notListening(error as NodeJS.ErrnoException, shownAddress({ host, port }))
    }
  }

  async close(signal: AbortSignal): Promise<void> {
    const cut = () => this.#cut()
    this.#closed ??= this.#finish()
    if (signal.aborted) cut()
    signal.addEventListener('abort', cut, { once: true })
    await this.#closed
    signal.removeEventListener('abort', cut)
  }

  /**
   * TLS ends here as well, not in grpc-js, whose credentials leave the least version of the
   * protocol and the time for a handshake to Node.js.
   */
  #createListener({ tls }: EndpointParts): Server {
    const accept = (socket: Socket): void => this.#accept(socket)
    if (!tls) return createServer(accept)
    const { createServer: createTlsServer } = require('node:tls') as typeof import('node:tls')
    const listener = createTlsServer({ ...tlsServerOptions(tls), ALPNProtocols: ['h2'] }, accept)
    // Also those that never get through a handshake: a cut must end them.
    return listener.on('connection', (socket: Socket) => this.#keep(socket))
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #accept(socket: Socket): void {
    this.#keep(socket)
    // The session answers for its socket's errors, until it has let go of it.
    socket.on('error', () => {})
    socket.setNoDelay(true)
    this.#connections.injectConnection(socket)
  }

  #finish(): Promise<unknown> {
    const noneLeft = once(this.#listener, 'close')
    this.#listener.close()
    this.#handshakes?.cut()
    this.#discovery.stopServing()
    // Health watchers wait for news as long as they are let.
    this.#guard.endStreamingCalls()
    const answered = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()))
    return Promise.all([noneLeft, answered])
  }

  #cut(): void {
    this.#server.forceShutdown()
    for (const socket of this.#sockets) socket.destroy()
  }
}

function notListening(error: NodeJS.ErrnoException, address: string): ReceiverError {
  if (error.code === 'EADDRINUSE') {
    const message = `grpc: ${address} is in use; choose another port, 0 for a free one, or 'off'`
    return new ReceiverError('AddressInUse', message, { cause: error })
  }
  const message = `grpc: can't listen on ${address}: ${error.message}`
  return new ReceiverError('InvalidConfig', message, { cause: error })
}
