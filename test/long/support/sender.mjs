// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Sends numbered batches of spans over OTLP/HTTP and keeps account of what it was
// told of each. In a process of its own, so that what it costs is not the receiver's.
//
// Options come as JSON on the command line, the account goes as JSON to stdout when
// the time is over or SIGTERM comes.

import { request } from 'node:http'
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBatch } from './numbered-batch.mjs'

const {
  url,
  firstBatch = 0,
  batchSpans = 20,
  senders = 4,
  // Milliseconds between two batches of a sender, whatever becomes of the one before; 0: at once.
  intervalMillis = 0,
  maxUnderWay = 1,
  durationMillis,
  // Whether the same batch is sent again until it is acknowledged.
  repeats = false,
  timeoutMillis = 10_000,
} = JSON.parse(process.argv[2])

const agent = new Agent({ keepAlive: true, maxSockets: senders * maxUnderWay })
const acknowledged = []
/** Acknowledged in the end, but sent more than once: may be there more than once. */
const repeated = []
/** Nobody knows: no answer came, and it was not sent again. May be there once. */
const unanswered = []
const statuses = {}
let refused = 0
let nextBatch = firstBatch
let isOver = false
const latencies = []

process.on('SIGTERM', () => (isOver = true))
const timer = setTimeout(() => (isOver = true), durationMillis)

await Promise.all(Array.from({ length: senders }, () => send()))
clearTimeout(timer)
agent.destroy()
latencies.sort((a, b) => a - b)
const latencyMillis = (share) => Math.round(latencies[Math.floor(latencies.length * share)] ?? 0)
const account = {
  sent: nextBatch - firstBatch,
  batchSpans,
  acknowledged,
  repeated,
  unanswered,
  refused,
  statuses,
  p50Millis: latencyMillis(0.5),
  p99Millis: latencyMillis(0.99),
}
process.stdout.write(`${JSON.stringify(account)}\n`)

async function send() {
  const underWay = new Set()
  while (!isOver) {
    const sending = sendBatch(nextBatch++).finally(() => underWay.delete(sending))
    underWay.add(sending)
    if (intervalMillis > 0) await sleep(intervalMillis)
    while (underWay.size >= maxUnderWay) await Promise.race(underWay)
  }
  await Promise.all(underWay)
}

async function sendBatch(number) {
  const body = createBatch(number, batchSpans)
  for (let attempt = 1; ; attempt++) {
    const startMillis = performance.now()
    const status = await post(body)
    statuses[status] = (statuses[status] ?? 0) + 1
    if (status === 200) {
      latencies.push(performance.now() - startMillis)
      return attempt === 1 ? acknowledged.push(number) : repeated.push(number)
    }
    if (typeof status === 'number') {
      refused++
      // Told that nothing was kept: it may be sent again, or forgotten.
      if (!repeats) return sleep(intervalMillis > 0 ? 0 : 20)
    } else if (!repeats || isOver) {
      return unanswered.push(number)
    }
    if (isOver && repeats) return unanswered.push(number)
    await sleep(20)
  }
}

/** The answer's status, or what was in the way of one. */
function post(body) {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length }
    const options = { method: 'POST', agent, headers, timeout: timeoutMillis }
    const outgoing = request(`${url}/v1/traces`, options, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode))
      answer.on('error', (error) => resolve(error.code ?? 'cut'))
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')))
    outgoing.on('error', (error) => resolve(error.code ?? error.message))
    outgoing.end(body)
  })
}
