// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

'use strict'

// A whole NodeSDK, with an instrumentation and a real server.
const assert = require('node:assert/strict')
const { after, test } = require('node:test')
const { NodeSDK } = require('@opentelemetry/sdk-node')
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http')
const { startTestCapture } = require('otel-tape/testing')

const tape = startTestCapture()
const sdk = new NodeSDK({
  serviceName: 'shop',
  spanProcessors: [tape.spanProcessor()],
  metricReaders: [tape.metricReader()],
  logRecordProcessors: [tape.logRecordProcessor()],
  instrumentations: [new HttpInstrumentation()],
})
sdk.start()
after(() => sdk.shutdown())

const http = require('node:http')

test('a request is a client span and a server span below it', async () => {
  const server = http.createServer((_request, response) => response.end('hello'))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address()
    await new Promise((resolve, reject) => {
      http
        .get({ host: '127.0.0.1', port, path: '/cart' }, (response) => {
          response.resume().on('end', resolve)
        })
        .on('error', reject)
    })
    const served = await tape.waitForSpan((span) => span.kind === 'SERVER' && span.parent)
    assert.equal(served.parent.kind, 'CLIENT')
    assert.equal(served.serviceName, 'shop')
    const metrics = await tape.metrics({ kind: 'HISTOGRAM' })
    assert.ok(metrics.some(({ name }) => name.startsWith('http.server.')))
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})
