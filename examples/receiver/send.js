// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Sends one span and one log record as OTLP/JSON, without any SDK: whatever speaks
// OTLP can be recorded, in whatever language it is written.
import { randomBytes } from 'node:crypto'

const endpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? 'http://127.0.0.1:4318'
const resource = {
  attributes: [{ key: 'service.name', value: { stringValue: 'receiver-example' } }],
}
const traceId = randomBytes(16).toString('hex')
const spanId = randomBytes(8).toString('hex')
const nowUnixNano = BigInt(Date.now()) * 1_000_000n

const span = {
  traceId,
  spanId,
  name: 'say hello',
  kind: 1,
  startTimeUnixNano: String(nowUnixNano - 5_000_000n),
  endTimeUnixNano: String(nowUnixNano),
}
const logRecord = {
  traceId,
  spanId,
  timeUnixNano: String(nowUnixNano),
  severityText: 'INFO',
  body: { stringValue: 'hello' },
}

await send('traces', { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] })
await send('logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [logRecord] }] }] })

async function send(signal, request) {
  const response = await fetch(`${endpoint}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })
  console.log(`${signal}: ${response.status}`)
  if (!response.ok) process.exitCode = 1
}
