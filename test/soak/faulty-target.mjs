// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// An OTLP/HTTP backend in a process of its own that fails as real ones do, and counts
// what it acknowledged.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { countEntries } from '../bench/support/count-entries.mjs'

const UNAVAILABLE_SHARE = 0.01
const RESET_SHARE = 0.005
const SLOW_SHARE = 0.005
const SLOW_MILLIS = 1_000

/**
 * Starts it. `take()` resolves with `{ acknowledged: { traces, metrics, logs }, unavailable, resets,
 * slow }` since it was last called: items, and requests that were spoiled.
 */
export async function startFaultyTarget() {
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

  async function answer(request, response) {
    const chance = Math.random()
    if (chance < RESET_SHARE) {
      counts.resets++
      return request.socket.resetAndDestroy()
    }
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    if (chance < RESET_SHARE + UNAVAILABLE_SHARE) {
      counts.unavailable++
      return response.writeHead(503).end()
    }
    if (chance < RESET_SHARE + UNAVAILABLE_SHARE + SLOW_SHARE) {
      counts.slow++
      await sleep(SLOW_MILLIS)
    }
    const sent = Buffer.concat(chunks)
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
    counts.acknowledged[request.url.slice('/v1/'.length)] += countEntries(body)
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy())
  })
  process.on('message', () => {
    process.send(counts)
    counts = nothing()
  })
  process.on('disconnect', () => process.exit())
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
}

function nothing() {
  return { acknowledged: { traces: 0, metrics: 0, logs: 0 }, unavailable: 0, resets: 0, slow: 0 }
}

if (process.argv[2] === 'serve') serve()
