// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// A backend that takes everything, and counts it when asked.

import { addEntries, serveCounting, startCounting } from './counting-process.mjs'

/**
 * Starts it. `take()` resolves with `{ requests, bytes, traces, metrics, logs }` of what
 * arrived since it was last called: bytes on the wire, and spans, metrics and log records of
 * protobuf requests; those of JSON are bytes and requests alone.
 */
export function startSink() {
  return startCounting(import.meta.url)
}

function answer(request, response, counts) {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    const sent = Buffer.concat(chunks)
    counts().requests++
    counts().bytes += sent.length
    if (request.headers['content-type'] !== 'application/x-protobuf') return
    addEntries(counts(), request, sent)
  })
}

function nothing() {
  return { requests: 0, bytes: 0, traces: 0, metrics: 0, logs: 0 }
}

serveCounting(nothing, answer)
