// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// A local OTLP backend in a process of its own, so that its work is not counted
// as the work of what is measured. Takes everything, and counts it when asked.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { countEntries } from './count-entries.mjs'

/**
 * Starts it. `take()` resolves with `{ requests, bytes, traces, metrics, logs }` of what
 * arrived since it was last called: bytes on the wire, and spans, metrics and log records of
 * protobuf requests; those of JSON are bytes and requests alone.
 */
export async function startSink() {
  const child = fork(fileURLToPath(import.meta.url), ['serve'])
  const [port] = await once(child, 'message')
  const take = async () => {
    child.send('take')
    const [counts] = await once(child, 'message')
    return counts
  }
  return { url: `http://127.0.0.1:${port}`, take, stop: () => child.kill() }
}

function serve() {
  let counts = nothing()
  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
      const sent = Buffer.concat(chunks)
      counts.requests++
      counts.bytes += sent.length
      if (request.headers['content-type'] !== 'application/x-protobuf') return
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
      counts[request.url.slice('/v1/'.length)] += countEntries(body)
    })
  })
  process.on('message', () => {
    process.send(counts)
    counts = nothing()
  })
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
}

function nothing() {
  return { requests: 0, bytes: 0, traces: 0, metrics: 0, logs: 0 }
}

if (process.argv[2] === 'serve') serve()
