// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// An app that knows the OpenTelemetry API and no SDK: it serves one request, asks for it, and ends.
const { createServer, get } = require('node:http')
const { metrics, trace } = require('@opentelemetry/api')
const { logs } = require('@opentelemetry/api-logs')

const tracer = trace.getTracer('shop')

async function main() {
  metrics.getMeter('shop').createCounter('orders').add(1)
  logs.getLogger('shop').emit({ body: 'an order came in' })
  await tracer.startActiveSpan('order', async (order) => {
    const server = createServer((request, response) => {
      tracer.startActiveSpan('answer', (answer) => {
        response.end('paid')
        answer.end()
      })
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    await new Promise((resolve) => {
      get({ port: server.address().port, agent: false }, (response) =>
        response.resume().on('end', resolve),
      )
    })
    server.close()
    order.end()
  })
}

void main()
