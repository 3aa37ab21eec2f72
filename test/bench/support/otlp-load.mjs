// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Sends requests as fast as they are answered, in a process of its own, so that what
// sending costs is not counted as the receiver's. A request that is refused for now is
// sent again a little later, as any OTLP exporter would.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request as httpRequest } from 'node:http'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { requestMaker } from './bench-requests.mjs'

const require = createRequire(import.meta.url)
const TRACES_PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
const REFUSED_MILLIS = 20

export async function startLoad() {
  const child = fork(fileURLToPath(import.meta.url), ['serve'])
  return {
    /**
     * Sends `requests` times `spansPerRequest` spans over `connections` connections to
     * `http://…` or `grpc://…`. Resolves with how long it took and what was refused.
     */
    send: async (job) => {
      child.send(job)
      const [{ error, ...account }] = await once(child, 'message')
      if (error) throw new Error(`the load could not be sent: ${error}`)
      return account
    },
    stop: () => child.kill(),
  }
}

if (process.argv[2] === 'serve') {
  process.on('message', (job) => {
    sendAll(job).then(
      (account) => process.send(account),
      (error) => process.send({ error: error.message }),
    )
  })
}

async function sendAll({ url, requests, spansPerRequest, connections }) {
  const makeRequest = requestMaker(spansPerRequest)
  const open = url.startsWith('grpc:') ? openGrpc : openHttp
  const senders = Array.from({ length: connections }, () => open(new URL(url)))
  let left = requests
  let refused = 0
  const startMillis = performance.now()
  await Promise.all(
    senders.map(async ({ send }) => {
      while (left > 0) {
        left--
        const body = makeRequest()
        while (!(await send(body))) {
          refused++
          await sleep(REFUSED_MILLIS)
        }
      }
    }),
  )
  const millis = performance.now() - startMillis
  for (const { close } of senders) close()
  return { millis, refused }
}

function openHttp({ origin }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const send = (body) =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length }
      const outgoing = httpRequest(`${origin}/v1/traces`, { method: 'POST', agent, headers })
      outgoing.on('error', reject).on('response', (answer) => {
        const { statusCode } = answer
        answer.resume().on('end', () => {
          if (statusCode === 200) resolve(true)
          else if (statusCode === 503 || statusCode === 429) resolve(false)
          else reject(new Error(`HTTP ${statusCode}`))
        })
      })
      outgoing.end(body)
    })
  return { send, close: () => agent.destroy() }
}

function openGrpc({ host }) {
  const { Client, credentials, status } = require('@grpc/grpc-js')
  // Channels to one address share a connection, unless told otherwise.
  const options = { 'grpc.use_local_subchannel_pool': 1 }
  const client = new Client(host, credentials.createInsecure(), options)
  const asIs = (bytes) => bytes
  const send = (body) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(TRACES_PATH, asIs, asIs, body, (error) => {
        if (!error) resolve(true)
        else if ([status.UNAVAILABLE, status.RESOURCE_EXHAUSTED].includes(error.code))
          resolve(false)
        else reject(error)
      })
    })
  return { send, close: () => client.close() }
}
