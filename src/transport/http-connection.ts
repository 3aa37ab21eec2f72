// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Socket } from 'node:net'

type Undici = typeof import('undici')
type DispatchOptions = import('undici').Dispatcher.DispatchOptions
type DispatchHandler = import('undici').Dispatcher.DispatchHandler

/** Carries one request at a time, opening a connection anew where the last one has ended. */
export interface HttpConnection {
  readonly origin: string

  dispatch(request: DispatchOptions, handler: DispatchHandler): void

  /**
   * Whether the system has taken all that was to be sent. An answer does not say so: a target
   * may give it early, with our memory still being read from.
   */
  readonly hasSentAll: boolean

  destroy(): Promise<void>
}

export type Connector = ReturnType<Undici['buildConnector']>

export function createHttpConnection(
  { Client }: Undici,
  origin: string,
  connector: Connector,
): HttpConnection {
  let socket: Socket | undefined
  const client = new Client(origin, {
    // Whoever posts bounds the whole; these would bound parts of it, to the second.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (options, callback) =>
      connector(options, (...outcome) => {
        socket = outcome[1] ?? undefined
        callback(...outcome)
      }),
  })
  return {
    origin,
    dispatch: (request, handler) => void client.dispatch(request, handler),
    get hasSentAll() {
      return socket?.writableLength === 0
    },
    destroy: () => client.destroy(),
  }
}
