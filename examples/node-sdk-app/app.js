// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createServer, get } from 'node:http'
import { metrics, trace } from '@opentelemetry/api'
import { logs } from '@opentelemetry/api-logs'
import { stopTelemetry } from './telemetry.js'

const tracer = trace.getTracer('example-app')
const logger = logs.getLogger('example-app')
const orders = metrics.getMeter('example-app').createCounter('orders')

const server = createServer((request, response) => {
  tracer.startActiveSpan('place order', (span) => {
    orders.add(1, { path: request.url })
    logger.emit({ severityText: 'INFO', body: `ordered ${request.url}` })
    span.end()
    response.end('ordered\n')
  })
})
server.listen(0, '127.0.0.1', async () => {
  for (let order = 0; order < 5; order++) await call(`/order/${order}`)
  server.close()
  const { sessionId, capturedTraces, capturedMetrics, capturedLogs } = await stopTelemetry()
  console.log(
    `session ${sessionId} holds ${capturedTraces} spans, ${capturedMetrics} data points ` +
      `and ${capturedLogs} log records`,
  )
  console.log(`replay it: npx otel-tape replay ${sessionId} --to http://localhost:4318`)
})

function call(path) {
  const { port } = server.address()
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path }, (response) => response.resume().on('end', resolve)).on(
      'error',
      reject,
    )
  })
}
