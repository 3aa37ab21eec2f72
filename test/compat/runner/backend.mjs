// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

/** An OTLP/HTTP backend on a port of its own that keeps what it receives: `{ signal, body }`. */
export async function startBackend() {
  const received = []
  const server = createServer((request, response) => {
    void buffer(request).then((bytes) => {
      const isGzip = request.headers['content-encoding'] === 'gzip'
      const signal = request.url.split('/').at(-1)
      received.push({ signal, body: isGzip ? gunzipSync(bytes) : bytes })
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    received,
    url: `http://127.0.0.1:${server.address().port}`,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
