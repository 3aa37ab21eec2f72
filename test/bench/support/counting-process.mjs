// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// A local OTLP/HTTP backend in a process of its own, so that its work is not counted as the
// work of what sends to it. What it answers and counts, the script that it runs says.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { countEntries } from './count-entries.mjs'

/** Starts the script at `moduleUrl`. `take()` resolves with its counts since it was last called. */
export async function startCounting(moduleUrl) {
  const child = fork(fileURLToPath(moduleUrl), ['serve'])
  const [port] = await once(child, 'message')
  const take = async () => {
    child.send('take')
    const [counts] = await once(child, 'message')
    return counts
  }
  return { url: `http://127.0.0.1:${port}`, take, stop: () => child.kill() }
}

/**
 * What such a script does when it is started so, and only then. `answer(request, response, counts)`
 * counts in what `counts()` gives at that moment: at first, and after each `take()`, what
 * `nothing()` makes.
 */
export function serveCounting(nothing, answer) {
  if (process.argv[2] !== 'serve') return
  let counts = nothing()
  const server = createServer((request, response) => answer(request, response, () => counts))
  process.on('message', () => {
    process.send(counts)
    counts = nothing()
  })
  process.on('disconnect', () => process.exit())
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
}

/** Adds the spans, metrics or log records of a protobuf request whose body is `sent`. */
export function addEntries(items, request, sent) {
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
  items[request.url.slice('/v1/'.length)] += countEntries(body)
}
