// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// A backend that fails as real ones do, and counts what it acknowledged.

import { setTimeout as sleep } from 'node:timers/promises'
import { addEntries, serveCounting, startCounting } from '../bench/support/counting-process.mjs'

const UNAVAILABLE_SHARE = 0.01
const RESET_SHARE = 0.005
const SLOW_SHARE = 0.005
const SLOW_MILLIS = 1_000

/**
 * Starts it. `take()` resolves with `{ acknowledged: { traces, metrics, logs }, unavailable, resets,
 * slow }` since it was last called: items, and requests that were spoiled.
 */
export function startFaultyTarget() {
  return startCounting(import.meta.url)
}

async function answer(request, response, counts) {
  const chance = Math.random()
  if (chance < RESET_SHARE) {
    counts().resets++
    return request.socket.resetAndDestroy()
  }
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  if (chance < RESET_SHARE + UNAVAILABLE_SHARE) {
    counts().unavailable++
    return response.writeHead(503).end()
  }
  if (chance < RESET_SHARE + UNAVAILABLE_SHARE + SLOW_SHARE) {
    counts().slow++
    await sleep(SLOW_MILLIS)
  }
  addEntries(counts().acknowledged, request, Buffer.concat(chunks))
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
}

function nothing() {
  return { acknowledged: { traces: 0, metrics: 0, logs: 0 }, unavailable: 0, resets: 0, slow: 0 }
}

serveCounting(nothing, (request, response, counts) => {
  answer(request, response, counts).catch(() => request.socket.destroy())
})
