// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A backend that takes requests and never answers. */
export interface HangingBackend {
  readonly url: string
  /** Resolves with the first request. */
  readonly asked: Promise<unknown>
  close(): Promise<void>
}

export async function startHangingBackend(): Promise<HangingBackend> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked: new Promise((resolve) => server.once('request', resolve)),
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
