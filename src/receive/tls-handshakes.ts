// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Server, Socket } from 'node:net'

/**
 * Connections of a TLS server on which the handshake is not done. Whatever answers requests does
 * not know them yet, and a server that closes would wait for them: somebody who connects and
 * keeps silent would hold up its end.
 */
export class TlsHandshakes {
  /** By the sender's address: the socket that comes out of a handshake is another object. */
  readonly #sockets = new Map<string, Socket>()

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      const address = addressOf(socket)
      this.#sockets.set(address, socket)
      socket.once('close', () => {
        if (this.#sockets.get(address) === socket) this.#sockets.delete(address)
      })
    })
    server.on('secureConnection', (socket: Socket) => this.#sockets.delete(addressOf(socket)))
  }

  cut(): void {
    for (const socket of this.#sockets.values()) socket.destroy()
  }
}

function addressOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
